#include "engine/core/actor_state.h"

namespace troupe {
namespace {

ActorPhase phase_from(const ActorRecord& record) {
  if (record.destroyed()) return ActorPhase::destroyed;
  // Whoever was asked has no engine to answer to any more: asked again, at the next generation.
  if (record.hosting && record.hosting->phase == ActorPhase::allocating) return ActorPhase::reallocating;
  if (record.hosting) return record.hosting->phase;
  return record.reschedule_ts ? ActorPhase::reallocating : ActorPhase::sleeping;
}

}  // namespace

ActorState state_from(const ActorRecord& record) {
  ActorState state;
  state.phase = phase_from(record);
  state.generation = record.generation;
  state.start_ts = record.start_ts;
  state.sleep_ts = record.sleep_ts;
  state.reschedule_ts = record.reschedule_ts;
  state.destroy_ts = record.destroy_ts;
  state.alarm_ts = record.alarm_ts;
  state.failure = record.failure;
  state.retries = record.retries;
  if (state.phase == ActorPhase::reallocating) {
    if (record.hosting) state.reschedule_ts = record.hosting->since_ts;
    state.phase_ts = *state.reschedule_ts;
    state.last_retry_ts = state.reschedule_ts;
  }
  if (!record.hosting || !is_hosted(state.phase)) return state;
  state.can_be_lost = true;
  state.host = record.hosting->envoy_key;
  state.start_received = record.hosting->start_received;
  state.phase_ts = record.hosting->since_ts;
  if (state.phase == ActorPhase::running) state.connectable_ts = record.hosting->since_ts;
  return state;
}

void store_into(const ActorState& state, ActorRecord& record) {
  record.generation = state.generation;
  record.start_ts = state.start_ts;
  record.sleep_ts = state.sleep_ts;
  record.reschedule_ts = state.reschedule_ts;
  record.alarm_ts = state.alarm_ts;
  record.failure = state.failure;
  record.retries = state.retries;
  record.hosting.reset();
  if (state.can_be_lost && is_hosted(state.phase))
    record.hosting = ActorHosting{state.host, state.phase, state.phase_ts, state.start_received};
}

}  // namespace troupe
