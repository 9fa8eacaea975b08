#include "tests/unit/envoy/envoy_fakes.h"

namespace troupe {

bool WireFake::send(const envoyproto::ToEnvoy& message) {
  if (closed) return false;
  sent.push_back(message);
  return true;
}

Task<void> WireFake::wait_drained() {
  if (!slow) co_return;
  auto keep = [this](Continuation<Done> rest) { waiting.push_back(std::move(rest)); };
  co_await suspend<Done>(std::move(keep));
}

void WireFake::close(Error why) {
  if (!closed) closed = std::move(why);
}

void WireFake::drain() {
  slow = false;
  for (auto& rest : std::exchange(waiting, {})) rest.post({});
}

Task<Result<HttpResponse>> TunnelFake::fetch(EnvoyActorAddress to, HttpRequest request) {
  HttpResponse response;
  response.body = to_bytes(to.link->key() + " g" + std::to_string(to.generation) + " " + request.target);
  co_return response;
}

Task<Result<OpenedSocket>> TunnelFake::open_websocket(EnvoyActorAddress, HttpRequest, std::shared_ptr<RelayedSocket>) {
  co_return make_error("actor", "stopping");
}

Task<Result<std::shared_ptr<ActorSocket>>> TunnelFake::resume_websocket(EnvoyActorAddress, HibernatingSocket,
                                                                        std::uint16_t) {
  co_return make_error("actor", "stopping");
}

Task<Result<void>> TunnelFake::closed_asleep(EnvoyActorAddress, HibernatingSocket, std::uint16_t, std::string) {
  co_return Result<void>();
}

Task<Result<Bytes>> TunnelFake::call(EnvoyActorAddress, std::string action, Bytes) { co_return to_bytes(action); }

Task<Result<QueueSent>> TunnelFake::send(EnvoyActorAddress, QueueSend) { co_return QueueSent(); }

void TunnelFake::actor_started(EnvoyActorAddress actor, std::vector<HibernatingSocket>) {
  notes.push_back("started g" + std::to_string(actor.generation));
  last_link = actor.link;
}

void TunnelFake::actor_stopped(const ActorId&, std::uint32_t generation) {
  notes.push_back("stopped g" + std::to_string(generation));
}

void TunnelFake::receive(const std::shared_ptr<EnvoyLink>& from, envoyproto::ToRivetTunnelMessage) {
  notes.push_back("message from " + from->key());
}

Task<envoyproto::KvResponseData> StorageFake::handle(Peer, std::string actor_id, envoyproto::KvRequestData) {
  running.insert(actor_id);
  most_running = std::max(most_running, running.size());
  order.push_back(actor_id);
  if (hold) {
    auto keep = [this](Continuation<Done> rest) { held.push_back(std::move(rest)); };
    co_await suspend<Done>(std::move(keep));
  }
  running.erase(running.find(actor_id));
  co_return envoyproto::KvResponseData(envoyproto::KvPutResponse{});
}

Task<envoyproto::SqliteGetPagesResponse> StorageFake::handle(Peer, envoyproto::SqliteGetPagesRequest) {
  co_return envoyproto::SqliteGetPagesResponse(envoyproto::SqliteErrorResponse{"depot", "database_not_found", "none"});
}

Task<envoyproto::SqliteCommitResponse> StorageFake::handle(Peer, envoyproto::SqliteCommitRequest) {
  co_return envoyproto::SqliteCommitResponse();
}

Task<envoyproto::SqliteCommitStageBeginResponse> StorageFake::handle(Peer, envoyproto::SqliteCommitStageBeginRequest) {
  co_return envoyproto::SqliteCommitStageBeginResponse();
}

Task<envoyproto::SqliteCommitStageSegmentResponse> StorageFake::handle(Peer,
                                                                       envoyproto::SqliteCommitStageSegmentRequest) {
  co_return envoyproto::SqliteCommitStageSegmentResponse();
}

Task<envoyproto::SqliteCommitFinalizeResponse> StorageFake::handle(Peer, envoyproto::SqliteCommitFinalizeRequest) {
  co_return envoyproto::SqliteCommitFinalizeResponse();
}

Task<envoyproto::SqliteExecResponse> StorageFake::handle(Peer, envoyproto::SqliteExecRequest) {
  co_return envoyproto::SqliteExecResponse();
}

Task<envoyproto::SqliteExecuteResponse> StorageFake::handle(Peer, envoyproto::SqliteExecuteRequest) {
  co_return envoyproto::SqliteExecuteResponse();
}

Task<envoyproto::SqliteExecuteBatchResponse> StorageFake::handle(Peer, envoyproto::SqliteExecuteBatchRequest) {
  co_return envoyproto::SqliteExecuteBatchResponse();
}

Task<Result<std::optional<EnvoyStore::KvEntryView>>> StorageFake::kv_entry(ActorId, Bytes) {
  co_return std::optional<KvEntryView>();
}

void StorageFake::release() {
  hold = false;
  for (auto& rest : std::exchange(held, {})) rest.post({});
}

}  // namespace troupe
