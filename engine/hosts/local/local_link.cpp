#include "engine/base/errors.h"
#include "engine/hosts/local/local_actor.h"

namespace troupe {

void LocalLink::sleep_intent() {
  if (const auto to = events()) to->sleep_intent();
}

void LocalLink::destroy_intent() {
  if (const auto to = events()) to->destroy_intent();
}

Task<Result<void>> LocalLink::set_alarm(std::optional<std::int64_t> at_ms, Ack ack) {
  const auto to = events();
  if (!to) co_return make_error("actor", "stopping");
  co_return co_await to->set_alarm(at_ms, ack);
}

Task<Result<Bytes>> LocalLink::call(ActorAddress to, std::string action, Bytes args, CallOrigin origin) {
  return world_->call(ns_, std::move(to), std::move(action), std::move(args), std::move(origin));
}

Task<Result<QueueSent>> LocalLink::send(ActorAddress to, QueueSend message) {
  return world_->call.send(ns_, std::move(to), std::move(message));
}

void LocalLink::running() {
  if (const auto to = events()) to->running();
}

void LocalLink::stopped(std::optional<std::string> failure) {
  std::shared_ptr<HostEvents> to;
  {
    const std::lock_guard lock(mutex_);
    to = std::move(events_);
  }
  if (to) to->stopped(std::move(failure));
}

std::shared_ptr<HostEvents> LocalLink::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

}  // namespace troupe
