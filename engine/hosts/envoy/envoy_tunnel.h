#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/hosts/envoy/envoy_link.h"
#include "engine/hosts/host.h"
#include "troupe/http.h"

namespace troupe {

/// One generation of an actor at its envoy.
struct EnvoyActorAddress {
  ActorId actor;
  std::uint32_t generation = 0;
  std::shared_ptr<EnvoyLink> link;
};

/// Requests, WebSockets and calls of clients on their way to the actors of envoys.
/// Threads: any. Blocks: never. The first block is called for clients, the second by the host as things happen.
class EnvoyTunnel {
 public:
  virtual ~EnvoyTunnel() = default;

  /// As the functions of the same name of `HostedActor`.
  virtual Task<Result<HttpResponse>> fetch(EnvoyActorAddress to, HttpRequest request) = 0;
  virtual Task<Result<std::shared_ptr<ActorSocket>>> open_websocket(EnvoyActorAddress to, HttpRequest upgrade,
                                                                    std::shared_ptr<ClientSocket> socket) = 0;
  virtual Task<Result<Bytes>> call(EnvoyActorAddress to, std::string action, Bytes args) = 0;

  /// Client sockets that sleep with the actor; asked when a start command is sent.
  virtual std::vector<envoyproto::HibernatingRequest> hibernating_requests(const ActorId& actor) = 0;
  /// From the connection of `from`, in order.
  virtual void receive(const std::shared_ptr<EnvoyLink>& from, envoyproto::ToRivetTunnelMessage message) = 0;
  virtual void connected(const std::shared_ptr<EnvoyLink>& link) = 0;
  /// The connection is gone; the envoy may come back.
  virtual void disconnected(const std::shared_ptr<EnvoyLink>& link) = 0;
  virtual void actor_running(const EnvoyActorAddress& actor) = 0;
  /// The generation is over: stopped, crashed or lost. Called once for each generation that was started.
  virtual void actor_stopped(const ActorId& actor, std::uint32_t generation) = 0;
  /// The actor is gone with its data.
  virtual void actor_destroyed(const ActorId& actor) = 0;
  /// How the tunnel has a sleeping actor started. Set once, before anything else.
  virtual void set_wake(std::function<void(const ActorId&)> wake) = 0;
};

}  // namespace troupe
