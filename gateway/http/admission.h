#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>

#include "engine/base/ports.h"
#include "troupe/error.h"

namespace troupe {

/// Whether work waits too long for a thread, by what has been measured. A short burst is no overload: only a wait that
/// stays above the target for a whole interval is, until one is measured that is not. (The rule of CoDel, RFC 8289,
/// section 4.) Pure. Threads: one.
class QueueWait {
 public:
  using Time = std::chrono::nanoseconds;
  QueueWait(Time target, Time interval) : target_(target), interval_(interval) {}

  /// `wait` was measured at `now`.
  void sample(Time now, Time wait) {
    last_ = wait;
    if (wait <= target_) {
      above_since_.reset();
      return;
    }
    if (!above_since_) above_since_ = now;
    overloaded_until_now_ = now - *above_since_ >= interval_;
  }
  bool overloaded() const { return above_since_ && overloaded_until_now_; }
  Time last() const { return last_; }

 private:
  const Time target_, interval_;
  Time last_{};
  std::optional<Time> above_since_;
  bool overloaded_until_now_ = false;
};

/// Turns requests away while the I/O pool cannot keep up, so that those it takes are answered in time and memory stays
/// flat. Requests themselves drive the measuring: at most one in `kProbeInterval` puts a probe into the pool's queue.
/// Threads: any. Blocks: never.
class Admission : public std::enable_shared_from_this<Admission> {
 public:
  /// A target of 0 admits everything.
  Admission(const Ports& ports, Millis target, Millis interval)
      : clock_(ports.clock), io_(ports.io), on_(target > Millis(0)), queue_(target, interval) {}

  /// `guard.overloaded` with the seconds after which to try again, or nothing.
  std::optional<Error> refusal();
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }
  /// As measured last.
  std::chrono::nanoseconds queue_wait() const {
    return std::chrono::nanoseconds(wait_.load(std::memory_order_relaxed));
  }

 private:
  void probe(std::chrono::nanoseconds now);
  void measured(std::chrono::nanoseconds wait);

  const Clock& clock_;
  const IoExecutor io_;
  const bool on_;
  std::atomic<bool> probing_{false};
  std::atomic<std::int64_t> next_probe_{0};
  std::atomic<bool> overloaded_{false};
  std::atomic<std::int64_t> wait_{0}, measured_at_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::mutex mutex_;
  QueueWait queue_;
};

/// Seconds for a Retry-After field, of an error that Admission made.
std::optional<std::int64_t> retry_after_seconds(const Error& error);

}  // namespace troupe
