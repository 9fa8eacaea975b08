#include "engine/runtime/connections/raw_socket.h"
#include "engine/runtime/instance/instance.h"

namespace troupe {
namespace {

/// RFC 6455 §7.4.1: the server met a condition that kept it from going on.
constexpr std::uint16_t kServerError = 1011;

Task<void> run_websocket(std::shared_ptr<Instance> actor, std::shared_ptr<RawSocket> socket,
                         std::shared_ptr<ActorConnection> conn) {
  std::optional<Error> failure;
  try {
    auto handle = socket->make_handle();
    auto task = actor->behavior().on_websocket(std::move(handle), std::move(conn));
    auto result = co_await std::move(task);
    if (!result) failure = result.error();
  } catch (...) {
    failure = actor->escaped("onWebSocket");
  }
  if (failure) socket->close(kServerError, failure->id());
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
    if (instance.hooks().on_websocket) {
      mark_began();
      instance.begin_work(Work::websocket);
      const RunningCode running(instance.label("websocket"));
      instance.detach(run_websocket(shared_actor(), socket_, conn_));
    }
    answer(std::move(feed));
  }

 private:
  std::shared_ptr<ActorConnection> conn_;
  std::shared_ptr<RawSocket> socket_;
};

}  // namespace

Task<Result<std::shared_ptr<ActorSocket>>> Instance::websocket(Connect connect, std::shared_ptr<ClientSocket> client) {
  auto* began = std::exchange(connect.began, nullptr);
  // The connection owns the socket, which tells it when it has closed.
  auto owner = std::make_shared<std::weak_ptr<ActorConnection>>();
  auto on_closed = [weak = std::weak_ptr<Instance>(self()), owner](const std::string&) {
    auto instance = weak.lock();
    auto conn = owner->lock();
    if (instance && conn) instance->drop(conn);
  };
  auto socket = std::make_shared<RawSocket>(executor_, std::move(client), std::move(on_closed));
  auto conn = make_connection(ActorConnection::Kind::raw_socket, std::move(connect), socket);
  *owner = conn;
  std::shared_ptr<Call<std::shared_ptr<ActorSocket>>> call =
      std::make_shared<SocketRun>(self(), std::move(conn), std::move(socket), began);
  return submit(std::move(call));
}

}  // namespace troupe
