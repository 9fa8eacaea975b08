#include "engine/hosts/envoy/envoy_actor.h"

#include <utility>

#include "engine/base/errors.h"
#include "engine/hosts/envoy/envoy_process.h"

namespace troupe {
namespace {

/// No envoy has said yet that it runs the actor.
Error not_ready() { return make_error("actor", "not_ready"); }

}  // namespace

envoyproto::StopActorReason stop_reason(StopReason reason) {
  using Reason = envoyproto::StopActorReason;
  switch (reason) {
    case StopReason::sleep_intent:
      return Reason::sleep_intent;
    case StopReason::destroy_intent:
      return Reason::stop_intent;
    case StopReason::destroy:
      return Reason::destroy;
    default:
      return Reason::going_away;
  }
}

std::shared_ptr<EnvoyProcess> EnvoyActor::process() const {
  const std::lock_guard lock(mutex_);
  return process_;
}

bool EnvoyActor::bind(const std::shared_ptr<EnvoyProcess>& process) {
  std::optional<envoyproto::StopActorReason> stop;
  {
    const std::lock_guard lock(mutex_);
    if (process_ || finished_) return false;
    process_ = process;
    stop = std::exchange(early_stop_, std::nullopt);
  }
  process->add_unasked(shared_from_this());
  if (stop) order_stop(*process, *stop);
  return true;
}

bool EnvoyActor::finish() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(finished_, true)) return false;
  }
  tunnel_->actor_stopped(record.id, record.generation);
  ended_(*this);
  return true;
}

bool EnvoyActor::finished() const {
  const std::lock_guard lock(mutex_);
  return finished_;
}

void EnvoyActor::stop(StopReason reason) {
  std::shared_ptr<EnvoyProcess> at;
  {
    const std::lock_guard lock(mutex_);
    at = process_;
    if (!at) early_stop_ = stop_reason(reason);
  }
  if (at) order_stop(*at, stop_reason(reason));
}

void EnvoyActor::order_stop(EnvoyProcess& at, envoyproto::StopActorReason reason) {
  using Reason = envoyproto::StopActorReason;
  // First, so that nothing that has to be handled follows the order. After a destruction nobody is left to handle it.
  if (reason != Reason::stop_intent && reason != Reason::destroy) tunnel_->actor_stopping(record.id, record.generation);
  at.order_stop(*this, reason);
}

void EnvoyActor::abandon() {
  finish();
  if (auto at = process()) at->give_up(*this);
}

std::optional<EnvoyActorAddress> EnvoyActor::address() const {
  auto at = process();
  if (!at) return std::nullopt;
  return EnvoyActorAddress{record.id, record.generation, std::move(at)};
}

Task<Result<HttpResponse>> EnvoyActor::fetch(HttpRequest request) {
  auto to = address();
  if (!to) co_return not_ready();
  co_return co_await tunnel_->fetch(std::move(*to), std::move(request));
}

Task<Result<OpenedSocket>> EnvoyActor::open_websocket(HttpRequest upgrade, std::shared_ptr<RelayedSocket> socket) {
  auto to = address();
  if (!to) co_return not_ready();
  co_return co_await tunnel_->open_websocket(std::move(*to), std::move(upgrade), std::move(socket));
}

Task<Result<std::shared_ptr<ActorSocket>>> EnvoyActor::resume_websocket(HibernatingSocket socket,
                                                                        std::uint16_t next_index) {
  auto to = address();
  if (!to) co_return not_ready();
  co_return co_await tunnel_->resume_websocket(std::move(*to), std::move(socket), next_index);
}

Task<Result<void>> EnvoyActor::closed_asleep(HibernatingSocket socket, std::uint16_t code, std::string reason) {
  auto to = address();
  if (!to) co_return not_ready();
  co_return co_await tunnel_->closed_asleep(std::move(*to), std::move(socket), code, std::move(reason));
}

Task<Result<Bytes>> EnvoyActor::call(std::string action, Bytes args) {
  auto to = address();
  if (!to) co_return not_ready();
  co_return co_await tunnel_->call(std::move(*to), std::move(action), std::move(args));
}

Task<Result<QueueSent>> EnvoyActor::send(QueueSend message) {
  auto to = address();
  if (!to) co_return not_ready();
  co_return co_await tunnel_->send(std::move(*to), std::move(message));
}

}  // namespace troupe
