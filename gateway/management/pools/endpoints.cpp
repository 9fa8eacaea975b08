#include "engine/base/codec/json.h"
#include "engine/base/errors.h"
#include "gateway/management/handlers.h"
#include "gateway/management/http/json_body.h"
#include "gateway/management/http/query.h"
#include "gateway/management/pools/pool_json.h"

namespace troupe::management {

namespace {

constexpr Field kQueryFields[] = {{"namespace", FieldKind::text, true}};
constexpr Field kHealthFields[] = {{"url", FieldKind::text, true}, {"headers", FieldKind::object}};

Value as_value(const Json& json) {
  auto value = parse_json(json.dump(-1, ' ', false, Json::error_handler_t::replace));
  return value ? *std::move(value) : Value();
}

}  // namespace

Task<Result<HttpResponse>> check_serverless_health(ApiCall call) {
  TROUPE_CO_CHECK(Query::parse(call.query, kQueryFields));
  TROUPE_CO_TRY(const auto request, co_await JsonBody::read(call.request, kHealthFields));
  TROUPE_CO_TRY(auto headers, read_headers(request.json("headers"), "headers"));
  TROUPE_CO_CHECK(authorize(call));
  const auto result = co_await call.engine().endpoints().fetch(request.required("url"), std::move(headers));
  Json body = Json::object();
  if (const auto* metadata = std::get_if<EndpointMetadata>(&result)) {
    body["success"]["version"] = metadata->version;
  } else {
    body["failure"]["error"] = metadata_problem_json(std::get<MetadataProblem>(result));
  }
  co_return json_answer(body);
}

Task<Result<HttpResponse>> refresh_pool_metadata(ApiCall call) {
  TROUPE_CO_TRY(const auto query, Query::parse(call.query, kQueryFields));
  TROUPE_CO_CHECK(co_await JsonBody::read(call.request, {}));
  TROUPE_CO_CHECK(authorize(call));
  TROUPE_CO_TRY(const auto ns, resolve_namespace(call, query.required("namespace")));
  auto pool = call.engine().pools().find(ns.id, call.params.at(0));
  if (!pool || !pool->is_serverless()) co_return internal_error("the pool has no serverless config");
  TROUPE_CO_TRY(const auto result, co_await call.engine().endpoints().refresh(std::move(pool)));
  if (const auto* problem = std::get_if<MetadataProblem>(&result)) {
    Value metadata = Value::object({{"reason", as_value(metadata_problem_json(*problem))}});
    // The braces are part of the message that clients know.
    co_return Error("serverless_runner_pool", "failed_to_fetch_metadata",
                    "Failed to fetch serverless metadata: {reason}.", std::move(metadata));
  }
  co_return json_answer(Json::object());
}

}  // namespace troupe::management
