#include "engine/storage/rocks/delayed_job.h"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

namespace troupe {

DelayedJob::DelayedJob(const Ports& ports, std::function<void()> run)
    : timers_(ports.timers), executor_(boost::asio::make_strand(ports.io)), run_(std::move(run)) {}

std::shared_ptr<DelayedJob> DelayedJob::make(const Ports& ports, std::function<void()> run) {
  // The last reference may be dropped anywhere, but the timer belongs to its executor.
  auto destroy = [](DelayedJob* job) {
    const Executor executor = job->executor_;
    boost::asio::dispatch(executor, [owned = std::unique_ptr<DelayedJob>(job)]() mutable { owned.reset(); });
  };
  return std::shared_ptr<DelayedJob>(new DelayedJob(ports, std::move(run)), std::move(destroy));
}

void DelayedJob::request(Millis delay) {
  if (closed_ || requested_ || requested_.exchange(true)) return;
  boost::asio::post(executor_, [self = shared_from_this(), delay] {
    if (self->closed_) return;
    if (!self->timer_) self->timer_ = self->timers_.make(self->executor_);
    self->timer_->start(delay, [weak = self->weak_from_this()] {
      const auto job = weak.lock();
      if (!job || job->closed_) return;
      job->requested_ = false;
      job->run_();
    });
  });
}

void DelayedJob::close() {
  if (closed_.exchange(true)) return;
  boost::asio::post(executor_, [self = shared_from_this()] { self->timer_.reset(); });
}

}  // namespace troupe
