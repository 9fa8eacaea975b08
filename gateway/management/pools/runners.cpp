#include "gateway/management/handlers.h"
#include "gateway/management/http/query.h"

namespace troupe::management {

namespace {

constexpr Field kRunnerFields[] = {{"namespace", FieldKind::text, true},
                                   {"name"},
                                   {"runner_ids"},
                                   {"runner_id", FieldKind::ids},
                                   {"include_stopped", FieldKind::boolean},
                                   {"limit", FieldKind::integer},
                                   {"cursor"}};
constexpr Field kRunnerNameFields[] = {{"namespace", FieldKind::text, true}, {"limit", FieldKind::integer}, {"cursor"}};

HttpResponse empty_page(const char* member) {
  Json body;
  body[member] = Json::array();
  body["pagination"] = pagination(std::nullopt);
  return json_answer(body);
}

}  // namespace

// Hosts older than envoys do not exist here; their routes answer as if none had ever connected.

Task<Result<HttpResponse>> list_runners(ApiCall call) {
  TROUPE_CO_TRY(const auto query, Query::parse(call.query, kRunnerFields));
  TROUPE_CO_CHECK(authorize(call));
  TROUPE_CO_CHECK(query.time_cursor());
  TROUPE_CO_CHECK(resolve_namespace(call, query.required("namespace")));
  TROUPE_CO_CHECK(query.all_ids("runner_ids", "runner_id"));
  co_return empty_page("runners");
}

Task<Result<HttpResponse>> list_runner_names(ApiCall call) {
  TROUPE_CO_TRY(const auto query, Query::parse(call.query, kRunnerNameFields));
  TROUPE_CO_CHECK(authorize(call));
  TROUPE_CO_CHECK(resolve_namespace(call, query.required("namespace")));
  co_return empty_page("names");
}

}  // namespace troupe::management
