#include "engine/core/actor_state.h"

namespace troupe {

ActorState asleep_from(const ActorRecord& record) {
  ActorState state;
  state.phase = record.destroyed() ? ActorPhase::destroyed : ActorPhase::sleeping;
  state.generation = record.generation;
  state.start_ts = record.start_ts;
  state.sleep_ts = record.sleep_ts;
  state.destroy_ts = record.destroy_ts;
  state.alarm_ts = record.alarm_ts;
  state.failure = record.failure;
  return state;
}

void store_into(const ActorState& state, ActorRecord& record) {
  record.generation = state.generation;
  record.start_ts = state.start_ts;
  record.sleep_ts = state.sleep_ts;
  record.reschedule_ts = state.reschedule_ts;
  record.alarm_ts = state.alarm_ts;
  record.failure = state.failure;
}

}  // namespace troupe
