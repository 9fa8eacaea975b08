#pragma once

#include <functional>
#include <memory>

#include "engine/base/ports.h"
#include "engine/hosts/envoy/tunnel/counters.h"
#include "engine/hosts/envoy/tunnel/registry.h"
#include "engine/hosts/envoy/tunnel/settings.h"
#include "engine/placement/deadlines.h"

namespace troupe {

/// What all conversations of a tunnel share.
struct TunnelContext {
  TunnelContext(const Ports& p, const TunnelSettings& s)
      : ports(p), settings(s), deadlines(std::make_shared<DeadlineQueue>(p)), registry(s.conversations_max) {}

  /// Runs `task` on the I/O pool.
  void detach(std::function<Task<void>()> task) const;

  const Ports ports;
  const TunnelSettings settings;
  const std::shared_ptr<DeadlineQueue> deadlines;
  ConversationRegistry registry;
  TunnelCounters counters;
};

/// What the windows of both directions hold: bytes of a body that were sent and are not yet consumed.
inline constexpr std::size_t kBodyWindowBytes = 1u << 20;
/// Largest piece of a body in one message.
inline constexpr std::size_t kBodyChunkBytes = 64u << 10;
/// First version with windows, and with bodies in pieces.
inline constexpr envoyproto::Version kStreamingVersion = 8;
/// Queued for an envoy: bulk senders wait from here on.
inline constexpr std::size_t kLinkBusyBytes = 1u << 20;

}  // namespace troupe
