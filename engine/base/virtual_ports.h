#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "engine/base/ports.h"

namespace troupe {

/// A world of one thread and virtual time: the same seed and the same calls give the same run.
/// Time moves only in `advance`, which fires due timers in order and runs the executor dry in between.
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
  T run(Task<T> task);

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace troupe
