#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/id.h"
#include "engine/envoyproto/messages.h"
#include "troupe/behavior.h"

namespace troupe {

/// One envoy process, over all its connections: an envoy that comes back with its key within the lost threshold is the
/// same link. Whoever talks to an actor of it holds the link, not a connection.
/// Threads: any. Blocks: never. Lifetime: shared.
class EnvoyLink {
 public:
  virtual ~EnvoyLink() = default;
  virtual const std::string& key() const = 0;
  /// Of the present connection, else of the last one; 0 before the first.
  virtual envoyproto::Version version() const = 0;
  virtual bool connected() const = 0;
  /// Counts connections from 1: what was sent over an earlier one may not have arrived. 0 before the first.
  virtual std::uint64_t connection() const = 0;

  /// Queues a message, in the order of the calls of one thread. False: not connected, nothing is sent.
  /// Bound: an envoy that lets `envoy_outbound_bytes_max` pile up is closed with `ws.slow_client`; bulk senders wait
  /// for `wait_drained` first.
  virtual bool send(const envoyproto::ToEnvoy& message) = 0;
  /// Bytes queued and not yet handed to the kernel.
  virtual std::size_t buffered_bytes() const = 0;
  /// Returns when fewer than half of the bound is queued, or the connection is gone.
  virtual Task<void> wait_drained() = 0;

  /// The envoy says that it does not have this generation: it counts as lost, unless its end is on the way.
  virtual void actor_missing(const ActorId& actor, std::uint32_t generation) = 0;
};

}  // namespace troupe
