#include "engine/runtime/deadlines.h"

#include <algorithm>
#include <utility>

namespace troupe {

void Deadlines::Entry::cancel() {
  if (!owner_) return;
  owner_->queue_.erase(place_);
  owner_ = nullptr;
  // What the callback holds may be the owner of this entry.
  auto fn = std::move(fn_);
}

Deadlines::Deadlines(const Clock& clock, Timers& timers, const Executor& executor)
    : clock_(clock), timers_(timers), executor_(executor) {}

Deadlines::~Deadlines() {
  if (gone_) *gone_ = true;
  clear();
}

void Deadlines::arm(Entry& entry, std::chrono::nanoseconds delay, std::function<void()> fn) {
  entry.cancel();
  entry.fn_ = std::move(fn);
  entry.place_ = queue_.emplace(clock_.monotonic() + delay, &entry);
  entry.owner_ = this;
  schedule();
}

void Deadlines::clear() {
  while (!queue_.empty()) queue_.begin()->second->cancel();
  timer_.reset();
  timer_at_.reset();
}

void Deadlines::schedule() {
  if (queue_.empty()) return;
  const auto first = queue_.begin()->first;
  if (timer_at_ && *timer_at_ <= first) return;
  if (!timer_) timer_ = timers_.make(executor_);
  timer_at_ = first;
  const auto wait = std::max(first - clock_.monotonic(), std::chrono::nanoseconds(0));
  timer_->start(std::chrono::ceil<Millis>(wait), [this] { fire(); });
}

void Deadlines::fire() {
  timer_at_.reset();
  const auto now = clock_.monotonic();
  bool gone = false;
  gone_ = &gone;
  while (!queue_.empty() && queue_.begin()->first <= now) {
    {
      auto& entry = *queue_.begin()->second;
      auto fn = std::move(entry.fn_);
      entry.cancel();
      fn();
    }
    if (gone) return;
  }
  gone_ = nullptr;
  schedule();
}

}  // namespace troupe
