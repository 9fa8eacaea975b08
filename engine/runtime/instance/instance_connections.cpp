#include "engine/runtime/instance/instance.h"
#include "engine/storage/keys.h"

namespace troupe {
namespace {

/// RFC 6455 §7.4 and the registry of IANA.
constexpr std::uint16_t kNormalClosure = 1000, kTryAgainLater = 1013;

}  // namespace

std::shared_ptr<ActorConnection> Instance::make_connection(ActorConnection::Kind kind, Connect connect,
                                                           std::shared_ptr<ConnectionSink> sink) {
  std::weak_ptr<ConnectionOwner> owner = self();
  return std::make_shared<ActorConnection>(kind, std::move(connect), std::move(sink), ports_.random, std::move(owner));
}

Task<Result<void>> Instance::admit(std::shared_ptr<ActorConnection> conn) {
  auto* behavior = behavior_.get();
  if (hooks().on_before_connect) {
    auto make = [behavior, conn] { return behavior->on_before_connect(conn->params(), conn->request()); };
    const auto limit = options().on_before_connect_timeout;
    TROUPE_CO_CHECK(co_await hook<void>("onBeforeConnect", limit, conn, std::move(make)));
  }
  if (hooks().create_conn_state) {
    auto make = [behavior, conn] { return behavior->create_conn_state(conn->params(), conn->request()); };
    const auto limit = options().create_conn_state_timeout;
    auto state = co_await hook<Bytes>("createConnState", limit, conn, std::move(make));
    if (!state) co_return state.error();
    conn->set_state(std::move(*state));
  }
  // The actor may have begun to stop meanwhile.
  const bool stays = conn->kind() != ActorConnection::Kind::temporary;
  if (stays ? lifecycle_.stopping() : !lifecycle_.accepts_work()) co_return make_error("actor", "stopping");
  insert(conn);
  if (hooks().on_connect) {
    auto make = [behavior, conn] { return behavior->on_connect(conn); };
    auto connected = co_await hook<void>("onConnect", options().on_connect_timeout, conn, std::move(make));
    if (!connected) {
      conn->begin_to_leave();
      conn->drop_sink();
      connections_.remove(*conn);
      work_changed();
      co_return connected.error();
    }
  }
  co_return Result<void>();
}

void Instance::insert(std::shared_ptr<ActorConnection> conn) {
  connections_.insert(std::move(conn));
  work_changed();
}

bool Instance::end_connection(const std::shared_ptr<ActorConnection>& conn) {
  // What is left now is stored as it is; the actor's code has had its time.
  if (conn->hibernatable() && lifecycle_.state() == LifecycleState::sleep_finalize) return false;
  if (!conn->begin_to_leave()) return false;
  conn->drop_sink();
  if (!connections_.remove(*conn)) return false;
  if (conn->hibernatable()) (void)saver_.erase(keys::actor_connection(id_, conn->id()), Ack::written);
  if (hooks().on_disconnect) {
    begin_work(Work::disconnect);
    detach(run_disconnect(self(), conn));
  } else {
    work_changed();
  }
  return true;
}

Task<void> Instance::run_disconnect(std::shared_ptr<Instance> self, std::shared_ptr<ActorConnection> conn) {
  auto* behavior = self->behavior_.get();
  auto make = [behavior, conn] { return behavior->on_disconnect(conn); };
  auto result = co_await self->hook<void>("onDisconnect", self->options().on_connect_timeout, conn, std::move(make));
  if (!result) self->log_error("onDisconnect", result.error());
  if (self->saver_.dirty()) (void)co_await self->saver_.commit(self->default_ack());
  self->end_work(Work::disconnect);
}

void Instance::send_event(const std::shared_ptr<ActorConnection>& conn, const std::string& event, const Bytes& args) {
  if (gate_.open()) return conn->deliver(event, args);
  auto later = [conn, event, args] { conn->deliver(event, args); };
  if (!gate_.hold(event.size() + args.size(), std::move(later))) overflow(conn);
}

void Instance::broadcast(const std::string& event, const Bytes& args) {
  auto conns = connections_.subscribers(event);
  if (conns.empty()) return;
  if (gate_.open()) {
    for (const auto& conn : conns) conn->deliver(event, args);
    return;
  }
  auto later = [conns, event, args] {
    for (const auto& conn : conns) conn->deliver(event, args);
  };
  if (gate_.hold(event.size() + args.size(), std::move(later))) return;
  for (const auto& conn : conns) overflow(conn);
}

/// An event is lost to this client, so the client must not believe that it has seen all.
void Instance::overflow(const std::shared_ptr<ActorConnection>& conn) {
  if (!connections_.contains(*conn)) return;
  conn->close_sink(kTryAgainLater, "actor.overloaded");
  drop(conn);
}

void Instance::end_sink(std::function<void()> end) {
  if (gate_.holding()) return gate_.hold_end(std::move(end));
  end();
}

void Instance::close_connection(const std::shared_ptr<ActorConnection>& conn, std::string reason) {
  if (!connections_.contains(*conn)) return;
  conn->close_sink(1000, std::move(reason));
  drop(conn);
}

void Instance::disconnected(std::shared_ptr<Connection> conn, std::string) {
  auto leave = [self = self(), conn = std::static_pointer_cast<ActorConnection>(std::move(conn))] {
    const auto sink = conn->sink();
    // Otherwise the next generation would be told as well.
    if (self->end_connection(conn) && sink && conn->hibernatable()) sink->close(kNormalClosure, "");
  };
  hand_over(executor_, std::move(leave));
}

void Instance::add_stream(BodyState& body) { streams_.push_back(body); }

}  // namespace troupe
