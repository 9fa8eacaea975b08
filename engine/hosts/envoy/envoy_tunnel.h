#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/hosts/envoy/envoy_link.h"
#include "engine/hosts/host.h"
#include "engine/hosts/tunnel_stats.h"
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
  virtual Task<Result<OpenedSocket>> open_websocket(EnvoyActorAddress to, HttpRequest upgrade,
                                                    std::shared_ptr<RelayedSocket> socket) = 0;
  virtual Task<Result<std::shared_ptr<ActorSocket>>> resume_websocket(EnvoyActorAddress to, HibernatingSocket socket,
                                                                      std::uint16_t next_index) = 0;
  virtual Task<Result<void>> closed_asleep(EnvoyActorAddress to, HibernatingSocket socket, std::uint16_t code,
                                           std::string reason) = 0;
  virtual Task<Result<Bytes>> call(EnvoyActorAddress to, std::string action, Bytes args) = 0;
  virtual Task<Result<QueueSent>> send(EnvoyActorAddress to, QueueSend message) = 0;

  /// A generation begins, or is found running by an engine that has just started: before its start command is sent,
  /// before any request for it. `hibernating`: the sockets its start command lists.
  virtual void actor_started(EnvoyActorAddress actor, std::vector<HibernatingSocket> hibernating) = 0;
  /// The generation is about to be told to stop, and another one takes its sockets over.
  virtual void actor_stopping(const ActorId& actor, std::uint32_t generation) = 0;
  /// The generation is over: stopped, crashed or lost. Called once for each generation that was started.
  virtual void actor_stopped(const ActorId& actor, std::uint32_t generation) = 0;
  /// From the connection of `from`, in order.
  virtual void receive(const std::shared_ptr<EnvoyLink>& from, envoyproto::ToRivetTunnelMessage message) = 0;
  /// The link takes messages, for the first time or again.
  virtual void connected(const std::shared_ptr<EnvoyLink>& link) = 0;
  /// The connection is gone; the envoy may come back.
  virtual void disconnected(const std::shared_ptr<EnvoyLink>& link) = 0;
  /// The engine stops. Every conversation ends as if its generation were over, and there are no new ones.
  virtual void stop() = 0;

  virtual TunnelStats stats() const = 0;
};

}  // namespace troupe
