#pragma once

#include "engine/core/actor_machine.h"

namespace troupe {

/// What an input does in a phase.
enum class ActorRule : std::uint8_t {
  ignore,
  allocate,
  /// Like `allocate`, the alarm is what caused it.
  allocate_for_alarm,
  /// Like `allocate`, out of turn.
  retry_now,
  accept_host,
  acknowledge,
  retry_later,
  note_received,
  become_running,
  become_running_unasked,
  /// Asked for by the actor or a caller.
  fall_asleep,
  end,
  /// The same of an actor that is not known to run yet: what it wishes says that it does.
  run_and_sleep,
  run_and_end,
  /// Moves; `_connectable` keeps it listed as running until it has stopped.
  move,
  move_connectable,
  /// A stop has been ordered already: only its reason changes.
  move_instead,
  destroy_instead,
  destroy_running,
  /// The generation is over, and then …
  rest,
  rest_or_rewake,
  restart,
  finish,
  // The same, and the host may still have it.
  lose_rest,
  lose_rest_or_rewake,
  lose_restart,
  lose_finish,
  finish_unhosted,
  store_alarm,
  remember_wake,
  remember_drain,
  remember_destroy,
  give_up_retrying,
  halt_starting,
  halt_running,
  halt_stopping,
  halt_asleep,
  halt_retrying,
  survive,
};

ActorRule rule_for(ActorPhase phase, ActorInput input);

}  // namespace troupe
