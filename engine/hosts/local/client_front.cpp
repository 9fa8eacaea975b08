#include "engine/hosts/local/client_front.h"

#include <boost/asio/co_spawn.hpp>

#include "engine/base/errors.h"
#include "engine/hosts/local/conn_params.h"
#include "engine/hosts/local/front_answer.h"
#include "engine/hosts/local/front_counters.h"
#include "engine/hosts/local/http_front.h"
#include "engine/hosts/local/socket_front.h"

namespace troupe {
namespace {

namespace asio = boost::asio;

constexpr std::uint16_t kUnsupportedData = 1003;
constexpr std::uint16_t kPolicyViolation = 1008;
constexpr std::uint16_t kInternalError = 1011;

/// Stands for the actor's end of a socket that was refused.
class RefusedSocket final : public ActorSocket {
 public:
  Task<void> on_message(WebSocketMessage) override { co_return; }
  void on_close(std::uint16_t, std::string) override {}
};

using OpenResult = Result<OpenedSocket>;

OpenedSocket refuse(ClientSocket& socket, std::uint16_t code, std::string reason) {
  socket.close(code, std::move(reason));
  OpenedSocket refused;
  refused.actor = std::make_shared<RefusedSocket>();
  return refused;
}

Task<OpenResult> open_connection(std::shared_ptr<ActorInstance> actor, HttpRequest upgrade,
                                 std::shared_ptr<RelayedSocket> socket, Timers& timers) {
  const auto encoding = websocket_encoding(upgrade.headers);
  if (!encoding) co_return refuse(*socket, kUnsupportedData, "actor.unsupported_websocket_encoding");
  auto params = websocket_conn_params(upgrade.headers);
  if (!params) co_return refuse(*socket, kInternalError, "actor.invalid_request");

  auto front = std::make_shared<SocketFront>(actor, socket, *encoding);
  auto opened = co_await asio::co_spawn(actor->executor(), front->open(*std::move(params), std::move(upgrade), timers),
                                        asio::use_awaitable);
  if (!opened) co_return opened.error();
  OpenedSocket result;
  result.can_hibernate = front->is_open();
  result.actor = std::move(front);
  co_return result;
}

Task<OpenResult> open_raw(std::shared_ptr<ActorInstance> actor, HttpRequest upgrade,
                          std::shared_ptr<RelayedSocket> socket) {
  auto params = websocket_conn_params(upgrade.headers);
  if (!params) co_return refuse(*socket, kInternalError, "actor.invalid_request");

  count(front_counters().raw_sockets);
  bool began = false;
  ActorInstance::Connect connect;
  const ActorOptions& options = actor->definition().options;
  connect.hibernatable = options.can_hibernate_websocket_of ? options.can_hibernate_websocket_of(upgrade)
                                                            : options.can_hibernate_websocket;
  connect.params = *std::move(params);
  connect.request = std::move(upgrade);
  connect.began = &began;
  if (connect.hibernatable) connect.socket = socket->id();
  OpenedSocket result;
  result.can_hibernate = connect.hibernatable;
  auto opened = co_await actor->websocket(std::move(connect), socket);
  if (opened) {
    result.actor = std::move(*opened);
    co_return result;
  }
  const Error error = opened.error();
  if (!began && means_no_generation(error)) co_return error;
  co_return refuse(*socket, kInternalError, error.id());
}

Task<OpenResult> route_websocket(std::shared_ptr<ActorInstance> actor, HttpRequest upgrade,
                                 std::shared_ptr<RelayedSocket> socket, Timers& timers) {
  const std::string_view path = path_of(upgrade.target);
  if (path == "/connect") co_return co_await open_connection(actor, std::move(upgrade), socket, timers);
  if (path == "/inspector/connect") co_return refuse(*socket, kPolicyViolation, "inspector.unauthorized");
  co_return co_await open_raw(actor, std::move(upgrade), socket);
}

}  // namespace

Task<Result<HttpResponse>> front_fetch(std::shared_ptr<ActorInstance> actor, HttpRequest request) {
  FrontRoute route = parse_front_route(request.target);
  const clientproto::Encoding encoding = request_encoding(request.headers);
  std::string failure;
  try {
    switch (route.kind) {
      case FrontRoute::Kind::action:
        co_return co_await action_fetch(actor, std::move(request), std::move(route.name));
      case FrontRoute::Kind::queue:
        co_return co_await queue_fetch(actor, std::move(request), std::move(route.name));
      case FrontRoute::Kind::raw_request:
        co_return co_await raw_fetch(actor, std::move(request), std::move(route.name));
      default:
        co_return builtin_answer(actor->info(), request, route.kind);
    }
  } catch (const std::exception& e) {
    failure = e.what();
  }
  co_return error_answer(actor->info(), encoding, internal_error(std::move(failure)));
}

Task<OpenResult> front_open_websocket(std::shared_ptr<ActorInstance> actor, HttpRequest upgrade,
                                      std::shared_ptr<RelayedSocket> socket, Timers& timers) {
  try {
    co_return co_await route_websocket(actor, std::move(upgrade), socket, timers);
  } catch (const std::exception&) {
    // The close below is all that can be told.
  }
  co_return refuse(*socket, kInternalError, "actor.init_error");
}

}  // namespace troupe
