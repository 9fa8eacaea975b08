#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

/// What to do with the request by which an endpoint was asked to start an actor. Pure; the shell is
/// serverless_driver.cpp. Source: orchestration of Rivet Engine 2.3.19, serverless pools.
namespace troupe {

enum class StartPhase : std::uint8_t {
  /// From sending the request until its lifespan is nearly over.
  open,
  /// The actor is asked to move on.
  draining,
  done,
};
inline constexpr std::size_t kStartPhases = 3;

enum class StartInput : std::uint8_t {
  /// The endpoint says that the actor has stopped.
  stopping,
  /// The stream ended without that.
  ended,
  /// No stream: connection, status or content type.
  failed,
  /// So much of the lifespan is over that only the grace period is left.
  lifespan_over,
  engine_stops,
  grace_over,
};
inline constexpr std::size_t kStartInputs = 6;

enum class StartEffect : std::uint8_t {
  report_early_end,
  report_failure,
  /// The generation is gone: nobody hosts it.
  tell_lost,
  tell_going_away,
  arm_grace,
  close,
};

struct StartStep {
  StartPhase phase = StartPhase::open;
  std::vector<StartEffect> effects;
  friend bool operator==(const StartStep&, const StartStep&) = default;
};

/// Total: every input is defined in every phase.
StartStep step(StartPhase phase, StartInput input);

/// Seconds after which a request of that lifespan drains.
constexpr std::uint32_t drain_after_s(std::uint32_t lifespan_s, std::uint32_t grace_s) {
  return lifespan_s > grace_s ? lifespan_s - grace_s : 0;
}

/// Milliseconds until the next look at the metadata: `interval` twice as long after each failure in a row, up to 2^8.
std::uint64_t poll_delay_ms(std::uint64_t interval_ms, std::uint32_t failures);

}  // namespace troupe
