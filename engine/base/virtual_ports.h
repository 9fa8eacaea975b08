#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

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
    return finish(std::move(task), [this](const bool& done) { settle_task(done); });
  }
  /// The same for tasks that wait for other threads (a real store's pool); aborts when nothing happens for 30 s of real
  /// time.
  template <class T>
  T run_with_threads(Task<T> task) {
    return finish(std::move(task), [this](const bool& done) { join_task(done); });
  }

  struct State;

 private:
  void settle_task(const bool& done);
  void join_task(const bool& done);

  template <class T, class Drive>
  T finish(Task<T> task, Drive drive) {
    std::optional<std::conditional_t<std::is_void_v<T>, std::monostate, T>> result;
    std::exception_ptr failure;
    bool done = false;
    auto body = [&result, task = std::move(task)]() mutable -> Task<void> {
      if constexpr (std::is_void_v<T>)
        co_await std::move(task);
      else
        result.emplace(co_await std::move(task));
    };
    boost::asio::co_spawn(context(), std::move(body), [&](std::exception_ptr thrown) {
      failure = thrown;
      done = true;
    });
    drive(done);
    if (failure) std::rethrow_exception(failure);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
  }

  std::unique_ptr<State> state_;
};

}  // namespace troupe
