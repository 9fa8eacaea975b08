#pragma once

#include <memory>

#include "engine/base/ports.h"
#include "engine/engine.h"
#include "gateway/routing/target.h"
#include "troupe/http.h"

namespace troupe {

struct ProxySettings {
  /// Tries of one request, the first included.
  int attempts_max = 7;
  /// Before the second try; doubles for each further one.
  Millis retry_delay{150};
  /// Tries to open a WebSocket begin within this time.
  Millis open_time_max{55'000};
};

/// Follows one request through the proxy, so that whoever waits for it knows which time limit applies.
/// Threads: the executor of the request.
class ProxyObserver {
 public:
  virtual ~ProxyObserver() = default;
  /// An actor is looked up by name, or made.
  virtual void resolving() = 0;
  /// The actor is known; it may have to be woken.
  virtual void forwarding() = 0;
  /// Nobody wants further tries.
  virtual bool given_up() const = 0;
};

/// Brings requests and WebSockets to actors. Delivery is at most once: a request is sent again only after errors that
/// say that nothing of it has run. Source: Rivet Engine 2.3.19 with response streaming, whose policy this is.
/// Threads: any; a task resumes on the executor that awaits it, which must be serial.
class ActorProxy {
 public:
  /// Lifetime: what is passed by reference outlives it.
  ActorProxy(const Ports& ports, Engine& engine, ProxySettings settings);

  /// Errors are answers of the gateway: `actor.not_found`, `namespace.not_found`, `datacenter.not_found`,
  /// `actor.no_runner_config_configured`, what `Engine::fetch` says, `guard.retry_attempts_exceeded`.
  /// Lifetime: `observer` until the task ends.
  Task<Result<HttpResponse>> fetch(ActorTarget target, HttpRequest request, ProxyObserver& observer);

  struct Acquired {
    ActorId id;
    std::shared_ptr<HostedActor> actor;
  };
  /// The running actor, for a WebSocket whose handshake is answered next.
  Task<Result<Acquired>> acquire(ActorTarget target, ProxyObserver& observer);

  /// Opens the actor's end. When the actor stops, refuses or keeps silent before it has opened it, it is asked again,
  /// in its next generation if there is one: the client has sent nothing yet.
  /// Errors: as `acquire`, `guard.websocket_closed_before_open`, `guard.websocket_open_timeout`.
  Task<Result<std::shared_ptr<ActorSocket>>> open(ActorTarget target, Acquired acquired, HttpRequest upgrade,
                                                  std::shared_ptr<ClientSocket> socket, ProxyObserver& observer);

 private:
  Task<Result<ActorId>> resolve(const ActorTarget& target, ProxyObserver& observer);
  Task<Result<ActorId>> resolve_query(const ActorQuery& query);
  /// After a failed attempt: waits until the next one is due, or returns the error that ends the request.
  Task<Result<void>> try_again(const ActorTarget& target, int attempt, Error error, ProxyObserver& observer);
  Task<void> pause_before_attempt(int attempt);

  Ports ports_;
  Engine& engine_;
  ProxySettings settings_;
};

}  // namespace troupe
