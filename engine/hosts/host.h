#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/id.h"
#include "engine/directory/records.h"
#include "engine/pools/envoy_info.h"
#include "engine/runtime/actor_instance.h"
#include "engine/runtime/calls/call_origin.h"
#include "troupe/http.h"

namespace troupe {

class EnvoyGate;

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
  /// The same; returns once the record says so, as far as `ack`. Errors: those of the store, `actor.stopping` when the
  /// generation is over. By default nothing is known of the record.
  virtual Task<Result<void>> set_alarm(std::optional<std::int64_t> at_ms, Ack ack);

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
  /// Runs `fn` once everything that was said before is carried out and stored, maybe inside this call. When storing
  /// fails for long, only the last of many is run.
  virtual void when_settled(std::function<void()> fn) { fn(); }
};

/// What an actor answered to the opening of a WebSocket.
struct OpenedSocket {
  std::shared_ptr<ActorSocket> actor;
  /// The socket outlives the generation: while the actor sleeps its messages are kept, and the next generation resumes
  /// it. Every message to it has to be acknowledged.
  bool can_hibernate = false;
  /// A message that stays unacknowledged for `websocket_ack_timeout` counts as lost, and the socket with it. For hosts
  /// to which contact can break.
  bool acks_expire = false;
};

/// A socket that outlived the generation that opened it.
struct HibernatingSocket {
  SocketId id;
  /// The request that opened it; its target is the path as the actor sees it.
  std::shared_ptr<const HttpRequest> upgrade;
  /// The client's end for the coming generation.
  std::shared_ptr<RelayedSocket> client;
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
  /// returns success. When the client closes a socket that can hibernate, the actor's end answers with a close of
  /// `socket` once the end of the connection is this generation's business. Without that answer before the generation
  /// stops, the next one is told.
  virtual Task<Result<OpenedSocket>> open_websocket(HttpRequest upgrade, std::shared_ptr<RelayedSocket> socket) = 0;
  /// Picks up a socket of an earlier generation, or one that this generation let go of; no opening is sent. Called once
  /// the actor runs. `next_index` is that of the next thing sent to the actor's end, but for what is sent again. An
  /// error closes the socket with it.
  virtual Task<Result<std::shared_ptr<ActorSocket>>> resume_websocket(HibernatingSocket socket,
                                                                      std::uint16_t next_index);
  /// The client closed the socket while no generation had it; this is the one that was woken for it, whose start did
  /// not list the socket. Hosts whose actors find that out by themselves do nothing. Errors: `actor.stopping` when the
  /// next generation has to be told instead.
  virtual Task<Result<void>> closed_asleep(HibernatingSocket socket, std::uint16_t code, std::string reason);
  /// An action called by another actor: CBOR array in, CBOR out.
  virtual Task<Result<Bytes>> call(std::string action, Bytes args) = 0;
  /// A queue message from another actor.
  virtual Task<Result<QueueSent>> send(QueueSend message);
  /// The same with what bounds the call. A host that keeps `limits_calls` ends it at the deadline and when the caller
  /// gives up; for others the placement stops waiting then.
  virtual Task<Result<Bytes>> call_from(CallOrigin, std::string action, Bytes args) {
    return call(std::move(action), std::move(args));
  }
  virtual bool limits_calls() const { return false; }
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
  /// Host processes connected for that namespace, for hosts that have any.
  virtual std::vector<EnvoyInfo> envoys(const NamespaceId&) const { return {}; }
  /// Another version is deployed in a pool: closes the host processes of older ones.
  virtual void evict_older(const NamespaceId& ns, const std::string& pool, std::uint32_t version) {
    (void)ns, (void)pool, (void)version;
  }
  /// The offer is not taken up.
  virtual void withdraw(const NamespaceId& ns, const std::string& pool) { (void)ns, (void)pool; }
  /// Starts generation `record.generation`; `events` hears `running` or `stopped`, maybe before this returns.
  /// `hibernating`: the open sockets of earlier generations. Their clients can be written to from now on;
  /// `resume_websocket` follows for each of them once the actor runs, unless the client closes it before.
  virtual std::shared_ptr<HostedActor> start(const ActorRecord& record, std::shared_ptr<HostEvents> events,
                                             std::vector<HibernatingSocket> hibernating) = 0;
  /// Takes up a generation that was started by an earlier process of the engine; only where actors can be lost.
  virtual std::shared_ptr<HostedActor> adopt(const ActorRecord& record, std::shared_ptr<HostEvents> events) {
    return start(record, std::move(events), {});
  }
  /// The actor is gone with its data.
  virtual void destroyed(const ActorId& id) { (void)id; }
  /// Set once, before anything else.
  virtual void listen(std::weak_ptr<HostListener> listener) { (void)listener; }
  /// Where the processes of this host connect, for hosts that have any.
  virtual EnvoyGate* envoy_gate() { return nullptr; }
  /// The engine stops: lets go of what runs elsewhere, which goes on running. Nothing is said to events after it.
  virtual Task<void> stop() { co_return; }
};

}  // namespace troupe
