#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "engine/base/ports.h"

namespace troupe {

/// Runs one function some time after any thread asked for it; asking again meanwhile changes nothing.
/// Threads: any; `run` is called on the I/O pool, must not block and must bear being called after its owner has gone
/// (it captures a weak pointer).
class DelayedJob : public std::enable_shared_from_this<DelayedJob> {
 public:
  static std::shared_ptr<DelayedJob> make(const Ports& ports, std::function<void()> run);

  void request(Millis delay);
  /// No new call of `run` begins after the callbacks that run at this moment. Does not block.
  void close();

 private:
  DelayedJob(const Ports& ports, std::function<void()> run);

  Timers& timers_;
  /// Serial: the timer's home.
  const Executor executor_;
  const std::function<void()> run_;
  std::atomic<bool> requested_{false};
  std::atomic<bool> closed_{false};
  std::unique_ptr<Timer> timer_;
};

}  // namespace troupe
