#include "tests/sim/sim_agenda.h"

#include <algorithm>

namespace troupe::sim {

void Agenda::after(Millis delay, Work work) {
  due_.emplace(now() + delay, std::move(work));
  arm();
}

void Agenda::attach(const Ports& ports, Millis gap) {
  passed_ += gap;
  ports_.emplace(ports);
  attached_at_ = ports.clock.monotonic();
  timer_ = ports.timers.make(ports.io);
  arm();
}

void Agenda::detach() {
  passed_ = now();
  timer_.reset();
  ports_.reset();
}

std::chrono::nanoseconds Agenda::now() const {
  return ports_ ? passed_ + (ports_->clock.monotonic() - attached_at_) : passed_;
}

void Agenda::arm() {
  if (!timer_ || running_ || due_.empty()) return;
  const auto left = std::max(std::chrono::nanoseconds::zero(), due_.begin()->first - now());
  timer_->start(std::chrono::ceil<Millis>(left), [this] { run(); });
}

void Agenda::run() {
  running_ = true;
  while (timer_ && !due_.empty() && due_.begin()->first <= now()) {
    const Work work = std::move(due_.begin()->second);
    due_.erase(due_.begin());
    work();
  }
  running_ = false;
  arm();
}

}  // namespace troupe::sim
