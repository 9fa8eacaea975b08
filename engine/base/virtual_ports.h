#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "engine/base/ports.h"

namespace troupe {

/// A world of one thread and virtual time: the same seed and the same calls give the same run.
/// Time moves only in `advance`, which fires due timers in order and runs the executor dry in between.
/// Threads: one. Its executor is `io` and `storage` of the ports; being a single thread, it is serial.
class VirtualWorld {
 public:
  explicit VirtualWorld(std::uint64_t seed = 1, std::int64_t start_ms = 1'700'000'000'000);
  ~VirtualWorld();

  Ports ports();
  boost::asio::io_context& context();
  std::int64_t now_ms() const;

  /// Runs everything that is ready. Work handed to other threads (a real store's pool) is not waited for.
  void settle();
  void advance(Millis time);
  /// Moves the wall clock without touching the monotonic one.
  void jump_wall_clock(Millis by);

  /// Runs a task to its end without moving time; aborts when it waits for time or other threads.
  template <class T>
  T run(Task<T> task) {
    return finish(std::move(task), &VirtualWorld::settle_task);
  }
  /// The same for tasks that wait for other threads (a real store's pool); aborts when nothing happens for 30 s of real
  /// time.
  template <class T>
  T run_with_threads(Task<T> task) {
    return finish(std::move(task), &VirtualWorld::join_task);
  }

  struct State;

 private:
  using Drive = void (VirtualWorld::*)(const bool& done);

  void settle_task(const bool& done);
  void join_task(const bool& done);
  /// Not a template: spawning is what costs most to compile.
  void finish_task(Task<void> task, Drive drive);

  template <class T>
  T finish(Task<T> task, Drive drive) {
    if constexpr (std::is_void_v<T>) {
      finish_task(std::move(task), drive);
    } else {
      std::optional<T> result;
      finish_task(keep(std::move(task), result), drive);
      return std::move(*result);
    }
  }
  template <class T>
  static Task<void> keep(Task<T> task, std::optional<T>& result) {
    result.emplace(co_await std::move(task));
  }

  std::unique_ptr<State> state_;
};

}  // namespace troupe
