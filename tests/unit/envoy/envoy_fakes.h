#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/async.h"
#include "engine/base/errors.h"
#include "engine/envoystore/envoy_store.h"
#include "engine/hosts/envoy/envoy_gate.h"
#include "engine/hosts/envoy/envoy_tunnel.h"

namespace troupe {

/// The engine's end of a connection: what an envoy would receive.
class WireFake final : public EnvoyWire {
 public:
  bool send(const envoyproto::ToEnvoy& message) override;
  std::size_t buffered_bytes() const override { return 0; }
  Task<void> wait_drained() override;
  void close(Error why) override;
  void drain();

  template <class Message>
  std::vector<Message> all() const {
    std::vector<Message> some;
    for (const auto& message : sent)
      if (const auto* one = std::get_if<Message>(&message)) some.push_back(*one);
    return some;
  }
  std::string close_reason() const { return closed ? closed->id() : ""; }

  std::vector<envoyproto::ToEnvoy> sent;
  std::optional<Error> closed;
  bool slow = false;
  std::vector<Continuation<Done>> waiting;
};

/// Notes what the host tells it.
class TunnelFake final : public EnvoyTunnel {
 public:
  Task<Result<HttpResponse>> fetch(EnvoyActorAddress to, HttpRequest request) override;
  Task<Result<OpenedSocket>> open_websocket(EnvoyActorAddress, HttpRequest, std::shared_ptr<RelayedSocket>) override;
  Task<Result<std::shared_ptr<ActorSocket>>> resume_websocket(EnvoyActorAddress, HibernatingSocket,
                                                              std::uint16_t) override;
  Task<Result<void>> closed_asleep(EnvoyActorAddress, HibernatingSocket, std::uint16_t, std::string) override;
  Task<Result<Bytes>> call(EnvoyActorAddress, std::string action, Bytes) override;
  Task<Result<QueueSent>> send(EnvoyActorAddress, QueueSend) override;
  void actor_started(EnvoyActorAddress actor, std::vector<HibernatingSocket>) override;
  void actor_stopping(const ActorId&, std::uint32_t generation) override { told_to_stop.push_back(generation); }
  void actor_stopped(const ActorId&, std::uint32_t generation) override;
  void receive(const std::shared_ptr<EnvoyLink>& from, envoyproto::ToRivetTunnelMessage) override;
  void connected(const std::shared_ptr<EnvoyLink>& link) override { notes.push_back("connected " + link->key()); }
  void disconnected(const std::shared_ptr<EnvoyLink>& link) override { notes.push_back("disconnected " + link->key()); }
  void stop() override {}
  TunnelStats stats() const override { return {}; }

  std::vector<std::string> notes;
  std::vector<std::uint32_t> told_to_stop;
  std::shared_ptr<EnvoyLink> last_link;
};

/// Answers every request, key-value ones when the test says so.
class StorageFake final : public EnvoyStore {
 public:
  std::shared_ptr<EnvoyStorePeer> connect(NamespaceId, std::string) override { return nullptr; }
  void disconnect(const std::shared_ptr<EnvoyStorePeer>&) override { ++disconnects; }
  void stop() override {}
  Task<envoyproto::KvResponseData> handle(Peer, std::string actor_id, envoyproto::KvRequestData) override;
  Task<envoyproto::SqliteGetPagesResponse> handle(Peer, envoyproto::SqliteGetPagesRequest) override;
  Task<envoyproto::SqliteCommitResponse> handle(Peer, envoyproto::SqliteCommitRequest) override;
  Task<envoyproto::SqliteCommitStageBeginResponse> handle(Peer, envoyproto::SqliteCommitStageBeginRequest) override;
  Task<envoyproto::SqliteCommitStageSegmentResponse> handle(Peer, envoyproto::SqliteCommitStageSegmentRequest) override;
  Task<envoyproto::SqliteCommitFinalizeResponse> handle(Peer, envoyproto::SqliteCommitFinalizeRequest) override;
  Task<envoyproto::SqliteExecResponse> handle(Peer, envoyproto::SqliteExecRequest) override;
  Task<envoyproto::SqliteExecuteResponse> handle(Peer, envoyproto::SqliteExecuteRequest) override;
  Task<envoyproto::SqliteExecuteBatchResponse> handle(Peer, envoyproto::SqliteExecuteBatchRequest) override;
  Task<Result<std::optional<KvEntryView>>> kv_entry(ActorId, Bytes) override;
  void release();

  bool hold = false;
  std::vector<Continuation<Done>> held;
  std::multiset<std::string> running;
  std::size_t most_running = 0;
  std::vector<std::string> order;
  int disconnects = 0;
};

}  // namespace troupe
