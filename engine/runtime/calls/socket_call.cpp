#include "engine/runtime/connections/raw_socket.h"
#include "engine/runtime/instance/instance.h"

namespace troupe {
namespace {

/// RFC 6455 §7.4.1: the server met a condition that kept it from going on.
constexpr std::uint16_t kServerError = 1011;

/// The stored record of a socket is at most so many messages behind what is acknowledged, so that the next generation
/// can tell by the 16 bits of an index whether a message is in it.
constexpr std::uint16_t kUnstoredMax = 16'384;

Task<void> run_websocket(std::shared_ptr<Instance> actor, std::shared_ptr<RawSocket> socket,
                         std::shared_ptr<ActorConnection> conn) {
  std::optional<Error> failure;
  try {
    auto handle = socket->make_handle();
    auto task = actor->behavior().on_websocket(std::move(handle), std::move(conn));
    auto result = co_await std::move(task);
    if (!result) failure = result.error();
  } catch (...) {
    failure = Instance::thrown("onWebSocket");
  }
  if (failure) {
    actor->log_hidden("onWebSocket", *failure);
    socket->close(kServerError, failure->id());
  }
  actor->end_work(Work::websocket);
}

class SocketRun final : public Call<std::shared_ptr<ActorSocket>> {
 public:
  SocketRun(std::shared_ptr<Instance> actor, std::shared_ptr<ActorConnection> conn, std::shared_ptr<RawSocket> socket,
            bool* began)
      : Call(std::move(actor), Traffic::connection, "websocket", began),
        conn_(std::move(conn)),
        socket_(std::move(socket)) {}

  Task<void> run(std::shared_ptr<CallBase>) override {
    co_await skip_final_post();
    auto& instance = actor();
    if (instance.admission_runs_code()) mark_began();
    auto admitted = co_await instance.admit(conn_);
    if (admitted && instance.unsettled(ack())) admitted = co_await instance.saver().commit(ack());
    if (answered() || !admitted) instance.drop(conn_);
    if (!admitted) co_return answer(admitted.error());
    if (answered()) co_return;
    auto feed = socket_->make_feed();
    if (instance.hooks().on_websocket) mark_began();
    instance.connection_changed(*conn_);
    instance.serve_websocket(socket_, conn_);
    answer(std::move(feed));
  }

 private:
  std::shared_ptr<ActorConnection> conn_;
  std::shared_ptr<RawSocket> socket_;
};

}  // namespace

void Instance::serve_websocket(std::shared_ptr<RawSocket> socket, std::shared_ptr<ActorConnection> conn) {
  if (!hooks().on_websocket) return;
  begin_work(Work::websocket);
  const RunningCode running(label("websocket"));
  detach(run_websocket(self(), std::move(socket), std::move(conn)));
}

void Instance::message_handled(const std::shared_ptr<ActorConnection>& conn, const std::shared_ptr<RawSocket>& socket,
                               std::uint16_t index) {
  if (conn->handled_since_stored() >= kUnstoredMax) connection_changed(*conn);
  if (!unsettled(Ack::written)) return socket->acknowledge(index);
  if (moved_.empty() || moved_.back() != conn) moved_.push_back(conn);
  // What is never saved is not handled: the client's message comes again. A commit that fails decides nothing, because
  // the next one takes the change along.
  gate_.hold_ack([socket, index] { socket->acknowledge(index); });
}

std::shared_ptr<RawSocket> Instance::make_raw_socket(std::shared_ptr<RelayedSocket> client, bool hibernatable,
                                                     const std::shared_ptr<std::weak_ptr<ActorConnection>>& conn) {
  RawSocket::Events events;
  // The connection owns the socket, which tells it when it has closed.
  events.closed = [weak = std::weak_ptr<Instance>(self()), conn] {
    auto instance = weak.lock();
    auto closed = conn->lock();
    return instance && closed && instance->end_connection(closed);
  };
  if (hibernatable) {
    events.handled = [weak = std::weak_ptr<Instance>(self()), conn](const std::shared_ptr<RawSocket>& socket,
                                                                    std::uint16_t index) {
      auto instance = weak.lock();
      auto handler = conn->lock();
      if (instance && handler) instance->message_handled(handler, socket, index);
    };
  }
  std::weak_ptr<ConnectionOwner> owner = self();
  return std::make_shared<RawSocket>(executor_, std::move(client), std::move(events), std::move(owner));
}

Task<Result<std::shared_ptr<ActorSocket>>> Instance::websocket(Connect connect, std::shared_ptr<RelayedSocket> client) {
  auto* began = std::exchange(connect.began, nullptr);
  auto owner = std::make_shared<std::weak_ptr<ActorConnection>>();
  auto socket = make_raw_socket(std::move(client), connect.hibernatable, owner);
  auto conn = make_connection(ActorConnection::Kind::raw_socket, std::move(connect), socket);
  *owner = conn;
  std::shared_ptr<Call<std::shared_ptr<ActorSocket>>> call =
      std::make_shared<SocketRun>(self(), std::move(conn), std::move(socket), began);
  return submit(std::move(call));
}

}  // namespace troupe
