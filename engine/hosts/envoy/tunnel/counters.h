#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "engine/envoyproto/messages.h"
#include "engine/hosts/tunnel_stats.h"

namespace troupe {

/// Of one tunnel, since its start; see `TunnelStats`. Threads: any.
struct TunnelCounters {
  using Count = std::atomic<std::uint64_t>;
  /// On cache lines of their own: threads that send do not disturb those that receive.
  struct alignas(64) Direction {
    Count messages{0};
    Count bytes{0};
  };

  void sent(std::size_t payload_bytes) { add(to_envoys, payload_bytes); }
  void received(const envoyproto::ToRivetTunnelMessageKind& message);
  void count(TunnelAbort reason) { add(aborts[static_cast<std::size_t>(reason)]); }
  void count(TunnelReplay reason) { add(replays[static_cast<std::size_t>(reason)]); }
  void count_request() { add(requests); }
  void count_websocket() { add(websockets); }
  void count_ignored() { add(ignored_messages); }
  /// Without what is open.
  TunnelStats read() const;

 private:
  static void add(Count& count, std::uint64_t by = 1) { count.fetch_add(by, std::memory_order_relaxed); }
  static void add(Direction& direction, std::size_t payload_bytes);

  Direction to_envoys, from_envoys;
  alignas(64) Count requests{0};
  Count websockets{0};
  Count ignored_messages{0};
  std::array<Count, kTunnelAborts.size()> aborts{};
  std::array<Count, kTunnelReplays.size()> replays{};
};

/// Bytes of a body or of a WebSocket message that `message` carries.
std::size_t payload_bytes(const envoyproto::ToEnvoyTunnelMessageKind& message);

}  // namespace troupe
