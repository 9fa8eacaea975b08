#include "engine/base/running_code.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace troupe {
namespace {

using Time = std::chrono::nanoseconds;

/// What a thread runs, for those who look from outside.
struct ThreadSlot {
  std::mutex mutex;
  const CodeLabel* label = nullptr;
  Time since{};
  bool reported = false;
};

struct Threads {
  std::mutex mutex;
  std::vector<ThreadSlot*> slots;
};

Threads& threads() {
  // Never destroyed: threads may end after everything else.
  static auto* all = new Threads;
  return *all;
}

class Registration {
 public:
  Registration() {
    const std::lock_guard lock(threads().mutex);
    threads().slots.push_back(&slot_);
  }
  ~Registration() {
    const std::lock_guard lock(threads().mutex);
    std::erase(threads().slots, &slot_);
  }
  ThreadSlot& slot() { return slot_; }

 private:
  ThreadSlot slot_;
};

void show(const CodeLabel* label, Time since) {
  thread_local Registration registration;
  auto& slot = registration.slot();
  const std::lock_guard lock(slot.mutex);
  slot.label = label;
  slot.since = since;
  slot.reported = false;
}

}  // namespace

constinit thread_local RunningCode* RunningCode::innermost_ = nullptr;

const CodeLabel* RunningCode::current() { return innermost_ != nullptr ? innermost_->label_ : nullptr; }

void RunningCode::enter(const CodeLabel* label) {
  const StallWatch* watch = label != nullptr ? label->watch.get() : innermost_->watch_;
  if (watch == nullptr || watch->threshold_ == Time::zero()) return;
  watch_ = watch;
  label_ = label;
  outer_ = std::exchange(innermost_, this);
  start_ = watch_->clock_.monotonic();
  show(label_, start_);
}

void RunningCode::leave() {
  innermost_ = outer_;
  const auto now = watch_->clock_.monotonic();
  const auto whole = now - start_;
  const auto own = whole - others_;
  if (label_ != nullptr && own > watch_->threshold_) watch_->report_(*label_, own);
  if (outer_ != nullptr) outer_->others_ += whole;
  show(outer_ != nullptr ? outer_->label_ : nullptr, now);
}

void StallWatch::find_stuck(Time limit, const std::function<void(const CodeLabel&, Time)>& found) const {
  const auto now = clock_.monotonic();
  const std::lock_guard lock(threads().mutex);
  for (auto* slot : threads().slots) {
    const std::lock_guard slot_lock(slot->mutex);
    if (slot->label == nullptr || slot->reported || slot->label->watch.get() != this) continue;
    if (now - slot->since <= limit) continue;
    slot->reported = true;
    found(*slot->label, now - slot->since);
  }
}

}  // namespace troupe
