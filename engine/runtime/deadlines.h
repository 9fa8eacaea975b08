#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "engine/base/ports.h"

namespace troupe {

/// As good as for ever, and still to be added to any time of a clock: what an actor's code asks for may be as long as
/// its type allows.
constexpr Millis kLongestTime = std::chrono::hours(24 * 365 * 100);
constexpr std::chrono::nanoseconds bounded(Millis time) { return std::min(time, kLongestTime); }

/// Any number of deadlines on one timer of the system. Cheap to take back: the timer stays armed and finds nothing to
/// do. Threads: one serial executor. Lifetime: outlives the entries that are armed on it, or disarms them; `executor`
/// outlives it.
class Deadlines {
 public:
  class Entry {
   public:
    Entry() = default;
    ~Entry() { cancel(); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    bool armed() const { return owner_ != nullptr; }
    /// Monotonic time; only while armed.
    std::chrono::nanoseconds at() const { return place_->first; }
    void cancel();

   private:
    friend class Deadlines;
    Deadlines* owner_ = nullptr;
    std::multimap<std::chrono::nanoseconds, Entry*>::iterator place_{};
    std::function<void()> fn_;
  };

  /// Lifetime: all three outlive it.
  Deadlines(const Clock& clock, Timers& timers, const Executor& executor);
  Deadlines(const Clock& clock, Timers& timers, Executor&& executor) = delete;
  ~Deadlines();

  /// Calls `fn` once after `delay`, unless the entry is cancelled, armed again or destroyed before.
  void arm(Entry& entry, std::chrono::nanoseconds delay, std::function<void()> fn);
  /// The same for a time of any length.
  void arm(Entry& entry, Millis delay, std::function<void()> fn) { arm(entry, bounded(delay), std::move(fn)); }
  void clear();
  const Executor& executor() const { return executor_; }

 private:
  void schedule();
  void fire();

  const Clock& clock_;
  Timers& timers_;
  const Executor& executor_;
  std::multimap<std::chrono::nanoseconds, Entry*> queue_;
  std::unique_ptr<Timer> timer_;
  /// When the timer will fire; only while it is armed.
  std::optional<std::chrono::nanoseconds> timer_at_;
  /// Of `fire` while it runs: a callback may end the life of its actor, and with it this object.
  bool* gone_ = nullptr;
};

}  // namespace troupe
