#pragma once

#include <memory>

#include "engine/hosts/local/local_host.h"
#include "engine/placement/creation.h"
#include "engine/placement/wait_graph.h"

namespace troupe {

/// Calls from one actor to another, by key in the same namespace; the called actor is created and woken if need be.
/// When it is destroyed while the call waits for it, the next actor of the key gets the call.
///
/// A call to an actor that runs in this process does not leave the thread: its action begins within the call, and the
/// caller goes on within its answer. Every so often it is queued instead, so that actors that call each other in a loop
/// let others have their turn.
/// Threads: any. Lifetime: shared; what it is made from outlives it.
class ActorCalls : public std::enable_shared_from_this<ActorCalls> {
 public:
  ActorCalls(Ports ports, const EngineSettings& settings, std::shared_ptr<Creation> creation, Directory& directory,
             std::shared_ptr<Placement> placement);

  /// Bounds: the deadline of the origin and `actor_call_timeout`, then `actor.action_timed_out`; `actor.aborted` when
  /// the caller gives up. `actor.call_deadlock` instead of a wait that could not end (WaitGraph).
  Task<Result<Bytes>> call(NamespaceId ns, ActorAddress to, std::string action, Bytes args, CallOrigin origin);

  /// A queue message. Bound: `actor_call_timeout`.
  Task<Result<QueueSent>> send(NamespaceId ns, ActorAddress to, QueueSend message);

 private:
  struct Request {
    NamespaceId ns;
    ActorAddress to;
    std::string key;
    std::string action;
    Bytes args;
    CallOrigin origin;
  };

  Task<std::shared_ptr<HostedActor>> running(const Request& request);
  /// Creates it if need be.
  Task<Result<ActorId>> actor_of(NamespaceId ns, std::string name, std::string key);
  /// Creates, wakes and waits as need be; `refused` has turned the call away.
  Task<Result<Bytes>> call_and_wait(std::shared_ptr<const Request> request, std::shared_ptr<HostedActor> refused);
  Task<Result<Bytes>> call_limited(std::shared_ptr<const Request> request, std::shared_ptr<HostedActor> refused);

  template <class T>
  using Work = std::function<Task<Result<T>>(HostedActor&)>;
  template <class T>
  Task<Result<T>> reach(NamespaceId ns, ActorAddress to, Work<T> work);
  template <class T>
  Task<Result<T>> reach_unlimited(NamespaceId ns, ActorAddress to, Work<T> work);

  IoExecutor io_;
  Clock& clock_;
  Millis timeout_;
  std::string local_pool_;
  std::shared_ptr<Creation> creation_;
  Directory& directory_;
  std::shared_ptr<Placement> placement_;
  WaitGraph waits_;
};

/// What hosts are given: fails with `guard.service_unavailable` once `calls` is gone.
ActorCaller make_actor_caller(std::weak_ptr<ActorCalls> calls);

}  // namespace troupe
