#include <algorithm>

#include "gateway/management/handlers.h"
#include "gateway/management/http/query.h"
#include "gateway/management/pools/pool_json.h"

namespace troupe::management {

namespace {

constexpr Field kEnvoyFields[] = {{"namespace", FieldKind::text, true},
                                  {"name"},
                                  {"envoy_key", FieldKind::texts},
                                  {"limit", FieldKind::integer},
                                  {"cursor"}};

}  // namespace

Task<Result<HttpResponse>> list_envoys(ApiCall call) {
  TROUPE_CO_TRY(const auto query, Query::parse(call.query, kEnvoyFields));
  TROUPE_CO_CHECK(authorize(call));
  TROUPE_CO_TRY(const auto before, query.time_cursor());
  TROUPE_CO_TRY(const auto ns, resolve_namespace(call, query.required("namespace")));
  const auto keys = query.texts("envoy_key");
  const auto pool = query.text("name");
  const auto limit = page_limit(query.integer("limit"));

  Json list = Json::array();
  std::optional<std::string> last;
  for (const auto& envoy : call.engine().envoys(ns.id)) {
    if (!keys.empty()) {
      // Exactly the ones asked for, on one page.
      if (std::ranges::find(keys, envoy.key) != keys.end()) list.push_back(envoy_json(envoy, call));
      continue;
    }
    if ((pool && envoy.pool != *pool) || (before && envoy.create_ts >= *before)) continue;
    if (list.size() >= limit) break;
    list.push_back(envoy_json(envoy, call));
    last = std::to_string(envoy.create_ts);
  }
  Json body;
  body["envoys"] = std::move(list);
  body["pagination"] = pagination(std::move(last));
  co_return json_answer(body);
}

}  // namespace troupe::management
