#include "engine/hosts/envoy/tunnel/counters.h"

#include <variant>

namespace troupe {
namespace {

std::size_t payload_of(const envoyproto::ToEnvoyRequestStart& head) { return head.body ? head.body->size() : 0; }
std::size_t payload_of(const envoyproto::ToEnvoyRequestChunk& chunk) { return chunk.body.size(); }
std::size_t payload_of(const envoyproto::ToEnvoyWebSocketMessage& message) { return message.data.size(); }
std::size_t payload_of(const envoyproto::ToRivetResponseStart& head) { return head.body ? head.body->size() : 0; }
std::size_t payload_of(const envoyproto::ToRivetResponseChunk& chunk) { return chunk.body.size(); }
std::size_t payload_of(const envoyproto::ToRivetWebSocketMessage& message) { return message.data.size(); }
template <class WithoutPayload>
std::size_t payload_of(const WithoutPayload&) {
  return 0;
}

constexpr auto kPayload = [](const auto& message) { return payload_of(message); };

}  // namespace

std::size_t payload_bytes(const envoyproto::ToEnvoyTunnelMessageKind& message) { return std::visit(kPayload, message); }

void TunnelCounters::add(Direction& direction, std::size_t payload_bytes) {
  add(direction.messages);
  if (payload_bytes > 0) add(direction.bytes, payload_bytes);
}

void TunnelCounters::received(const envoyproto::ToRivetTunnelMessageKind& message) {
  add(from_envoys, std::visit(kPayload, message));
}

TunnelStats TunnelCounters::read() const {
  TunnelStats stats;
  stats.to_envoys = {to_envoys.messages, to_envoys.bytes};
  stats.from_envoys = {from_envoys.messages, from_envoys.bytes};
  stats.requests = requests;
  stats.websockets = websockets;
  stats.ignored_messages = ignored_messages;
  for (std::size_t i = 0; i < aborts.size(); ++i) stats.aborts[i] = aborts[i];
  for (std::size_t i = 0; i < replays.size(); ++i) stats.replays[i] = replays[i];
  return stats;
}

}  // namespace troupe
