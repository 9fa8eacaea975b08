#include "engine/placement/actor_calls.h"

#include <algorithm>
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

/// A caller that waits, and what ends the wait when it gives up.
struct WaitingCall {
  explicit WaitingCall(Continuation<Result<Bytes>> rest) : waiter(std::move(rest)) {}
  Waiter<Result<Bytes>> waiter;
  AbortSignal::Subscription giving_up;
};

/// So many calls in a row go on without giving others on the thread a turn.
constexpr unsigned kCallsAtOnceMax = 32;

bool turn_is_over() {
  thread_local unsigned calls = 0;
  return ++calls % kCallsAtOnceMax == 0;
}

}  // namespace

ActorCaller make_actor_caller(std::weak_ptr<ActorCalls> calls) {
  auto call = [calls](NamespaceId ns, ActorAddress to, std::string action, Bytes args, CallOrigin origin) {
    auto target = calls.lock();
    if (!target) return unavailable<Bytes>();
    return target->call(ns, std::move(to), std::move(action), std::move(args), std::move(origin));
  };
  auto send = [calls](NamespaceId ns, ActorAddress to, QueueSend message) {
    auto target = calls.lock();
    if (!target) return unavailable<QueueSent>();
    return target->send(ns, std::move(to), std::move(message));
  };
  return {std::move(call), std::move(send)};
}

ActorCalls::ActorCalls(Ports ports, const EngineSettings& settings, std::shared_ptr<Creation> creation,
                       Directory& directory, std::shared_ptr<Placement> placement)
    : io_(ports.io),
      clock_(ports.clock),
      timeout_(settings.actor_call_timeout),
      local_pool_(settings.local_pool),
      creation_(std::move(creation)),
      directory_(directory),
      placement_(std::move(placement)),
      waits_([placement = placement_.get()](const ActorId& id) { return placement->transition(id); }) {}

Task<Result<Bytes>> ActorCalls::call(NamespaceId ns, ActorAddress to, std::string action, Bytes args,
                                     CallOrigin origin) {
  const auto self = shared_from_this();
  const auto latest = clock_.monotonic() + timeout_;
  origin.deadline = std::min(origin.deadline.value_or(latest), latest);
  auto key = serialize_key(to.key);
  const auto request = std::make_shared<const Request>(
      Request{ns, std::move(to), std::move(key), std::move(action), std::move(args), std::move(origin)});
  auto hosted = co_await running(*request);
  if (!hosted || !hosted->limits_calls()) co_return co_await call_limited(request, nullptr);
  auto result = co_await hosted->call_from(request->origin, request->action, request->args);
  if (!result && refused_by_generation(result.error())) {
    auto again = call_limited(request, std::move(hosted));
    co_return co_await std::move(again);
  }
  if (turn_is_over()) {
    auto queue_up = [](Continuation<Done> rest) { rest.post({}); };
    co_await suspend<Done>(std::move(queue_up));
  }
  co_return result;
}

/// The warm path: null when the actor does not exist, does not run, or is not known without looking it up.
Task<std::shared_ptr<HostedActor>> ActorCalls::running(const Request& request) {
  if (placement_->stopping()) co_return nullptr;
  auto id = co_await directory_.find_by_key(request.ns, request.to.name, request.key);
  if (!id || !*id) co_return nullptr;
  co_return placement_->running(**id);
}

/// The caller stops waiting at the deadline and when it gives up, whatever the rest is doing.
Task<Result<Bytes>> ActorCalls::call_limited(std::shared_ptr<const Request> request,
                                             std::shared_ptr<HostedActor> refused) {
  const auto self = shared_from_this();
  auto start = [self, request, refused = std::move(refused)](Continuation<Result<Bytes>> rest) {
    auto call = std::make_shared<WaitingCall>(std::move(rest));
    const auto left = *request->origin.deadline - self->clock_.monotonic();
    auto expired = [call] { call->waiter.finish(make_error("actor", "action_timed_out")); };
    const auto& deadlines = self->placement_->shared_deadlines();
    const auto limit = std::max(std::chrono::ceil<Millis>(left), Millis(0));
    call->waiter.set_deadline(deadlines, deadlines->add(limit, std::move(expired)));
    if (const auto& abort = request->origin.abort)
      call->giving_up = abort->on_abort([weak = std::weak_ptr(call)] {
        if (const auto waiting = weak.lock()) waiting->waiter.finish(make_error("actor", "aborted"));
      });
    auto done = [call](std::exception_ptr thrown, Result<Bytes> result) {
      call->waiter.finish(thrown ? Result<Bytes>(internal_error("a call between actors threw")) : std::move(result));
    };
    auto task = [self, request, refused] { return self->call_and_wait(request, refused); };
    boost::asio::co_spawn(self->io_, std::move(task), std::move(done));
  };
  co_return co_await suspend<Result<Bytes>>(std::move(start));
}

Task<Result<Bytes>> ActorCalls::call_and_wait(std::shared_ptr<const Request> request,
                                              std::shared_ptr<HostedActor> refused) {
  /// A generation that keeps refusing although it is said to be ready must not spin.
  constexpr int kRefusalsMax = 32;

  const auto self = shared_from_this();
  TROUPE_CO_TRY(auto id, co_await actor_of(request->ns, request->to.name, request->key));

  Placement::Acquire how;
  how.not_this = std::move(refused);
  how.deadline = placement_->ready_deadline();
  auto hosted = placement_->running(id);
  if (hosted == how.not_this) hosted = nullptr;
  int ended = 0;
  for (int refusals = 0;; ++refusals) {
    while (!hosted) {
      auto waiting = waits_.enter(request->origin.path, id, request->to.name, request->to.key);
      if (!waiting) co_return std::move(waiting).error();
      auto acquired = co_await placement_->acquire(id, how);
      if (acquired) {
        hosted = *std::move(acquired);
      } else if (has_ended(acquired.error()) && ended++ < kEndedActorsMax) {
        TROUPE_CO_TRY(id, co_await actor_of(request->ns, request->to.name, request->key));
      } else {
        co_return std::move(acquired).error();
      }
    }
    auto result = co_await hosted->call_from(request->origin, request->action, request->args);
    if (result || !refused_by_generation(result.error()) || refusals == kRefusalsMax) co_return result;
    how.not_this = std::exchange(hosted, nullptr);
  }
}

Task<Result<ActorId>> ActorCalls::actor_of(NamespaceId ns, std::string name, std::string key) {
  GetOrCreate create;
  create.namespace_id = ns;
  create.name = std::move(name);
  create.key = std::move(key);
  create.pool = local_pool_;
  TROUPE_CO_TRY(const auto target, co_await creation_->get_or_create(std::move(create)));
  co_return target.actor.id;
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
  ActorOfKey actor = [self, ns, name = std::move(to.name), key = serialize_key(to.key)] {
    return self->actor_of(ns, name, key);
  };
  TROUPE_CO_TRY(const auto id, co_await actor());
  co_return co_await hand_over_to<T>(*placement_, id, false, std::move(work), std::move(actor));
}

}  // namespace troupe
