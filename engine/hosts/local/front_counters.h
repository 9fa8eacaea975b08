#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace troupe {

/// Traffic of the in-process actors since the process began, shown by `/metrics`. Threads: any.
struct FrontCounters {
  std::atomic<std::uint64_t> actions{0}, queue_sends{0}, raw_requests{0}, connections{0}, socket_actions{0},
      raw_sockets{0};
};

FrontCounters& front_counters();
inline void count(std::atomic<std::uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

/// In the Prometheus text format.
std::string front_counters_text();

}  // namespace troupe
