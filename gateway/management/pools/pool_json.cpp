#include "gateway/management/pools/pool_json.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "gateway/management/http/json_body.h"

namespace troupe::management {

namespace {

/// The number with the fewest digits that is the same float.
double shortest(float number) {
  char text[32];
  const auto end = std::to_chars(std::begin(text), std::end(text), number).ptr;
  double out = 0;
  std::from_chars(std::begin(text), end, out);
  return out;
}

void add_common(Json& json, const PoolConfig& config) {
  json["drain_on_version_upgrade"] = config.drain_on_version_upgrade;
  json["actor_eviction_delay"] = config.eviction.delay_s;
  json["actor_eviction_period"] = config.eviction.period_s;
  json["actor_eviction_rate"] = shortest(config.eviction.rate);
}

Json endpoint_json(const PoolConfig& config) {
  const auto& endpoint = *config.serverless;
  Json json = Json::object();
  json["url"] = endpoint.url;
  json["headers"] = Json::object();
  for (const auto& [name, value] : endpoint.headers) json["headers"][name] = value;
  json["request_lifespan"] = endpoint.request_lifespan_s;
  json["max_concurrent_actors"] = endpoint.max_concurrent_actors;
  json["drain_grace_period"] = endpoint.drain_grace_period_s;
  json["slots_per_runner"] = endpoint.slots_per_runner;
  json["min_runners"] = endpoint.min_runners;
  json["max_runners"] = endpoint.max_runners;
  json["runners_margin"] = endpoint.runners_margin;
  if (endpoint.metadata_poll_interval_ms) json["metadata_poll_interval"] = *endpoint.metadata_poll_interval_ms;
  add_common(json, config);
  return json;
}

/// The members of one object, each of them optional and null counting as absent, until one is wrong.
class Members {
 public:
  Members(const Json& json, const std::string& path) : json_(json), path_(path) {}

  template <class T>
  void integer(const char* name, T& out) {
    const auto* value = find(name);
    if (!value) return;
    if (!value->is_number_unsigned() || value->get<std::uint64_t>() > std::numeric_limits<T>::max())
      return fail(name, sizeof(T) == 4 ? "a u32" : "a u64");
    out = value->get<T>();
  }
  void boolean(const char* name, bool& out) {
    const auto* value = find(name);
    if (!value) return;
    if (!value->is_boolean()) return fail(name, "a boolean");
    out = value->get<bool>();
  }
  void real(const char* name, float& out) {
    const auto* value = find(name);
    if (!value) return;
    if (!value->is_number() || !std::isfinite(static_cast<float>(value->get<double>()))) return fail(name, "a f32");
    out = value->get<float>();
  }
  void text(const char* name, std::string& out) {
    const auto* value = find(name);
    if (!value) return;
    if (!value->is_string()) return fail(name, "a string");
    out = value->get<std::string>();
  }
  void require(const char* name) {
    if (!find(name) && problem_.empty()) problem_ = missing_field(name);
  }
  bool has(const char* name) const { return find(name) != nullptr; }

  Result<void> check() const {
    if (problem_.empty()) return {};
    return bad_shape(path_ + ": " + problem_);
  }

 private:
  const Json* find(const char* name) const {
    const auto found = json_.find(name);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }
  void fail(const char* name, const char* expected) {
    if (problem_.empty()) problem_ = "invalid value of `" + std::string(name) + "`, expected " + expected;
  }

