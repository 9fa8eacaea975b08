#include <algorithm>

#include "engine/base/codec/json.h"
#include "engine/base/errors.h"
#include "inspector/http/inspector_json.h"
#include "inspector/http/inspector_routes.h"
#include "troupe/cbor.h"

namespace troupe {
namespace {

bool has_state(const InspectorRequest& request) { return request.definition->hooks.create_state; }

void append_connection(std::string& out, const ActorInspection::ConnectionView& view, bool has_conn_state) {
  const Connection& connection = *view.connection;
  out += "{\"type\":null,\"id\":";
  append_json_string(out, connection.id());
  out += ",\"details\":{\"type\":null,\"params\":";
  // Clients choose their parameters: what is no CBOR is shown as null.
  if (!append_cbor_as_json(out, connection.params())) out += "null";
  out += ",\"stateEnabled\":";
  out += has_conn_state ? "true" : "false";
  out += ",\"state\":";
  if (!append_cbor_as_json(out, connection.state())) out += "null";
  out += ",\"subscriptions\":" + std::to_string(view.subscriptions);
  out += ",\"isHibernatable\":";
  out += connection.hibernatable() ? "true}}" : "false}}";
}

}  // namespace

Result<Value> json_body(const InspectorRequest& request) {
  auto value = parse_json(as_text(request.body));
  if (value) return value;
  return Error("actor", "invalid_request", "Invalid inspector JSON body: " + value.error().detail());
}

Result<std::optional<std::string>> state_json(ActorInspection& actor, const InspectorRequest& request) {
  if (!has_state(request)) return std::optional<std::string>();
  TROUPE_TRY(const auto cbor, actor.state());
  std::string out;
  TROUPE_CHECK(append_cbor_as_json(out, cbor));
  return std::optional<std::string>(std::move(out));
}

Result<std::string> connections_json(ActorInspection& actor, const InspectorRequest& request) {
  std::string out = "[";
  for (const auto& view : actor.connections()) {
    if (out.size() > 1) out += ',';
    append_connection(out, view, request.definition->hooks.create_conn_state);
  }
  out += ']';
  return out;
}

std::string rpcs_json(const ActorDefinition& definition) {
  auto names = definition.actions;
  std::ranges::sort(names);
  std::string out = "[";
  for (const auto& name : names) {
    if (out.size() > 1) out += ',';
    append_json_string(out, name);
  }
  out += ']';
  return out;
}

Task<InspectorAnswer> inspect_state(ActorInspection& actor, const InspectorRequest& request) {
  const auto state = state_json(actor, request);
  if (!state) co_return inspector_error(state.error());
  InspectorAnswer answer;
  if (*state)
    answer.body = "{\"state\":" + **state + ",\"isStateEnabled\":true}";
  else
    answer.body = R"({"isStateEnabled":false})";
  co_return answer;
}

Task<InspectorAnswer> patch_state(ActorInspection& actor, const InspectorRequest& request) {
  if (!has_state(request)) co_return inspector_error(make_error("actor", "state_not_enabled"));
  const auto body = json_body(request);
  if (!body) co_return inspector_error(body.error());
  const Value* state = body->find("state");
  if (state == nullptr)
    co_return inspector_error(Error("actor", "invalid_request", "Invalid inspector JSON body: `state` is missing"));
  auto cbor = encode_cbor(*state);
  auto replaced = co_await actor.replace_state(std::move(cbor));
  if (!replaced) co_return inspector_error(replaced.error());
  co_return InspectorAnswer{200, R"({"ok":true})"};
}

Task<InspectorAnswer> inspect_connections(ActorInspection& actor, const InspectorRequest& request) {
  const auto connections = connections_json(actor, request);
  if (!connections) co_return inspector_error(connections.error());
  co_return InspectorAnswer{200, "{\"connections\":" + *connections + "}"};
}

Task<InspectorAnswer> inspect_rpcs(ActorInspection&, const InspectorRequest& request) {
  co_return InspectorAnswer{200, "{\"rpcs\":" + rpcs_json(*request.definition) + "}"};
}

}  // namespace troupe
