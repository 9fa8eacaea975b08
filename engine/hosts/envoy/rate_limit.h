#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace troupe {

/// A bucket of `burst` tokens that gets one more each `drip`. Not thread-safe.
class RateLimit {
 public:
  using Time = std::chrono::nanoseconds;

  RateLimit(std::uint32_t burst, Time drip) : span_(drip * burst), drip_(drip) {}

  /// Takes a token; the result is how long to wait before going on.
  Time take(Time now) {
    // Kept as the time at which the bucket is full again.
    full_at_ = std::max(full_at_, now) + drip_;
    return std::max(Time::zero(), full_at_ - span_ - now);
  }

 private:
  Time span_, drip_;
  Time full_at_{0};
};

}  // namespace troupe
