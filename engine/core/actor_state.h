#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/directory/records.h"

namespace troupe {

/// Everything that decides what becomes of one actor. Times are ms since the epoch.
struct ActorState {
  ActorPhase phase = ActorPhase::sleeping;

  // Kept in the record.
  std::uint32_t generation = 0;
  std::optional<std::int64_t> start_ts, sleep_ts, reschedule_ts, destroy_ts, alarm_ts;
  std::optional<ActorFailure> failure;

  // Of the running generation.
  std::optional<std::int64_t> connectable_ts;
  /// The host is reached over something that can break, so silence counts as loss; it also outlives the engine, so
  /// where the actor is has to be stored.
  bool can_be_lost = false;
  /// Which of the hosts that can be lost; empty until it is known.
  std::string host;
  /// A host that has to accept was asked and has not answered.
  bool asked = false;
  /// The host has said that it knows of the generation.
  bool start_received = false;
  /// Since when it is in this phase.
  std::int64_t phase_ts = 0;

  // Asked for while it could not be done at once.
  bool wake_after_stop = false;
  bool drain_after_start = false;
  bool destroy_after_start = false;
  /// The engine stops: nothing is started any more.
  bool halted = false;
  /// The alarm has caused the start that is under way, or would have. It stays in the record until the generation runs,
  /// so that a crash of the engine in between does not lose it, unless the host sets it anew.
  bool alarm_taken = false;

  // Back-off of `reallocating`.
  std::uint32_t retries = 0;
  std::optional<std::int64_t> last_retry_ts;
  /// The running attempt was asked for by a wake and does not lengthen the back-off.
  bool retry_by_wake = false;

  friend bool operator==(const ActorState&, const ActorState&) = default;
};

/// Where an actor that is not resident is: asleep, but for one that an envoy has or that waits for a host.
ActorState state_from(const ActorRecord& record);
/// Copies the part of the state that records keep.
void store_into(const ActorState& state, ActorRecord& record);

}  // namespace troupe
