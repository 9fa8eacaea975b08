#pragma once

#include <cstdint>

#include "engine/base/ports.h"

namespace troupe {

/// Limits of the connections to envoys. Names and defaults follow the reference's configuration keys where it has one.
struct EnvoySettings {
  /// Without a connection for this long an envoy counts as lost with its actors; envoys are told the same.
  Millis lost_threshold{15'000};
  /// Without a pong for this long a connection is closed.
  Millis ping_timeout{15'000};
  /// Without a pong for this long an envoy is given no actors.
  Millis eligible_threshold{10'000};
  Millis ping_interval{3'000};
  /// Told to envoys.
  Millis actor_stop_threshold{1'800'000};
  std::uint64_t max_response_payload_bytes = 20u << 20;
  /// Messages of one connection that may come at once, and how often one more may follow. Beyond it reading pauses.
  std::uint32_t rate_limit_requests = 16'384;
  std::chrono::microseconds rate_limit_drip{200};
  /// Storage requests of one connection that wait or run. Beyond it reading pauses.
  std::uint32_t requests_max = 4'096;
  /// How long requests that run get at a stop of the engine before connections are closed.
  Millis stop_grace{500};
  /// How long an envoy that was lost is remembered, to be told that its actors are.
  Millis fence_retention{600'000};
  /// Generations that an absent envoy is told to give up, at most.
  std::size_t fences_max = 65'536;
};

}  // namespace troupe
