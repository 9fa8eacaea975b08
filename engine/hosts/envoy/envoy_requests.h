#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/base/async.h"
#include "engine/base/ports.h"

namespace troupe {

/// The storage requests of one connection: those of one lane one after the other, lanes side by side. Threads: any.
/// Bound: `max` requests wait or run; whoever adds one waits for room.
class EnvoyRequests : public std::enable_shared_from_this<EnvoyRequests> {
 public:
  using Work = std::function<Task<void>()>;

  EnvoyRequests(Executor executor, std::size_t max) : executor_(std::move(executor)), max_(max) {}

  /// Starts the work when its turn comes. Calls do not overlap.
  Task<void> add(std::string lane, Work work);
  /// What has not begun never does.
  void drop_waiting();
  /// Returns when nothing waits or runs.
  Task<void> wait_idle();
  std::size_t pending() const;

 private:
  using Lane = std::deque<Work>;

  Task<void> run(std::string lane);
  void finished();
  Task<Done> wait_for_at_most(std::size_t pending);

  Executor executor_;
  const std::size_t max_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Lane> lanes_;
  std::size_t pending_ = 0;
  std::vector<std::pair<std::size_t, Continuation<Done>>> waiters_;
};

}  // namespace troupe
