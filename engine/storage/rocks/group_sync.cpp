#include "engine/storage/rocks/group_sync.h"

#include <boost/asio/post.hpp>

namespace troupe {

GroupSync::GroupSync(Executor storage, std::shared_ptr<JobGate> gate, std::function<Result<void>()> sync)
    : storage_(std::move(storage)), gate_(std::move(gate)), sync_(std::move(sync)) {}

void GroupSync::join(Waiter waiter) {
  std::unique_lock lock(mutex_);
  waiters_.push_back(std::move(waiter));
  start_round(std::move(lock));
}

void GroupSync::request() { start_round(std::unique_lock(mutex_)); }

void GroupSync::start_round(std::unique_lock<std::mutex> lock) {
  wanted_ = true;
  if (active_) return;
  active_ = true;
  lock.unlock();
  boost::asio::post(storage_, [self = shared_from_this()] { self->run_rounds(); });
}

void GroupSync::run_rounds() {
  const JobGate::Pass pass(gate_);
  // Once the gate is closed, `finish` takes over.
  if (!pass || !run_round()) return;
  // One round per job, so that a busy log does not keep a thread of the pool from everybody else.
  boost::asio::post(storage_, [self = shared_from_this()] { self->run_rounds(); });
}

bool GroupSync::run_round() {
  std::vector<Waiter> answered;
  {
    std::lock_guard lock(mutex_);
    if (!wanted_) {
      active_ = false;
      return false;
    }
    wanted_ = false;
    answered.swap(waiters_);
    ++rounds_;
  }
  const Result<void> result = sync_();
  for (Waiter& waiter : answered) waiter.post(result);

  std::lock_guard lock(mutex_);
  active_ = wanted_;
  return wanted_;
}

void GroupSync::finish() {
  while (run_round()) {
  }
}

std::uint64_t GroupSync::rounds() const {
  std::lock_guard lock(mutex_);
  return rounds_;
}

}  // namespace troupe
