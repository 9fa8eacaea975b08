#include <algorithm>

#include "engine/base/codec/json.h"
#include "engine/base/errors.h"
#include "inspector/http/inspector_routes.h"
#include "troupe/cbor.h"

namespace troupe {
namespace {

constexpr std::uint64_t kMessagesDefault = 100;
/// As many as a queue holds by default.
constexpr std::uint64_t kMessagesMax = 1'000;

void append_message(std::string& out, const QueueInspection::Message& message) {
  out += "{\"id\":" + std::to_string(message.id) + ",\"name\":";
  append_json_string(out, message.name);
  out += ",\"createdAtMs\":" + std::to_string(message.created_at_ms) + "}";
}

}  // namespace

Task<InspectorAnswer> inspect_queue(ActorInspection& actor, const InspectorRequest& request) {
  auto limit = query_number(request.target, "limit").value_or(kMessagesDefault);
  if (limit == 0) limit = kMessagesDefault;
  limit = std::min(limit, kMessagesMax);
  const auto queue = co_await actor.queue().inspect(static_cast<std::size_t>(limit));
  if (!queue) co_return inspector_error(queue.error());
  InspectorAnswer answer;
  answer.body = "{\"size\":" + std::to_string(queue->size) + ",\"maxSize\":" + std::to_string(queue->max_size);
  answer.body += queue->truncated ? ",\"truncated\":true" : ",\"truncated\":false";
  answer.body += ",\"messages\":[";
  for (const auto& message : queue->messages) {
    if (&message != &queue->messages.front()) answer.body += ',';
    append_message(answer.body, message);
  }
  answer.body += "]}";
  co_return answer;
}

Task<InspectorAnswer> enqueue(ActorInspection& actor, const InspectorRequest& request) {
  const auto body = json_body(request);
  if (!body) co_return inspector_error(body.error());
  const Value* name = body->find("name");
  const auto text = name ? name->as_string() : std::nullopt;
  if (!text || text->empty())
    co_return inspector_error(Error("actor", "invalid_request", "Queue message name must not be empty"));
  std::string message_name(*text);
  const Value* given = body->find("body");
  auto payload = encode_cbor(given ? *given : Value());
  const auto added = co_await actor.queue().add(std::move(message_name), std::move(payload));
  if (!added) co_return inspector_error(added.error());
  InspectorAnswer answer;
  answer.body = "{\"id\":\"" + std::to_string(added->id) + "\",\"name\":";
  append_json_string(answer.body, added->name);
  answer.body += ",\"createdAtMs\":" + std::to_string(added->created_at_ms) + "}";
  co_return answer;
}

Task<InspectorAnswer> reset_queue(ActorInspection& actor, const InspectorRequest&) {
  const auto emptied = co_await actor.queue().reset();
  if (!emptied) co_return inspector_error(emptied.error());
  co_return InspectorAnswer{200, "{}"};
}

}  // namespace troupe
