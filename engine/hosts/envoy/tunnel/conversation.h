#pragma once

#include <cstdint>
#include <memory>

#include "engine/base/id.h"
#include "engine/hosts/envoy/envoy_link.h"
#include "engine/hosts/envoy/envoy_tunnel.h"

namespace troupe {

/// Gateway id and request id, as one number.
using ConversationId = std::uint64_t;

/// One request or WebSocket between a client and one generation of an actor at an envoy.
/// Threads: any. Blocks: never. Lifetime: shared; the registry holds it until it is removed.
class Conversation {
 public:
  Conversation(ConversationId id, EnvoyActorAddress to) : id_(id), to_(std::move(to)) {}
  virtual ~Conversation() = default;

  ConversationId id() const { return id_; }
  const EnvoyActorAddress& to() const { return to_; }

  virtual bool is_websocket() const { return false; }

  /// From the envoy that hosts the generation, in order.
  virtual void receive(std::uint16_t index, envoyproto::ToRivetTunnelMessageKind kind) = 0;
  /// The envoy can be sent to again.
  virtual void reconnected() = 0;
  /// The generation is about to be told to stop. Maybe more than once.
  virtual void generation_stopping() {}
  /// Whether a generation that was told to stop can still have it.
  virtual bool can_join_stopping() const { return true; }
  /// The generation is over; the registry has forgotten the conversation.
  virtual void generation_stopped() = 0;

 protected:
  const ConversationId id_;
  const EnvoyActorAddress to_;
};

ConversationId make_conversation_id(const envoyproto::GatewayId& gateway, const envoyproto::RequestId& request);
envoyproto::MessageId make_message_id(ConversationId id, std::uint16_t index);

}  // namespace troupe
