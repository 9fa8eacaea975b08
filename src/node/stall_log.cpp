#include "src/node/stall_log.h"

#include <spdlog/spdlog.h>

#include "engine/base/ports.h"

namespace troupe::node {

namespace {

constexpr std::chrono::seconds kLogInterval{10};

}  // namespace

void StallLog::operator()(const CodeLabel& code, std::chrono::nanoseconds held) const {
  if (next_) next_(code, held);
  const std::chrono::nanoseconds now = std::chrono::steady_clock::now().time_since_epoch();
  std::uint64_t left_out = 0;
  {
    const std::lock_guard lock(state_->mutex);
    auto [place, first] = state_->entries.try_emplace(&code);
    auto& entry = place->second;
    if (!first && now - entry.logged < kLogInterval) {
      ++entry.left_out;
      return;
    }
    entry.logged = now;
    left_out = std::exchange(entry.left_out, 0);
  }
  spdlog::warn("actor {}: {} held an I/O thread for {:.1f} ms{}", code.actor, code.handler,
               std::chrono::duration<double, std::milli>(held).count(),
               left_out > 0 ? fmt::format(" ({} more times since the last message)", left_out) : std::string());
}

}  // namespace troupe::node
