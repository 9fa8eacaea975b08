#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "engine/actor_end.h"
#include "engine/placement/placement.h"

namespace troupe {

/// Whether a generation turned the work away before any of it ran, so that the next one can have it.
inline bool refused_by_generation(const Error& error) {
  return error.is("actor", "stopping") || error.is("actor", "not_ready") || error.is("actor", "destroying");
}

/// The actor that has a key now; made if need be.
using ActorOfKey = std::function<Task<Result<ActorId>>()>;

/// Actors of one key that may end one after the other while a call waits for them.
inline constexpr int kEndedActorsMax = 6;

/// Gives work to an actor: to the running generation, else to the next one that is ready, within the ready time limit.
/// When the actor ends meanwhile, the one that `next` names gets it; without `next` that is an error.
/// `work(HostedActor&)` makes the task of one attempt and must be repeatable. Errors of `acquire` and of the work.
template <class T, class Work>
Task<Result<T>> hand_over_to(Placement& placement, ActorId id, bool skip_ready_wait, Work work, ActorOfKey next = {}) {
  /// A generation that keeps refusing although it is said to be ready must not spin.
  constexpr int kRefusalsMax = 32;

  Placement::Acquire how;
  how.skip_ready_wait = skip_ready_wait;
  auto hosted = placement.running(id);
  int ended = 0;
  for (int refusals = 0;; ++refusals) {
    while (!hosted) {
      if (how.deadline.count() == 0) how.deadline = placement.ready_deadline();
      auto acquired = co_await placement.acquire(id, how);
      if (acquired) {
        hosted = *std::move(acquired);
      } else if (next && has_ended(acquired.error()) && ended++ < kEndedActorsMax) {
        TROUPE_CO_TRY(id, co_await next());
      } else {
        co_return std::move(acquired).error();
      }
    }
    auto result = co_await work(*hosted);
    if (result || !refused_by_generation(result.error()) || refusals == kRefusalsMax) co_return result;
    how.not_this = std::exchange(hosted, nullptr);
  }
}

}  // namespace troupe
