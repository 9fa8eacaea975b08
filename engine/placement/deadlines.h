#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "engine/base/ports.h"

namespace troupe {

/// Any number of deadlines on one timer. Threads: any; callbacks run one after the other on the queue's own strand and
/// must not block. Lifetime: shared; after `stop` nothing runs any more.
class DeadlineQueue : public std::enable_shared_from_this<DeadlineQueue> {
 public:
  /// Never 0, which stands for "none".
  using Token = std::uint64_t;

  explicit DeadlineQueue(const Ports& ports);

  Token add(Millis delay, std::function<void()> fn);
  /// A callback that is running already is not waited for.
  void cancel(Token token);
  void stop();

 private:
  using Time = std::chrono::nanoseconds;

  void arm();
  void fire();

  Clock& clock_;
  Strand strand_;
  /// Strand only.
  std::unique_ptr<Timer> timer_;

  std::mutex mutex_;
  std::map<std::pair<Time, Token>, std::function<void()>> by_time_;
  std::unordered_map<Token, Time> times_;
  /// What the timer is set to, or about to be.
  std::optional<Time> armed_for_;
  Token next_ = 1;
  bool stopped_ = false;
};

}  // namespace troupe
