#include "engine/placement/actor_calls.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "engine/base/errors.h"
#include "engine/base/key.h"
#include "engine/placement/hand_over.h"

namespace troupe {
namespace {

template <class T>
Task<Result<T>> unavailable() {
  co_return make_error("guard", "service_unavailable");
}

}  // namespace

ActorCaller make_actor_caller(std::weak_ptr<ActorCalls> calls) {
  auto call = [calls](NamespaceId ns, ActorAddress to, std::string action, Bytes args) {
    auto target = calls.lock();
    if (!target) return unavailable<Bytes>();
    return target->call(ns, std::move(to), std::move(action), std::move(args));
  };
  auto send = [calls](NamespaceId ns, ActorAddress to, QueueSend message) {
    auto target = calls.lock();
    if (!target) return unavailable<QueueSent>();
    return target->send(ns, std::move(to), std::move(message));
  };
  return {std::move(call), std::move(send)};
}

ActorCalls::ActorCalls(Ports ports, const EngineSettings& settings, std::shared_ptr<Creation> creation,
                       std::shared_ptr<Placement> placement)
    : io_(ports.io),
      timeout_(settings.actor_call_timeout),
      local_pool_(settings.local_pool),
      creation_(std::move(creation)),
      placement_(std::move(placement)) {}

Task<Result<Bytes>> ActorCalls::call(NamespaceId ns, ActorAddress to, std::string action, Bytes args) {
  Work<Bytes> work = [action = std::move(action), args = std::move(args)](HostedActor& hosted) {
    return hosted.call(action, args);
  };
  return reach<Bytes>(ns, std::move(to), std::move(work));
}

Task<Result<QueueSent>> ActorCalls::send(NamespaceId ns, ActorAddress to, QueueSend message) {
  Work<QueueSent> work = [message = std::move(message)](HostedActor& hosted) { return hosted.send(message); };
  return reach<QueueSent>(ns, std::move(to), std::move(work));
}

template <class T>
Task<Result<T>> ActorCalls::reach(NamespaceId ns, ActorAddress to, Work<T> work) {
  auto self = shared_from_this();
  auto task = [self, ns, to = std::move(to), work = std::move(work)] {
    return self->template reach_unlimited<T>(ns, to, work);
  };
  auto start = [self, task = std::move(task)](Continuation<Result<T>> rest) {
    auto waiter = std::make_shared<Waiter<Result<T>>>(std::move(rest));
    auto expired = [waiter] { waiter->finish(make_error("actor", "action_timed_out")); };
    waiter->set_deadline(self->placement_->shared_deadlines(),
                         self->placement_->shared_deadlines()->add(self->timeout_, std::move(expired)));
    auto done = [waiter](std::exception_ptr thrown, Result<T> result) {
      waiter->finish(thrown ? Result<T>(internal_error("a call between actors threw")) : std::move(result));
    };
    boost::asio::co_spawn(self->io_, task, std::move(done));
  };
  co_return co_await suspend<Result<T>>(std::move(start));
}

template <class T>
Task<Result<T>> ActorCalls::reach_unlimited(NamespaceId ns, ActorAddress to, Work<T> work) {
  auto self = shared_from_this();
  GetOrCreate create;
  create.namespace_id = ns;
  create.name = std::move(to.name);
  create.key = serialize_key(to.key);
  create.pool = local_pool_;
  TROUPE_CO_TRY(auto target, co_await creation_->get_or_create(std::move(create)));
  co_return co_await hand_over_to<T>(*placement_, target.actor.id, false, std::move(work));
}

}  // namespace troupe
