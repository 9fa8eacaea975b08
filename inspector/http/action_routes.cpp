#include "engine/base/errors.h"
#include "inspector/http/inspector_json.h"
#include "inspector/http/inspector_routes.h"
#include "troupe/cbor.h"

namespace troupe {
namespace {

/// The arguments as a CBOR array, or why they are none.
std::variant<Bytes, InspectorAnswer> arguments_of(const Value& body) {
  const Value* args = body.find("args");
  const Value* properties = body.find("properties");
  if (args && properties) return short_error("use either args or properties, not both");
  if (properties && !properties->is_object()) return short_error("properties must be an object");
  if (properties) return encode_cbor(Value::array({*properties}));
  if (args == nullptr || args->is_null()) return encode_cbor(Value(Value::Array()));
  return encode_cbor(args->is_array() ? *args : Value::array({*args}));
}

Error unknown_action(const std::string& name) {
  return make_error("action", "action_not_found", Value::object({{"name", name}}));
}

}  // namespace

Task<InspectorAnswer> run_action(ActorInspection& actor, const InspectorRequest& request) {
  Value body = Value::object({});
  if (!request.body.empty()) {
    auto parsed = json_body(request);
    if (!parsed) co_return inspector_error(parsed.error());
    body = *std::move(parsed);
  }
  auto arguments = arguments_of(body);
  if (auto* refused = std::get_if<InspectorAnswer>(&arguments)) co_return std::move(*refused);
  auto output = co_await actor.action(request.route.name, std::get<Bytes>(std::move(arguments)));
  if (!output) {
    const Error error = output.error();
    co_return inspector_error(error.is("actor", "action_not_found") ? unknown_action(request.route.name) : error);
  }
  InspectorAnswer answer;
  answer.body = "{\"output\":";
  if (auto written = append_cbor_as_json(answer.body, *output); !written) co_return inspector_error(written.error());
  answer.body += '}';
  co_return answer;
}

}  // namespace troupe