  const Json& json_;
  const std::string& path_;
  std::string problem_;
};

void read_common(Members& members, PoolConfig& config) {
  members.boolean("drain_on_version_upgrade", config.drain_on_version_upgrade);
  members.integer("actor_eviction_delay", config.eviction.delay_s);
  members.integer("actor_eviction_period", config.eviction.period_s);
  members.real("actor_eviction_rate", config.eviction.rate);
}

Result<ServerlessEndpoint> read_endpoint(const Json& json, Members& members, const std::string& path) {
  ServerlessEndpoint endpoint;
  members.require("url");
  members.text("url", endpoint.url);
  members.require("request_lifespan");
  members.integer("request_lifespan", endpoint.request_lifespan_s);
  members.integer("drain_grace_period", endpoint.drain_grace_period_s);
  members.integer("slots_per_runner", endpoint.slots_per_runner);
  members.integer("min_runners", endpoint.min_runners);
  members.integer("max_runners", endpoint.max_runners);
  members.integer("runners_margin", endpoint.runners_margin);
  endpoint.max_concurrent_actors = endpoint.max_runners;
  members.integer("max_concurrent_actors", endpoint.max_concurrent_actors);
  if (members.has("metadata_poll_interval"))
    members.integer("metadata_poll_interval", endpoint.metadata_poll_interval_ms.emplace());
  TROUPE_CHECK(members.check());
  if (const auto headers = json.find("headers"); headers != json.end()) {
    TROUPE_TRY(endpoint.headers, read_headers(*headers, path));
  }
  return endpoint;
}

Json one(const char* tag, Json content) {
  Json json = Json::object();
  json[tag] = std::move(content);
  return json;
}

}  // namespace

Json pool_config_json(const PoolConfig& config) {
  Json json = Json::object();
  if (config.serverless) {
    json["serverless"] = endpoint_json(config);
  } else {
    json["normal"] = Json::object();
    add_common(json["normal"], config);
  }
  if (config.metadata) json["metadata"] = Json::parse(*config.metadata, nullptr, false);
  return json;
}

Result<std::map<std::string, std::string>> read_headers(const Json& json, const std::string& path) {
  std::map<std::string, std::string> headers;
  if (json.is_null()) return headers;
  if (!json.is_object()) return bad_shape(path + ": invalid type, expected a map");
  for (const auto& [name, value] : json.items()) {
    if (!value.is_string()) return bad_shape(path + ": invalid type, expected a string");
    headers[name] = value.get<std::string>();
  }
  return headers;
}

Result<PoolConfig> read_pool_config(const Json& json, const std::string& path) {
  if (!json.is_object()) return bad_shape(path + ": invalid type, expected struct RunnerConfig");
  PoolConfig config;
  const Json* kind = nullptr;
  bool serverless = false;
  for (const auto& [name, value] : json.items()) {
    if (name != "normal" && name != "serverless") continue;
    kind = &value;
    serverless = name == "serverless";
    break;
  }
  if (!kind) return bad_shape(path + ": no variant of enum RunnerConfigKind found in flattened data");
  if (!kind->is_object()) return bad_shape(path + ": invalid type, expected struct variant");
  Members members(*kind, path);
  read_common(members, config);
  if (serverless) {
    TROUPE_TRY(config.serverless, read_endpoint(*kind, members, path));
  }
  Members root(json, path);
  root.boolean("drain_on_version_upgrade", config.drain_on_version_upgrade);
  TROUPE_CHECK(members.check());
  TROUPE_CHECK(root.check());
  if (root.has("metadata")) config.metadata = json.at("metadata").dump();
  return config;
}

Json metadata_problem_json(const MetadataProblem& problem) {
  using Kind = MetadataProblem::Kind;
  Json details = Json::object();
  if (problem.kind == Kind::non_success_status || problem.kind == Kind::invalid_response_json)
    details["body"] = problem.body;
  if (problem.kind == Kind::invalid_envoy_protocol_version)
    details["envoy_protocol_version"] = problem.protocol_version;
  details["kind"] = problem.kind_name();
  if (problem.kind == Kind::invalid_envoy_protocol_version)
    details["max_supported_envoy_protocol_version"] = kEnvoyProtocolVersion;
  if (problem.kind == Kind::invalid_response_json) details["parse_error"] = problem.parse_error;
  if (problem.kind == Kind::invalid_response_schema) {
    details["runtime"] = problem.runtime;
    details["version"] = problem.version;
  }
  if (problem.kind == Kind::non_success_status) details["status_code"] = problem.status;
  Json json = one("message", problem.message());
  json["metadata"] = std::move(details);
  return json;
}

Json pool_error_json(const PoolError& error) {
  using Kind = PoolError::Kind;
  switch (error.kind) {
    case Kind::http_error: {
      Json content = Json::object();
      content["status_code"] = error.status;
      content["body"] = error.text;
      return one("serverless_http_error", std::move(content));
    }
    case Kind::connection_error:
      return one("serverless_connection_error", one("message", error.text));
    case Kind::invalid_sse_payload: {
      Json content = one("message", error.text);
      content["raw_payload"] = error.payload ? Json(*error.payload) : Json(nullptr);
      return one("serverless_invalid_sse_payload", std::move(content));
    }
    case Kind::stream_ended_early:
      return "serverless_stream_ended_early";
    case Kind::downgrade:
      return "downgrade";
    case Kind::internal_error:
      break;
  }
  return "internal_error";
}

Json envoy_json(const EnvoyInfo& envoy, const ApiCall& call) {
  Json json = Json::object();
  json["envoy_key"] = envoy.key;
  json["namespace_id"] = envoy.namespace_id.text();
  json["datacenter"] = call.engine().settings().datacenter_name;
  json["pool_name"] = envoy.pool;
  json["version"] = envoy.version;
  json["slots"] = envoy.slots;
  json["create_ts"] = envoy.create_ts;
  json["stop_ts"] = nullptr;
  json["last_ping_ts"] = envoy.last_ping_ts;
  json["last_connected_ts"] = nullptr;
  json["last_rtt"] = envoy.last_rtt_ms;
  auto metadata = envoy.metadata ? Json::parse(*envoy.metadata, nullptr, false) : Json(nullptr);
  json["metadata"] = metadata.is_object() ? std::move(metadata) : Json(nullptr);
  return json;
}

}  // namespace troupe::management
