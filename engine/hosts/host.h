#pragma once

#include <functional>
#include <memory>

#include "engine/base/id.h"
#include "engine/directory/records.h"
#include "engine/runtime/actor_instance.h"
#include "troupe/http.h"

namespace troupe {

/// What a host tells the placement about one generation of an actor. Threads: any. Blocks: never.
class HostEvents {
 public:
  virtual ~HostEvents() = default;
  virtual void running() = 0;
  virtual void sleep_intent() = 0;
  virtual void destroy_intent() = 0;
  /// The generation has ended. `failure` = start failure or crash.
  virtual void stopped(std::optional<std::string> failure) = 0;
  /// Durable wake-up time, ms since the epoch; nothing clears it.
  virtual void alarm(std::optional<std::int64_t> at_ms) = 0;

  // Of hosts that can lose actors.
  /// As `running`, and says which envoy has it.
  virtual void running_at(const std::string& envoy_key) { (void)envoy_key; }
  /// A host that had to accept the actor does.
  virtual void accepted() {}
  /// The start command has arrived and must not be sent again.
  virtual void start_received() {}
  /// Nothing will be heard of this generation any more.
  virtual void lost(ActorFailure failure) { (void)failure; }
  /// The actor has to leave this host.
  virtual void drain() {}
  /// Runs `fn` once everything that was said before is carried out and stored, maybe inside this call.
  virtual void when_settled(std::function<void()> fn) { fn(); }
};

/// One generation of an actor at its host, local or envoy; the gateway does not know which.
/// Threads: any. Lifetime: shared.
class HostedActor {
 public:
  virtual ~HostedActor() = default;
  /// Begins to stop; `stopped` follows.
  virtual void stop(StopReason reason) = 0;
  /// The placement has given this generation up as lost and hears nothing of it any more; whatever is left of it has to
  /// end. Called only where the host's actors can be lost.
  virtual void abandon() {}
  /// `request.target` is the path as the actor sees it. Errors: `actor.stopping` before anything of the request has
  /// run (safe to send to the next generation); every other outcome is a response.
  virtual Task<Result<HttpResponse>> fetch(HttpRequest request) = 0;
  /// `upgrade` is the client's upgrade request. Errors as `fetch`; a refused admission closes `socket` itself and
  /// returns success.
  virtual Task<Result<std::shared_ptr<ActorSocket>>> open_websocket(HttpRequest upgrade,
                                                                    std::shared_ptr<ClientSocket> socket) = 0;
  /// An action called by another actor: CBOR array in, CBOR out.
  virtual Task<Result<Bytes>> call(std::string action, Bytes args) = 0;
};

/// Whom a host would give an actor to.
struct HostOffer {
  /// Set: to nobody, for this reason.
  std::optional<ActorFailure> refusal;
  /// Of hosts that can lose actors; empty when it is known later.
  std::string envoy_key;
  /// `HostEvents::accepted` has to follow.
  bool must_accept = false;
};

/// What hosts tell the placement on their own. Threads: any. Blocks: never.
class HostListener {
 public:
  virtual ~HostListener() = default;
  /// Actors of that pool that found no host can have one now.
  virtual void host_available(const NamespaceId& ns, const std::string& pool) = 0;
  /// Has a sleeping actor started.
  virtual void wake(const ActorId& id) = 0;
};

/// A place where actors can run.
class Host {
 public:
  virtual ~Host() = default;
  /// Whether this host runs actors of that name; `pool` is what the actor was created with.
  virtual bool serves(const NamespaceId& ns, const std::string& pool, const std::string& name) const = 0;
  /// Whether contact with a running actor can break, so that silence beyond the lifecycle limits counts as its end.
  virtual bool can_lose_actors() const { return false; }
  /// Asked before each start.
  virtual HostOffer offer(const NamespaceId& ns, const std::string& pool) {
    (void)ns, (void)pool;
    return {};
  }
  /// Starts generation `record.generation`; `events` hears `running` or `stopped`, maybe before this returns.
  virtual std::shared_ptr<HostedActor> start(const ActorRecord& record, std::shared_ptr<HostEvents> events) = 0;
  /// Takes up a generation that was started by an earlier process of the engine; only where actors can be lost.
  virtual std::shared_ptr<HostedActor> adopt(const ActorRecord& record, std::shared_ptr<HostEvents> events) {
    return start(record, std::move(events));
  }
  /// The actor is gone with its data.
  virtual void destroyed(const ActorId& id) { (void)id; }
  /// Set once, before anything else.
  virtual void listen(std::weak_ptr<HostListener> listener) { (void)listener; }
  /// The engine stops: lets go of what runs elsewhere, which goes on running. Nothing is said to events after it.
  virtual Task<void> stop() { co_return; }
};

}  // namespace troupe
