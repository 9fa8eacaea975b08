#include <spdlog/spdlog.h>

#include "engine/runtime/instance/instance.h"
#include "engine/storage/keys.h"

/// How connections go through a sleep: stored by the generation that ends, restored by the next one without the hooks
/// of a new connection. A stored connection whose socket is gone has lost its client meanwhile: its onDisconnect runs
/// once, right after onWake.
namespace troupe {

void Instance::begin_restoring(std::vector<WaitingSocket> sockets, decltype(Config::attach) attach) {
  restoring_ = std::make_unique<RestoredSockets>();
  restoring_->attach = std::move(attach);
  for (WaitingSocket& socket : sockets) restoring_->clients.emplace(socket.id, std::move(socket.client));
}

// -- waking -----------------------------------------------------------------------------------------------------------

Task<Result<void>> Instance::restore_connections() {
  auto rows = co_await store_.load_connections(id_);
  if (!rows) co_return rows.error().with_context("loading the connections");
  if (rows->empty()) co_return Result<void>();
  if (!restoring_) restoring_ = std::make_unique<RestoredSockets>();
  for (auto& row : *rows) {
    auto record = decode_connection(row.record);
    if (!record) {
      spdlog::error("actor {}: the stored connection {} is damaged and dropped", info_.actor_id, row.conn_id);
      restoring_->damaged.push_back(std::move(row.conn_id));
      continue;
    }
    const SocketId socket = record->socket;
    const ConnectionSink::Position position{record->handled, record->sent};
    auto conn = restore_connection(std::move(row.conn_id), std::move(*record));
    const auto client = restoring_->clients.find(socket);
    if (client == restoring_->clients.end()) {
      restoring_->stale.push_back(std::move(conn));
    } else {
      attach(conn, std::move(client->second), position);
      restoring_->clients.erase(client);
      restoring_->live.push_back(std::move(conn));
    }
  }
  restoring_->clients.clear();
  co_return Result<void>();
}

std::shared_ptr<ActorConnection> Instance::restore_connection(std::string id, ConnectionRecord record) {
  Connect connect;
  connect.params = std::move(record.params);
  connect.hibernatable = true;
  connect.socket = record.socket;
  connect.request.method = std::move(record.method);
  connect.request.target = std::move(record.target);
  connect.request.headers = std::move(record.headers);
  const auto kind = record.raw ? ActorConnection::Kind::raw_socket : ActorConnection::Kind::protocol;
  auto conn = make_connection(kind, std::move(connect), nullptr);
  conn->restore(std::move(id), std::move(record.state), {record.handled, record.sent});
  insert(conn);
  for (const std::string& event : record.events) connections_.subscribe(conn, event);
  return conn;
}

void Instance::attach(const std::shared_ptr<ActorConnection>& conn, std::shared_ptr<RelayedSocket> client,
                      ConnectionSink::Position position) {
  const SocketId socket = *conn->socket();
  if (conn->kind() == ActorConnection::Kind::protocol) {
    auto end = restoring_->attach(self(), conn, std::move(client), position);
    conn->attach(std::move(end.sink));
    restoring_->ends.emplace(socket, std::move(end.socket));
    return;
  }
  auto owner = std::make_shared<std::weak_ptr<ActorConnection>>(conn);
  auto raw = make_raw_socket(std::move(client), true, std::move(owner));
  raw->restore(position);
  conn->attach(raw);
  restoring_->ends.emplace(socket, raw->make_feed());
  restoring_->raw.emplace_back(std::move(raw), conn);
}

void Instance::drop_stale() {
  if (!restoring_) return;
  for (const std::string& id : std::exchange(restoring_->damaged, {}))
    (void)saver_.erase(keys::actor_connection(id_, id), Ack::written);
  for (const auto& conn : std::exchange(restoring_->stale, {})) drop(conn);
}

void Instance::serve_restored() {
  if (!restoring_) return;
  restoring_->live.clear();
  for (auto& [socket, conn] : std::exchange(restoring_->raw, {}))
    if (connections_.contains(*conn)) serve_websocket(std::move(socket), std::move(conn));
  if (restoring_->ends.empty()) restoring_.reset();
}

void Instance::forget_restored() {
  if (!restoring_) return;
  for (auto* conns : {&restoring_->live, &restoring_->stale}) {
    for (const auto& conn : *conns) {
      if (!conn->begin_to_leave()) continue;
      conn->drop_sink();
      connections_.remove(*conn);
    }
  }
  restoring_.reset();
}

Task<Result<std::shared_ptr<ActorSocket>>> Instance::resume(SocketId id) {
  using End = Result<std::shared_ptr<ActorSocket>>;
  auto start = [self = self(), id](Continuation<End> waiter) {
    const Executor executor = self->executor_;
    hand_over(executor, [self, id, waiter = std::move(waiter)]() mutable { waiter.resume(self->take_restored(id)); });
  };
  return suspend<End>(std::move(start));
}

Result<std::shared_ptr<ActorSocket>> Instance::take_restored(const SocketId& id) {
  if (auto refused = lifecycle_.refusal(Traffic::connection)) return std::move(*refused);
  if (restoring_) {
    auto node = restoring_->ends.extract(id);
    if (restoring_->ends.empty()) restoring_.reset();
    if (node) return std::move(node.mapped());
  }
  return make_error("connection", "restore_not_found");
}

// -- falling asleep ---------------------------------------------------------------------------------------------------

void Instance::connection_changed(ActorConnection& conn) {
  if (!conn.hibernatable() || !connections_.contains(conn)) return;
  auto staged = saver_.put(keys::actor_connection(id_, conn.id()), encode_connection(conn.record()), Ack::written);
  if (!staged) return log_error("storing a connection", staged.error());
  conn.record_staged();
}

void Instance::store_moved() {
  for (const auto& conn : std::exchange(moved_, {}))
    if (conn->has_moved()) connection_changed(*conn);
}

Task<Result<void>> Instance::store_hibernating(std::shared_ptr<HibernatingConnections> leaving) {
  const auto conns = connections_.all();
  for (const auto& conn : conns) {
    if (!conn->hibernatable() || !connections_.contains(*conn)) continue;
    if (conn->has_moved()) connection_changed(*conn);
    // From here on its end is told by the next generation.
    if (conn->begin_to_leave()) {
      connections_.remove(*conn);
      leaving->push_back(conn);
    }
    if (saver_.staged_bytes() > StateSaver::kStagedBytesSoftMax) {
      TROUPE_CO_CHECK(co_await saver_.commit(Ack::written));
    }
  }
  if (!saver_.dirty()) co_return Result<void>();
  co_return co_await saver_.commit(Ack::durable);
}

void Instance::release_hibernating(HibernatingConnections leaving) {
  // Those that could not be stored in time.
  const auto rest = connections_.all();
  for (const auto& conn : rest) {
    if (conn->begin_to_leave()) leaving.push_back(conn);
    connections_.remove(*conn);
  }
  for (const auto& conn : leaving) conn->hibernate_sink();
}

}  // namespace troupe
