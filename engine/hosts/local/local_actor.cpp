#include "engine/hosts/local/local_actor.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "engine/base/key.h"
#include "engine/hosts/local/client_front.h"

namespace troupe {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kFailureTextMax = 2'048;

/// The link lives on in the task, so that the end is reported although nobody holds the actor any more.
Task<void> run_start(std::shared_ptr<ActorInstance> instance, std::shared_ptr<LocalLink> link) {
  std::optional<std::string> failure;
  try {
    auto started = co_await instance->start();
    if (!started) failure = start_failure_text(instance->info(), started.error());
  } catch (const std::exception& e) {
    failure = start_failure_text(instance->info(), internal_error(e.what()));
  }
  if (failure)
    link->stopped(std::move(failure));
  else
    link->running();
}

Task<void> run_stop(std::shared_ptr<ActorInstance> instance, std::shared_ptr<LocalLink> link, StopReason reason) {
  std::optional<std::string> failure;
  try {
    co_await instance->stop(reason);
  } catch (const std::exception& e) {
    failure = std::string("internal_error: ") + e.what();
  }
  link->stopped(std::move(failure));
}

}  // namespace

void LocalActor::start() { asio::co_spawn(instance_->executor(), run_start(instance_, link_), asio::detached); }

void LocalActor::stop(StopReason reason) {
  asio::co_spawn(instance_->executor(), run_stop(instance_, link_, reason), asio::detached);
}

Task<Result<HttpResponse>> LocalActor::fetch(HttpRequest request) {
  if (world_->inspector && request.target.starts_with("/inspector/"))
    return world_->inspector->fetch(instance_, std::move(request));
  return front_fetch(instance_, std::move(request));
}

Task<Result<OpenedSocket>> LocalActor::open_websocket(HttpRequest upgrade, std::shared_ptr<RelayedSocket> socket) {
  return front_open_websocket(instance_, std::move(upgrade), std::move(socket), world_->ports.timers);
}

Task<Result<std::shared_ptr<ActorSocket>>> LocalActor::resume_websocket(HibernatingSocket socket, std::uint16_t) {
  return instance_->resume(socket.id);
}

Task<Result<Bytes>> LocalActor::call(std::string action, Bytes args) {
  return instance_->called_action({}, std::move(action), std::move(args));
}

Task<Result<Bytes>> LocalActor::call_from(CallOrigin origin, std::string action, Bytes args) {
  return instance_->called_action(std::move(origin), std::move(action), std::move(args));
}

Task<Result<QueueSent>> LocalActor::send(QueueSend message) { return instance_->queue_send({}, std::move(message)); }

std::string start_failure_text(const ActorInfo& actor, const Error& error) {
  const bool hides_cause = error.is("rivetkit", "internal_error") && !error.detail().empty();
  std::string text = "start actor `" + actor.actor_id + "`: actor task start: actor " + actor.actor_id +
                     " generation " + std::to_string(actor.generation) + " key " + display_key(actor.key) +
                     ": runtime startup preamble: " + error.code() + ": " +
                     (hides_cause ? error.detail() : error.message());
  if (text.size() > kFailureTextMax) {
    text.resize(kFailureTextMax);
    text += "... (truncated)";
  }
  return text;
}

}  // namespace troupe
