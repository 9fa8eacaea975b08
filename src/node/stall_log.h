#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "engine/base/running_code.h"

namespace troupe::node {

/// Logs handlers that held an I/O thread: each handler at most once in ten seconds, with the number that was left out.
/// Threads: any.
class StallLog {
 public:
  using Report = std::function<void(const CodeLabel&, std::chrono::nanoseconds)>;
  /// `next` hears of all of them; may be empty.
  explicit StallLog(Report next) : next_(std::move(next)), state_(std::make_shared<State>()) {}

  void operator()(const CodeLabel& code, std::chrono::nanoseconds held) const;

 private:
  struct Entry {
    std::chrono::nanoseconds logged{};
    std::uint64_t left_out = 0;
  };
  struct State {
    std::mutex mutex;
    /// One for each handler of a registered actor at most.
    std::map<const CodeLabel*, Entry> entries;
  };

  Report next_;
  std::shared_ptr<State> state_;
};

}  // namespace troupe::node
