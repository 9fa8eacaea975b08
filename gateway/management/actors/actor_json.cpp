#include "gateway/management/actors/actor_json.h"

#include "gateway/management/pools/pool_json.h"

namespace troupe::management {

namespace {

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json tagged(const char* tag, const char* member, Json value) {
  Json content = Json::object();
  content[member] = std::move(value);
  Json json = Json::object();
  json[tag] = std::move(content);
  return json;
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

}  // namespace

Json failure_json(const ActorFailure& failure, const std::optional<PoolError>& pool_error) {
  using Kind = ActorFailure::Kind;
  if (pool_error && (failure.kind == Kind::no_envoys || failure.kind == Kind::no_capacity)) {
    Json json = Json::object();
    json["runner_pool_error"] = pool_error_json(*pool_error);
    return json;
  }
  switch (failure.kind) {
    case Kind::crashed:
      return tagged("crashed", "message", text_or_null(failure.text));
    case Kind::no_envoys:
      return "no_envoys";
    case Kind::no_capacity:
      return "no_capacity";
    case Kind::envoy_connection_lost:
      return tagged("envoy_connection_lost", "envoy_key", failure.text);
    case Kind::envoy_no_response:
      return tagged("envoy_no_response", "envoy_key", text_or_null(failure.text));
    case Kind::concurrent_actor_limit_reached:
      return "concurrent_actor_limit_reached";
    case Kind::internal_error:
      break;
  }
  return "internal_error";
}

Json actor_json(const ActorRecord& actor, const ApiCall& call) {
  Json json = Json::object();
  json["actor_id"] = actor.id.text();
  json["name"] = actor.name;
  json["key"] = or_null(actor.key);
  json["namespace_id"] = actor.namespace_id.text();
  json["datacenter"] = call.engine().settings().datacenter_name;
  json["runner_name_selector"] = actor.pool;
  json["crash_policy"] = "sleep";
  json["create_ts"] = actor.create_ts;
  json["start_ts"] = or_null(actor.start_ts);
  json["pending_allocation_ts"] = nullptr;
  json["connectable_ts"] = or_null(actor.connectable_ts);
  json["sleep_ts"] = or_null(actor.sleep_ts);
  json["reschedule_ts"] = or_null(actor.reschedule_ts);
  json["destroy_ts"] = or_null(actor.destroy_ts);
  if (actor.failure) {
    const auto pool_error = call.engine().pool_errors().active(actor.namespace_id, actor.pool);
    json["error"] = failure_json(*actor.failure, pool_error);
  }
  return json;
}

Json namespace_json(const NamespaceRecord& record) {
  Json json = Json::object();
  json["namespace_id"] = record.id.text();
  json["name"] = record.name;
  json["display_name"] = record.display_name;
  json["create_ts"] = record.create_ts;
  return json;
}

}  // namespace troupe::management
