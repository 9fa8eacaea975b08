#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace troupe {

/// Counts jobs in progress, so that an owner can wait for them before it takes their ground away.
/// Threads: any. Lifetime: shared between the owner and its jobs.
class JobGate {
 public:
  /// False once closed: the job must not touch the owner.
  bool enter() {
    if ((state_.fetch_add(1) & kClosed) == 0) return true;
    leave();
    return false;
  }
  void leave() {
    if (state_.fetch_sub(1) - 1 == kClosed) state_.notify_all();
  }
  /// Lets nobody in any more and waits until everybody has left. Blocks.
  void close() {
    state_.fetch_or(kClosed);
    for (std::uint32_t state = state_.load(); state != kClosed; state = state_.load()) state_.wait(state);
  }

  /// Holds the gate for one scope.
  class Pass {
   public:
    explicit Pass(std::shared_ptr<JobGate> gate) : gate_(std::move(gate)), inside_(gate_->enter()) {}
    ~Pass() {
      if (inside_) gate_->leave();
    }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    explicit operator bool() const { return inside_; }

   private:
    std::shared_ptr<JobGate> gate_;
    bool inside_;
  };

 private:
  static constexpr std::uint32_t kClosed = 1u << 31;
  std::atomic<std::uint32_t> state_{0};
};

}  // namespace troupe
