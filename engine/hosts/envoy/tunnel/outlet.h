#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "engine/hosts/envoy/tunnel/conversation.h"
#include "engine/hosts/envoy/tunnel/counters.h"

namespace troupe {

/// The messages of one conversation to its envoy: numbered from 0 without a gap, in the order of the numbers.
/// Threads: any. Blocks: never. Lifetime: `counters` outlives it.
class Outlet {
 public:
  Outlet(TunnelCounters& counters, std::shared_ptr<EnvoyLink> link, ConversationId id)
      : counters_(counters), link_(std::move(link)), id_(id) {}

  EnvoyLink& link() const { return *link_; }

  /// False: not connected; `kind` is left as it was and no number is used up.
  bool send(envoyproto::ToEnvoyTunnelMessageKind&& kind) {
    const std::size_t payload = payload_bytes(kind);
    const std::lock_guard lock(mutex_);
    envoyproto::ToEnvoy message = envoyproto::ToEnvoyTunnelMessage{make_message_id(id_, next_index_), std::move(kind)};
    if (link_->send(message)) {
      ++next_index_;
      counters_.sent(payload);
      return true;
    }
    kind = std::move(std::get<envoyproto::ToEnvoyTunnelMessage>(message).message_kind);
    return false;
  }

 private:
  TunnelCounters& counters_;
  const std::shared_ptr<EnvoyLink> link_;
  const ConversationId id_;
  std::mutex mutex_;
  std::uint16_t next_index_ = 0;
};

}  // namespace troupe
