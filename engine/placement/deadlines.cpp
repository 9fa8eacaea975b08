#include "engine/placement/deadlines.h"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <utility>
#include <vector>

namespace troupe {

DeadlineQueue::DeadlineQueue(const Ports& ports)
    : clock_(ports.clock), strand_(boost::asio::make_strand(ports.io)), timer_(ports.timers.make(strand_)) {}

DeadlineQueue::Token DeadlineQueue::add(Millis delay, std::function<void()> fn) {
  const Time at = clock_.monotonic() + delay;
  std::lock_guard lock(mutex_);
  const Token token = next_++;
  if (stopped_) return token;
  by_time_.emplace(std::pair(at, token), std::move(fn));
  times_.emplace(token, at);
  if (armed_for_ && *armed_for_ <= at) return token;
  armed_for_ = at;
  boost::asio::post(strand_, [self = shared_from_this()] { self->arm(); });
  return token;
}

void DeadlineQueue::cancel(Token token) {
  // Destroyed outside the lock: it may hold the last reference to something that cancels.
  std::function<void()> dropped;
  std::lock_guard lock(mutex_);
  auto it = times_.find(token);
  if (it == times_.end()) return;
  auto entry = by_time_.extract({it->second, token});
  times_.erase(it);
  dropped = std::move(entry.mapped());
}

void DeadlineQueue::stop() {
  decltype(by_time_) dropped;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    times_.clear();
    std::swap(dropped, by_time_);
  }
  boost::asio::post(strand_, [self = shared_from_this()] { self->timer_->cancel(); });
}

void DeadlineQueue::arm() {
  Time delay{};
  {
    std::lock_guard lock(mutex_);
    if (by_time_.empty()) {
      armed_for_.reset();
      return;
    }
    armed_for_ = by_time_.begin()->first.first;
    delay = *armed_for_ - clock_.monotonic();
  }
  // Rounded up, so that a deadline is never early.
  const auto wait = std::chrono::ceil<Millis>(std::max(delay, Time::zero()));
  timer_->start(wait, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->fire();
  });
}

void DeadlineQueue::fire() {
  std::vector<std::function<void()>> due;
  {
    std::lock_guard lock(mutex_);
    const Time now = clock_.monotonic();
    while (!by_time_.empty() && by_time_.begin()->first.first <= now) {
      auto entry = by_time_.extract(by_time_.begin());
      times_.erase(entry.key().second);
      due.push_back(std::move(entry.mapped()));
    }
  }
  for (auto& fn : due) fn();
  arm();
}

}  // namespace troupe
