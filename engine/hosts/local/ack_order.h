#pragma once

#include <cstdint>
#include <deque>
#include <optional>

namespace troupe {

/// Messages are handled at the same time and end in any order; acknowledged is the last one that has nothing unfinished
/// before it. Threads: one at a time. Bound: that of the messages in work.
class AckOrder {
 public:
  /// In the order of arrival.
  void begin(std::uint16_t index) { work_.push_back({index, false}); }
  /// What can be acknowledged now that it could not before.
  std::optional<std::uint16_t> end(std::uint16_t index) {
    for (Entry& entry : work_)
      if (entry.index == index) entry.done = true;
    std::optional<std::uint16_t> last;
    for (; !work_.empty() && work_.front().done; work_.pop_front()) last = work_.front().index;
    return last;
  }

 private:
  struct Entry {
    std::uint16_t index;
    bool done;
  };
  std::deque<Entry> work_;
};

}  // namespace troupe
