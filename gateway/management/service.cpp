#include "gateway/management/build_info.h"
#include "gateway/management/handlers.h"

namespace troupe::management {

namespace {

Json health_json() {
  Json json = Json::object();
  json["runtime"] = "engine";
  json["status"] = "ok";
  json["version"] = kEngineVersion;
  return json;
}

}  // namespace

Task<Result<HttpResponse>> root_redirect(ApiCall) {
  HttpResponse response;
  response.status = 308;
  response.headers.set("location", "/ui/");
  co_return response;
}

Task<Result<HttpResponse>> health(ApiCall) { co_return json_answer(health_json()); }

Task<Result<HttpResponse>> health_fanout(ApiCall call) {
  TROUPE_CO_CHECK(authorize(call));
  const auto& settings = call.engine().settings();
  const auto& clock = call.context->ports.clock;
  const auto started = clock.monotonic();
  Json response = health_json();
  const std::chrono::duration<double, std::milli> round_trip = clock.monotonic() - started;
  Json entry = Json::object();
  entry["datacenter_label"] = settings.datacenter_label;
  entry["datacenter_name"] = settings.datacenter_name;
  entry["status"] = "ok";
  entry["rtt_ms"] = round_trip.count();
  entry["response"] = std::move(response);
  entry["error"] = nullptr;
  Json body;
  body["datacenters"].push_back(std::move(entry));
  co_return json_answer(body);
}

Task<Result<HttpResponse>> metadata(ApiCall) {
  Json body = Json::object();
  body["runtime"] = "engine";
  body["version"] = kEngineVersion;
  body["git_sha"] = build_info::kGitSha;
  body["build_timestamp"] = build_info::kTimestamp;
  // Field names are the API's; the values are those of this program's own compiler.
  body["rustc_version"] = build_info::kCompilerVersion;
  body["rustc_host"] = build_info::kTarget;
  body["cargo_target"] = build_info::kTarget;
  body["cargo_profile"] = build_info::kProfile;
  body["epoxy_protocol_version"] = 3;
  body["envoy_protocol_version"] = 8;
  co_return json_answer(body);
}

Task<Result<HttpResponse>> list_datacenters(ApiCall call) {
  TROUPE_CO_CHECK(authorize(call));
  const auto& settings = call.engine().settings();
  Json entry = Json::object();
  entry["label"] = settings.datacenter_label;
  entry["name"] = settings.datacenter_name;
  entry["url"] = call.context->settings.public_url;
  Json body;
  body["datacenters"].push_back(std::move(entry));
  body["pagination"] = pagination(std::nullopt);
  co_return json_answer(body);
}

}  // namespace troupe::management
