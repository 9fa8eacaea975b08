#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/base/errors.h"
#include "engine/placement/placement.h"

/// Waiting for an actor: until it is ready, or until it is gone.
namespace troupe {
namespace {

/// How long a request waits before it asks whether the pool of its actor fails, and how often it asks again.
constexpr std::chrono::seconds kFirstPoolCheck{1}, kPoolCheckInterval{2};

bool is_stopping(ActorPhase phase) {
  return phase == ActorPhase::sleep_intent || phase == ActorPhase::stop_intent || phase == ActorPhase::going_away;
}

bool is_ending(ActorPhase phase) { return phase == ActorPhase::destroying || phase == ActorPhase::destroyed; }

Error ready_timeout(const ActorId& id) {
  Value metadata = Value::object({{"actor_id", Value(id.text())}});
  return make_error("guard", "actor_ready_timeout", std::move(metadata));
}

Error pool_failing(const ActorId& id) {
  return make_error("guard", "actor_runner_failed", Value::object({{"actor_id", Value(id.text())}}));
}

Error wake_retries_exceeded(const ActorId& id, int wakes) {
  Value metadata = Value::object({{"actor_id", Value(id.text())},
                                  {"reason", Value("actor_stopped_before_ready")},
                                  {"wake_retries", Value(wakes)}});
  return make_error("guard", "actor_wake_retries_exceeded", std::move(metadata));
}

}  // namespace

std::shared_ptr<HostedActor> Placement::usable(const Slot& slot, const Acquire& how) const {
  if (slot.hosted_generation != slot.state.generation || slot.hosted == how.not_this) return nullptr;
  const ActorPhase phase = slot.state.phase;
  const bool usable_early = how.skip_ready_wait && (phase == ActorPhase::starting || is_stopping(phase));
  if (phase == ActorPhase::running || usable_early) return slot.hosted;
  return nullptr;
}

Task<Result<std::shared_ptr<HostedActor>>> Placement::acquire(ActorId id, Acquire how) {
  int stops = 0;
  // A pool that fails is not worth the whole wait.
  auto look_at_pool = ports_.clock.monotonic() + kFirstPoolCheck;
  for (;;) {
    if (stopping_.load()) co_return make_error("guard", "service_unavailable");
    TROUPE_CO_TRY(auto slot, co_await resident(id));
    {
      std::lock_guard lock(shard_of(id).mutex);
      if (auto hosted = usable(*slot, how)) co_return hosted;
    }
    Acquire turn = how;
    turn.deadline = std::min(how.deadline, look_at_pool);
    const ReadyOutcome outcome = co_await wait_ready(slot, std::move(turn));
    switch (outcome) {
      case ReadyOutcome::ready:
      case ReadyOutcome::changed:
        break;
      case ReadyOutcome::destroyed:
        co_return make_error("actor", "destroyed_while_waiting_for_ready");
      case ReadyOutcome::stopped:
        if (stops == settings_.actor_wake_retries) co_return wake_retries_exceeded(id, stops);
        ++stops;
        break;
      case ReadyOutcome::timed_out:
        drop_finished_waiters(slot);
        if (ports_.clock.monotonic() >= how.deadline) co_return ready_timeout(id);
        if (pool_fails_ && pool_fails_(slot->namespace_id, slot->pool)) co_return pool_failing(id);
        look_at_pool = ports_.clock.monotonic() + kPoolCheckInterval;
        break;
    }
  }
}

Transition Placement::transition(const ActorId& id) const {
  const auto slot = find_slot(id);
  if (!slot) return {};
  std::lock_guard lock(shard_of(id).mutex);
  const auto phase = slot->state.phase;
  Transition transition;
  transition.generation = slot->state.generation;
  if (slot->gone || phase == ActorPhase::running)
    transition.kind = Transition::Kind::none;
  else
    transition.kind = is_stopping(phase) || is_ending(phase) ? Transition::Kind::stopping : Transition::Kind::starting;
  return transition;
}

Task<ReadyOutcome> Placement::wait_ready(SlotPtr slot, Acquire how) {
  auto self = shared_from_this();
  auto start = [self, slot, how](Continuation<ReadyOutcome> rest) { self->enlist(slot, how, std::move(rest)); };
  co_return co_await suspend<ReadyOutcome>(std::move(start));
}

void Placement::enlist(const SlotPtr& slot, const Acquire& how, Continuation<ReadyOutcome> rest) {
  auto waiter = std::make_shared<ReadyWaiter>(std::move(rest));
  const auto remaining = how.deadline - ports_.clock.monotonic();
  if (remaining <= std::chrono::nanoseconds::zero()) return waiter->finish(ReadyOutcome::timed_out);
  {
    std::lock_guard lock(shard_of(slot->id).mutex);
    if (slot->gone || stopping_.load() || usable(*slot, how)) return waiter->finish(ReadyOutcome::changed);
    if (slot->erased) return waiter->finish(ReadyOutcome::destroyed);
    apply(*slot, {ActorInput::wake});
    slot->ready_waiters.push_back(waiter);
  }
  auto expired = [weak = std::weak_ptr(waiter)] {
    if (auto late = weak.lock()) late->finish(ReadyOutcome::timed_out);
  };
  waiter->set_deadline(deadlines_, deadlines_->add(std::chrono::ceil<Millis>(remaining), std::move(expired)));
  perform(slot);
}

void Placement::drop_finished_waiters(const SlotPtr& slot) {
  {
    std::lock_guard lock(shard_of(slot->id).mutex);
    std::erase_if(slot->ready_waiters, [](const auto& waiter) { return waiter->done(); });
  }
  perform(slot);
}

Task<Result<void>> Placement::destroy(ActorId id) {
  auto self = shared_from_this();
  for (;;) {
    TROUPE_CO_TRY(auto record, co_await directory_.find(id));
    if (!record) co_return make_error("actor", "not_found");
    if (record->destroyed()) co_return Result<void>();
    auto found = co_await resident(id);
    if (!found && found.error().is("actor", "not_found")) continue;
    if (!found) co_return found.error();
    auto start = [self, slot = *found](Continuation<GoneOutcome> rest) { self->enlist_gone(slot, std::move(rest)); };
    const GoneOutcome outcome = co_await suspend<GoneOutcome>(std::move(start));
    if (outcome) co_return *outcome;
  }
}

void Placement::enlist_gone(const SlotPtr& slot, Continuation<GoneOutcome> rest) {
  auto waiter = std::make_shared<GoneWaiter>(std::move(rest));
  {
    std::lock_guard lock(shard_of(slot->id).mutex);
    if (slot->gone || slot->erased) return waiter->finish(std::nullopt);
    apply(*slot, {ActorInput::destroy});
    slot->gone_waiters.push_back(waiter);
  }
  perform(slot);
}

}  // namespace troupe
