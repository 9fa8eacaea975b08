#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe {

/// Why a request at an envoy ended without its whole answer, or a WebSocket that cannot hibernate was cut.
enum class TunnelAbort {
  client_gone,
  timed_out,
  /// The client's body broke off.
  body_failed,
  actor_aborted,
  actor_stopped,
  /// The envoy broke the protocol or a limit.
  violation,
};
inline constexpr std::array<std::string_view, 6> kTunnelAborts{"client_gone",   "timed_out",     "body_failed",
                                                               "actor_aborted", "actor_stopped", "violation"};

/// Why a request or the opening of a WebSocket goes to the next generation: the actor has not seen it.
enum class TunnelReplay {
  /// The generation ended while its envoy was away.
  not_sent,
  /// The envoy does not have the generation.
  actor_missing,
};
inline constexpr std::array<std::string_view, 2> kTunnelReplays{"not_sent", "actor_missing"};

/// What goes on between the engine and its envoys. Counts since the start of the engine, but for what is open.
struct TunnelStats {
  struct Direction {
    std::uint64_t messages = 0;
    /// Of bodies and WebSocket messages.
    std::uint64_t bytes = 0;
  };
  Direction to_envoys, from_envoys;
  std::uint64_t requests = 0, websockets = 0;
  std::size_t open_requests = 0, open_websockets = 0;
  std::array<std::uint64_t, kTunnelAborts.size()> aborts{};
  std::array<std::uint64_t, kTunnelReplays.size()> replays{};
  /// Messages of envoys for what is over or not theirs, and messages out of place.
  std::uint64_t ignored_messages = 0;
};

}  // namespace troupe
