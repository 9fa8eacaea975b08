#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "engine/base/async.h"
#include "engine/placement/deadlines.h"

namespace troupe {

/// One coroutine that waits for one of several things; the first one counts. Threads: any.
template <class Outcome>
class Waiter {
 public:
  explicit Waiter(Continuation<Outcome> rest) : rest_(std::move(rest)) {}

  void finish(Outcome outcome) {
    {
      std::lock_guard lock(mutex_);
      if (std::exchange(done_, true)) return;
      if (deadlines_) deadlines_->cancel(deadline_);
    }
    rest_.post(std::move(outcome));
  }

  bool done() const {
    std::lock_guard lock(mutex_);
    return done_;
  }

  /// The deadline that is of no use once the wait is over.
  void set_deadline(std::shared_ptr<DeadlineQueue> deadlines, DeadlineQueue::Token token) {
    std::lock_guard lock(mutex_);
    if (done_) return deadlines->cancel(token);
    deadlines_ = std::move(deadlines);
    deadline_ = token;
  }

 private:
  mutable std::mutex mutex_;
  bool done_ = false;
  std::shared_ptr<DeadlineQueue> deadlines_;
  DeadlineQueue::Token deadline_ = 0;
  Continuation<Outcome> rest_;
};

}  // namespace troupe
