#include <algorithm>

#include "gateway/management/handlers.h"
#include "gateway/management/http/query.h"

namespace troupe::management {

namespace {

constexpr std::string_view kVariants[] = {"serverless", "normal"};
constexpr Field kEnvoyFields[] = {{"namespace", FieldKind::text, true},
                                  {"name"},
                                  {"envoy_key", FieldKind::texts},
                                  {"limit", FieldKind::integer},
                                  {"cursor"}};
constexpr Field kRunnerFields[] = {{"namespace", FieldKind::text, true},
                                   {"name"},
                                   {"runner_ids"},
                                   {"runner_id", FieldKind::ids},
                                   {"include_stopped", FieldKind::boolean},
                                   {"limit", FieldKind::integer},
                                   {"cursor"}};
constexpr Field kRunnerNameFields[] = {{"namespace", FieldKind::text, true}, {"limit", FieldKind::integer}, {"cursor"}};
constexpr Field kConfigFields[] = {{"namespace", FieldKind::text, true},
                                   {"limit", FieldKind::integer},
                                   {"cursor"},
                                   {"variant", FieldKind::variant, false, kVariants},
                                   {"runner_names"},
                                   {"runner_name", FieldKind::texts}};

/// An empty page, after the checks. The actors of this process have no host entry of their own, and older hosts than
/// envoys do not exist.
Result<HttpResponse> empty_page(const ApiCall& call, std::span<const Field> fields, const char* member) {
  TROUPE_TRY(const auto query, Query::parse(call.query, fields));
  TROUPE_CHECK(authorize(call));
  TROUPE_CHECK(query.time_cursor());
  TROUPE_CHECK(resolve_namespace(call, query.required("namespace")));
  Json body;
  body[member] = Json::array();
  body["pagination"] = pagination(std::nullopt);
  return json_answer(body);
}

Json normal_config() {
  Json normal = Json::object();
  normal["drain_on_version_upgrade"] = true;
  normal["actor_eviction_delay"] = 0;
  normal["actor_eviction_period"] = 0;
  normal["actor_eviction_rate"] = 1.0;
  Json config = Json::object();
  config["normal"] = std::move(normal);
  config["protocol_version"] = nullptr;
  return config;
}

}  // namespace

Task<Result<HttpResponse>> list_envoys(ApiCall call) { co_return empty_page(call, kEnvoyFields, "envoys"); }

Task<Result<HttpResponse>> list_runners(ApiCall call) {
  TROUPE_CO_TRY(auto page, empty_page(call, kRunnerFields, "runners"));
  TROUPE_CO_TRY(const auto query, Query::parse(call.query, kRunnerFields));
  TROUPE_CO_CHECK(query.all_ids("runner_ids", "runner_id"));
  co_return page;
}

Task<Result<HttpResponse>> list_runner_names(ApiCall call) {
  TROUPE_CO_TRY(const auto query, Query::parse(call.query, kRunnerNameFields));
  TROUPE_CO_CHECK(authorize(call));
  TROUPE_CO_CHECK(resolve_namespace(call, query.required("namespace")));
  Json body;
  body["names"] = Json::array();
  body["pagination"] = pagination(std::nullopt);
  co_return json_answer(body);
}

Task<Result<HttpResponse>> list_runner_configs(ApiCall call) {
  TROUPE_CO_TRY(const auto query, Query::parse(call.query, kConfigFields));
  TROUPE_CO_CHECK(authorize(call));
  TROUPE_CO_TRY(const auto ns, resolve_namespace(call, query.required("namespace")));
  const auto& settings = call.engine().settings();
  auto names = query.texts("runner_name");
  for (auto& name : split_list(query.text("runner_names").value_or(""))) names.push_back(std::move(name));

  // The engine's own pool is the only one; it exists where this process has actors to serve.
  const bool wanted = query.text("variant").value_or("normal") == "normal" &&
                      (names.empty() || std::ranges::find(names, settings.local_pool) != names.end()) &&
                      page_limit(query.integer("limit")) > 0;
  Json configs = Json::object();
  if (wanted && !call.engine().actor_names(ns.id).empty())
    configs[settings.local_pool]["datacenters"][settings.datacenter_name] = normal_config();
  Json body;
  body["runner_configs"] = std::move(configs);
  body["pagination"] = pagination(std::nullopt);
  co_return json_answer(body);
}

}  // namespace troupe::management
