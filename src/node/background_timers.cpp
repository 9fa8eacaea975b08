#include "src/node/background_timers.h"

#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

namespace troupe::node {

class BackgroundTimers::Background final : public Timer {
 public:
  Background(std::shared_ptr<Shared> shared, std::shared_ptr<Timer> timer, Executor executor)
      : shared_(std::move(shared)), timer_(std::move(timer)) {
    const std::lock_guard lock(shared_->mutex);
    shared_->timers.emplace(timer_.get(), Entry{std::move(executor), timer_});
  }
  ~Background() override {
    const std::lock_guard lock(shared_->mutex);
    shared_->timers.erase(timer_.get());
  }

  void start(Millis delay, std::function<void()> fn) override {
    {
      const std::lock_guard lock(shared_->mutex);
      if (shared_->closed) return;
    }
    // Closing it at this moment cancels it afterwards: on the same executor.
    timer_->start(delay, std::move(fn));
  }
  void cancel() override { timer_->cancel(); }

 private:
  const std::shared_ptr<Shared> shared_;
  /// Shared with nobody for longer than a turn on its executor.
  const std::shared_ptr<Timer> timer_;
};

std::unique_ptr<Timer> BackgroundTimers::make(Executor executor) {
  std::shared_ptr<Timer> timer = inner_.make(executor);
  return std::make_unique<Background>(shared_, std::move(timer), std::move(executor));
}

void BackgroundTimers::close() {
  std::vector<Entry> open;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->closed = true;
    for (const auto& [key, entry] : shared_->timers) open.push_back(entry);
  }
  for (const Entry& entry : open) {
    boost::asio::post(entry.executor, [weak = entry.timer] {
      if (const auto timer = weak.lock()) timer->cancel();
    });
  }
}

}  // namespace troupe::node
