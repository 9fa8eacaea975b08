#pragma once

#include <memory>

#include "engine/hosts/local/local_host.h"
#include "engine/placement/creation.h"

namespace troupe {

/// Calls from one actor to another, by key in the same namespace; the called actor is created and woken if need be.
/// Threads: any. Lifetime: shared; what it is made from outlives it.
class ActorCalls : public std::enable_shared_from_this<ActorCalls> {
 public:
  ActorCalls(Ports ports, const EngineSettings& settings, std::shared_ptr<Creation> creation,
             std::shared_ptr<Placement> placement);

  /// Bound: `actor_call_timeout`, then `actor.action_timed_out`; so actors that wait for each other come free again.
  Task<Result<Bytes>> call(NamespaceId ns, ActorAddress to, std::string action, Bytes args);
  /// The same for a queue message.
  Task<Result<QueueSent>> send(NamespaceId ns, ActorAddress to, QueueSend message);

 private:
  template <class T>
  using Work = std::function<Task<Result<T>>(HostedActor&)>;
  template <class T>
  Task<Result<T>> reach(NamespaceId ns, ActorAddress to, Work<T> work);
  template <class T>
  Task<Result<T>> reach_unlimited(NamespaceId ns, ActorAddress to, Work<T> work);

  Executor io_;
  Millis timeout_;
  std::string local_pool_;
  std::shared_ptr<Creation> creation_;
  std::shared_ptr<Placement> placement_;
};

/// What hosts are given: fails with `guard.service_unavailable` once `calls` is gone.
ActorCaller make_actor_caller(std::weak_ptr<ActorCalls> calls);

}  // namespace troupe
