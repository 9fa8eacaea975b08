#include "engine/clientproto/bare_encode.h"

#include "engine/base/codec/bare.h"
#include "engine/clientproto/bare_tags.h"
#include "engine/clientproto/items.h"

namespace troupe::clientproto::bare {
namespace {

/// Room for version, tags, lengths and ids around the variable parts.
constexpr std::size_t kFixedBytesMax = 32;

struct Payload {
  explicit Payload(std::size_t variable_bytes) : out(bytes) {
    bytes.reserve(variable_bytes + kFixedBytesMax);
    out.u16(kVersion);
  }

  Bytes bytes;
  BareWriter out;
};

void write_error(BareWriter& out, const HttpResponseError& error) {
  out.string(error.group);
  out.string(error.code);
  out.string(error.message);
  out.boolean(error.metadata.has_value());
  if (error.metadata) out.data(*error.metadata);
}

void write_actor(BareWriter& out, const std::optional<ActorSpecifier>& actor) {
  out.boolean(actor.has_value());
  if (!actor) return;
  out.string(actor->actor_id);
  out.uint(actor->generation);
  out.boolean(actor->key.has_value());
  if (actor->key) out.string(*actor->key);
}

std::size_t variable_bytes(const HttpResponseError& error) {
  std::size_t size = error.group.size() + error.code.size() + error.message.size();
  if (error.metadata) size += error.metadata->size();
  if (error.actor) size += error.actor->actor_id.size() + (error.actor->key ? error.actor->key->size() : 0);
  return size;
}

}  // namespace

Bytes write(const HttpActionRequest& message) {
  Payload payload(message.args.size());
  payload.out.data(message.args);
  return std::move(payload.bytes);
}

Bytes write(const HttpActionResponse& message) {
  const BytesView output = output_item(message.output);
  Payload payload(output.size());
  payload.out.data(output);
  return std::move(payload.bytes);
}

Bytes write(const HttpQueueSendRequest& message) {
  Payload payload(message.body.size() + (message.name ? message.name->size() : 0));
  payload.out.data(message.body);
  payload.out.boolean(message.name.has_value());
  if (message.name) payload.out.string(*message.name);
  payload.out.boolean(message.wait.has_value());
  if (message.wait) payload.out.boolean(*message.wait);
  payload.out.boolean(message.timeout_ms.has_value());
  if (message.timeout_ms) payload.out.u64(*message.timeout_ms);
  return std::move(payload.bytes);
}

Bytes write(const HttpQueueSendResponse& message) {
  Payload payload(message.status.size() + (message.response ? message.response->size() : 0));
  payload.out.string(message.status);
  payload.out.boolean(message.response.has_value());
  if (message.response) payload.out.data(*message.response);
  return std::move(payload.bytes);
}

Bytes write(const HttpResponseError& message) {
  Payload payload(variable_bytes(message));
  write_error(payload.out, message);
  write_actor(payload.out, message.actor);
  return std::move(payload.bytes);
}

Bytes write(const ActionRequest& message) {
  Payload payload(message.name.size() + message.args.size());
  payload.out.u8(kActionRequestTag);
  payload.out.uint(message.id);
  payload.out.string(message.name);
  payload.out.data(message.args);
  return std::move(payload.bytes);
}

Bytes write(const SubscriptionRequest& message) {
  Payload payload(message.event_name.size());
  payload.out.u8(kSubscriptionRequestTag);
  payload.out.string(message.event_name);
  payload.out.boolean(message.subscribe);
  return std::move(payload.bytes);
}

Bytes write(const Init& message) {
  Payload payload(message.actor_id.size() + message.connection_id.size());
  payload.out.u8(kInitTag);
  payload.out.string(message.actor_id);
  payload.out.string(message.connection_id);
  return std::move(payload.bytes);
}

Bytes write(const ErrorFrame& message) {
  Payload payload(variable_bytes(message.error));
  payload.out.u8(kErrorTag);
  write_error(payload.out, message.error);
  payload.out.boolean(message.action_id.has_value());
  if (message.action_id) payload.out.uint(*message.action_id);
  write_actor(payload.out, message.error.actor);
  return std::move(payload.bytes);
}

Bytes write(const ActionResponse& message) {
  const BytesView output = output_item(message.output);
  Payload payload(output.size());
  payload.out.u8(kActionResponseTag);
  payload.out.uint(message.id);
  payload.out.data(output);
  return std::move(payload.bytes);
}

Bytes write_event(std::string_view name, BytesView args) {
  Payload payload(name.size() + args.size());
  payload.out.u8(kEventTag);
  payload.out.string(name);
  payload.out.data(args);
  return std::move(payload.bytes);
}

}  // namespace troupe::clientproto::bare
