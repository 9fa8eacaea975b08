#pragma once

#include <cstddef>
#include <mutex>

#include "engine/base/async.h"

namespace troupe {

/// Permits for a bounded number of things that run at once, taken by one task and given back by others.
/// Threads: any, but only one task takes at a time.
class Slots {
 public:
  explicit Slots(std::size_t slots_max) : free_(slots_max) {}

  /// False when none is free.
  bool try_take() {
    const std::lock_guard lock(mutex_);
    if (free_ == 0) return false;
    --free_;
    return true;
  }

  /// Waits until one is free.
  Task<Done> take() {
    return suspend<Done>([this](Continuation<Done> waiter) {
      std::unique_lock lock(mutex_);
      if (free_ == 0) {
        waiter_ = std::move(waiter);
        return;
      }
      --free_;
      lock.unlock();
      waiter.post({});
    });
  }

  void give_back() {
    Continuation<Done> waiter;
    {
      const std::lock_guard lock(mutex_);
      waiter = std::move(waiter_);
      if (!waiter) ++free_;
    }
    if (waiter) waiter.post({});
  }

 private:
  std::mutex mutex_;
  /// Nobody waits while this is above 0.
  std::size_t free_;
  Continuation<Done> waiter_;
};

}  // namespace troupe
