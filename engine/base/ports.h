#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "engine/base/executors.h"
#include "troupe/behavior.h"

/// The outside world as the engine sees it. Every part of the engine takes these from outside; the real ones live in
/// base/real_ports.h, the virtual ones (one thread, virtual time, a seed) in base/virtual_ports.h.
namespace troupe {

using Millis = std::chrono::milliseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall clock, ms since the epoch; may jump.
  virtual std::int64_t now_ms() const = 0;
  /// Monotonic, from an arbitrary origin.
  virtual std::chrono::nanoseconds monotonic() const = 0;
};

/// One timer. Threads: its executor only. After `cancel`, `start` or the destructor an earlier callback does not run.
/// It may be destroyed on any thread; a callback that runs on the executor at that moment then goes on.
class Timer {
 public:
  virtual ~Timer() = default;
  /// Runs `fn` once on the timer's executor after `delay` on the monotonic clock.
  virtual void start(Millis delay, std::function<void()> fn) = 0;
  virtual void cancel() = 0;
};

class Timers {
 public:
  virtual ~Timers() = default;
  virtual std::unique_ptr<Timer> make(Executor executor) = 0;
};

/// Threads: any.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

/// Threads: any. Lifetime: outlives everything that was made from it.
struct Ports {
  Clock& clock;
  Timers& timers;
  Random& random;
  /// The I/O pool: nothing on it may block.
  IoExecutor io;
  /// The storage pool: SQLite, fsync and slow reads.
  Executor storage;
};

/// Waits on the engine's own timers. Must run on `executor` (serial: a strand or a single thread).
Task<void> wait_for(Timers& timers, Executor executor, Millis delay);

}  // namespace troupe
