#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "engine/base/id.h"
#include "engine/base/ports.h"

namespace troupe {

/// A leaky bucket per namespace: `burst` at once, one more every `interval`. Threads: any.
/// Bound: an entry per namespace.
class CreationLimit {
 public:
  /// `burst` 0 = no limit.
  CreationLimit(Clock& clock, std::uint32_t burst, Millis interval)
      : clock_(clock), burst_(burst), interval_(interval) {}

  bool admit(const NamespaceId& ns);

 private:
  struct Bucket {
    std::uint32_t used = 0;
    std::chrono::nanoseconds drained_at{};
  };

  Clock& clock_;
  std::uint32_t burst_;
  std::chrono::nanoseconds interval_;
  std::mutex mutex_;
  std::unordered_map<NamespaceId, Bucket> buckets_;
};

}  // namespace troupe
