#pragma once

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

/// A place where actors can run.
class Host {
 public:
  virtual ~Host() = default;
  /// Whether this host runs actors of that name; `pool` is what the actor was created with.
  virtual bool serves(const NamespaceId& ns, const std::string& pool, const std::string& name) const = 0;
  /// Whether contact with a running actor can break, so that silence beyond the lifecycle limits counts as its end.
  virtual bool can_lose_actors() const { return false; }
  /// Starts generation `record.generation`; `events` hears `running` or `stopped`, maybe before this returns.
  virtual std::shared_ptr<HostedActor> start(const ActorRecord& record, std::shared_ptr<HostEvents> events) = 0;
};

}  // namespace troupe
