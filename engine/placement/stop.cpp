#include <utility>

#include "engine/base/errors.h"
#include "engine/placement/placement.h"

/// The orderly end: nothing is started any more, everything that runs is asked to go to sleep.
namespace troupe {

Task<void> Placement::stop(Millis grace) {
  auto self = shared_from_this();
  // A second stop would wait for a clock that no longer runs.
  if (stopped_.load()) co_return;
  stopping_.store(true);
  sockets_->stop();
  if (alarms_) alarms_->stop();
  for (const auto& host : hosts_) co_await host->stop();
  halt_residents();
  co_await wait_empty(grace);
  fail_waiters();
  forget_rest();
  sockets_->close();
  deadlines_->stop();
  stopped_.store(true);
}

void Placement::halt_residents() {
  for (Shard& shard : shards_) {
    std::vector<SlotPtr> slots;
    {
      std::lock_guard lock(shard.mutex);
      slots.reserve(shard.slots.size());
      for (const auto& [id, slot] : shard.slots) slots.push_back(slot);
    }
    for (const SlotPtr& slot : slots) {
      post(slot, {ActorInput::halt});
      tell(slot, ReadyOutcome::changed);
    }
  }
}

Task<void> Placement::wait_empty(Millis grace) {
  auto start = [this, grace](Continuation<Done> rest) {
    auto waiter = std::make_shared<Waiter<Done>>(std::move(rest));
    {
      std::lock_guard lock(empty_mutex_);
      empty_waiter_ = waiter;
    }
    if (residents_.load() == 0) return waiter->finish({});
    auto expired = [waiter] { waiter->finish({}); };
    waiter->set_deadline(deadlines_, deadlines_->add(grace, std::move(expired)));
  };
  co_await suspend<Done>(std::move(start));
}

/// An actor that did not end in time refers to its host's events, and these to the placement.
void Placement::forget_rest() {
  std::vector<std::shared_ptr<HostedActor>> rest;
  for (Shard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    for (const auto& [id, slot] : shard.slots) {
      rest.push_back(std::exchange(slot->hosted, nullptr));
      slot->hosted_generation = 0;
    }
  }
}

void Placement::departed() {
  if (residents_.fetch_sub(1) != 1 || !stopping_.load()) return;
  std::lock_guard lock(empty_mutex_);
  if (empty_waiter_) empty_waiter_->finish({});
}

void Placement::fail_waiters() {
  for (Shard& shard : shards_) {
    std::vector<std::shared_ptr<GoneWaiter>> waiters;
    {
      std::lock_guard lock(shard.mutex);
      for (const auto& [id, slot] : shard.slots)
        for (auto& waiter : std::exchange(slot->gone_waiters, {})) waiters.push_back(std::move(waiter));
    }
    for (const auto& waiter : waiters) waiter->finish(Result<void>(make_error("guard", "service_unavailable")));
  }
}

}  // namespace troupe
