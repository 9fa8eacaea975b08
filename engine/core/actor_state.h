#pragma once

#include <cstdint>
#include <optional>

#include "engine/directory/records.h"

namespace troupe {

/// Where an actor is between two decisions.
enum class ActorPhase : std::uint8_t {
  /// A host is being chosen, or one that must confirm has been asked and has not answered.
  allocating,
  /// A host has the generation and has not said that it runs.
  starting,
  running,
  /// The four that wait for `stopped`: it asked to sleep, it asked to end, it has to move, it is being destroyed.
  sleep_intent,
  stop_intent,
  going_away,
  destroying,
  sleeping,
  /// No host was available; tried again later.
  reallocating,
  destroyed,
};
inline constexpr std::size_t kActorPhases = 10;

/// Everything that decides what becomes of one actor. Times are ms since the epoch.
struct ActorState {
  ActorPhase phase = ActorPhase::sleeping;

  // Kept in the record.
  std::uint32_t generation = 0;
  std::optional<std::int64_t> start_ts, sleep_ts, reschedule_ts, destroy_ts, alarm_ts;
  std::optional<ActorFailure> failure;

  // Of the running generation.
  std::optional<std::int64_t> connectable_ts;
  /// The host is reached over something that can break, so silence counts as loss.
  bool can_be_lost = false;

  // Asked for while it could not be done at once.
  bool wake_after_stop = false;
  bool drain_after_start = false;
  bool destroy_after_start = false;
  /// The engine stops: nothing is started any more.
  bool halted = false;

  // Back-off of `reallocating`.
  std::uint32_t retries = 0;
  std::optional<std::int64_t> last_retry_ts;
  /// The running attempt was asked for by a wake and does not lengthen the back-off.
  bool retry_by_wake = false;

  friend bool operator==(const ActorState&, const ActorState&) = default;
};

/// What an actor that is not resident is taken for: asleep, whatever its record says.
ActorState asleep_from(const ActorRecord& record);
/// Copies the part of the state that records keep.
void store_into(const ActorState& state, ActorRecord& record);

}  // namespace troupe
