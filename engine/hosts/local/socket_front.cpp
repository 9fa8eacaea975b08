#include "engine/hosts/local/socket_front.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "engine/base/errors.h"
#include "engine/clientproto/decode.h"
#include "engine/clientproto/encode.h"
#include "engine/hosts/local/conn_params.h"
#include "engine/hosts/local/front_answer.h"
#include "engine/hosts/local/front_counters.h"
#include "engine/runtime/deadlines.h"

namespace troupe {
namespace {

namespace asio = boost::asio;
using clientproto::Encoding;

constexpr std::uint16_t kNormalClosure = 1000;
constexpr std::uint16_t kInternalError = 1011;
/// A client that has more than this to read waits with its next message.
constexpr std::size_t kUnreadBytesMax = 256 * 1024;

}  // namespace

struct SocketFront::Permit {
  explicit Permit(Slots& s) : slots(s) {}
  ~Permit() { slots.give_back(); }
  Permit(const Permit&) = delete;
  Permit& operator=(const Permit&) = delete;
  Slots& slots;
};

SocketFront::SocketFront(std::shared_ptr<ActorInstance> actor, std::shared_ptr<RelayedSocket> socket, Encoding encoding)
    : actor_(std::move(actor)), socket_(std::move(socket)), encoding_(encoding) {}

ActorInstance::RestoredEnd SocketFront::restore(std::shared_ptr<ActorInstance> actor, std::shared_ptr<Connection> conn,
                                                std::shared_ptr<RelayedSocket> socket, Position position) {
  // It was known when the connection was made.
  const auto encoding = websocket_encoding(conn->request().headers).value_or(Encoding::json);
  auto front = std::make_shared<SocketFront>(std::move(actor), std::move(socket), encoding);
  front->conn_ = std::move(conn);
  front->position_ = position;
  return {front, front};
}

Task<Result<void>> SocketFront::open(Bytes params, HttpRequest upgrade, Timers& timers) {
  const auto self = shared_from_this();
  const Millis limit = actor_->definition().options.on_connect_timeout;
  const auto timer = timers.make(actor_->executor());
  timer->start(std::min(limit, kLongestTime), [self, limit] { self->setup_timed_out(limit); });

  bool began = false;
  ActorInstance::Connect connect;
  connect.params = std::move(params);
  connect.request = std::move(upgrade);
  connect.began = &began;
  connect.hibernatable = true;
  connect.socket = socket_->id();
  auto conn = co_await actor_->connect(std::move(connect), self);
  timer->cancel();
  if (conn) {
    accept(*std::move(conn));
    co_return Result<void>();
  }
  const Error error = conn.error();
  if (!began && !closed_ && means_no_generation(error)) co_return error;
  refuse(error);
  co_return Result<void>();
}

void SocketFront::accept(std::shared_ptr<Connection> conn) {
  if (ended_by_actor_) return;
  conn_ = std::move(conn);
  if (closed_) return leave({});
  count(front_counters().connections);
  auto frame = clientproto::encode(encoding_, clientproto::Init{actor_->info().actor_id, conn_->id()});
  if (!frame) return fail("actor.init_error");
  if (!fits(*frame)) return fail("message.outgoing_too_long");
  send(*std::move(frame));
}

void SocketFront::refuse(const Error& error) {
  if (closed_) return;
  // Unlike everywhere else the client sees the error as it is: so the reference does.
  send_error(error, std::nullopt, std::nullopt);
  close_socket(kInternalError, error.id());
}

void SocketFront::setup_timed_out(Millis limit) {
  refuse(Error("actor", "callback_timed_out",
               "actor websocket connection setup timed out after " + std::to_string(limit.count()) + " ms"));
}

Task<void> SocketFront::on_message(WebSocketMessage message) {
  if (closed_) co_return;
  if (message.data.size() > actor_->definition().options.max_incoming_message_size) {
    fail("message.incoming_too_long");
    co_return;
  }
  if (!message.binary && encoding_ != Encoding::json) {
    fail("actor.invalid_request");
    co_return;
  }
  auto request = clientproto::decode_to_server(encoding_, message.data);
  if (!request) {
    fail("actor.invalid_request");
    co_return;
  }
  if (socket_->buffered_bytes() > kUnreadBytesMax) co_await socket_->wait_drained();
  const std::uint16_t index = message.index;
  if (auto* action = std::get_if<clientproto::ActionRequest>(&*request)) {
    if (!slots_.try_take()) co_await slots_.take();
    asio::co_spawn(actor_->executor(), run_action(shared_from_this(), std::move(*action), index), asio::detached);
    co_return;
  }
  auto& subscription = std::get<clientproto::SubscriptionRequest>(*request);
  co_await asio::co_spawn(actor_->executor(), run_subscription(shared_from_this(), std::move(subscription), index),
                          asio::use_awaitable);
}

bool SocketFront::begin(std::uint16_t index) {
  if (ended_here() || conn_ == nullptr) return false;
  letting_go_ = letting_go_ || actor_->lets_go();
  left_frames_ = left_frames_ || letting_go_;
  if (letting_go_) return false;
  acks_.begin(index);
  return true;
}

void SocketFront::end(std::uint16_t index) {
  const auto handled = acks_.end(index);
  if (!handled) return;
  position_.handled = *handled;
  socket_->ack(*handled);
}

Task<void> SocketFront::run_action(std::shared_ptr<SocketFront> self, clientproto::ActionRequest request,
                                   std::uint16_t index) {
  const Permit permit(self->slots_);
  if (!self->begin(index)) co_return;
  const std::shared_ptr<Connection> conn = self->conn_;
  count(front_counters().socket_actions);
  std::optional<Result<Bytes>> output;
  try {
    output = co_await self->actor_->action(conn, std::move(request.name), std::move(request.args));
  } catch (const std::exception& e) {
    output = internal_error(e.what());
  }
  // An answer that comes too late to be told makes the next generation try again.
  if (self->ended_here()) co_return;
  self->answer(request.id, *std::move(output));
  self->end(index);
}

Task<void> SocketFront::run_subscription(std::shared_ptr<SocketFront> self, clientproto::SubscriptionRequest request,
                                         std::uint16_t index) {
  if (!self->begin(index)) co_return;
  const std::shared_ptr<Connection> conn = self->conn_;
  std::optional<Result<void>> subscribed;
  try {
    subscribed = co_await self->actor_->subscribe(conn, std::move(request.event_name), request.subscribe);
  } catch (const std::exception& e) {
    subscribed = internal_error(e.what());
  }
  if (!*subscribed) self->fail(subscribed->error().id());
  self->end(index);
}

void SocketFront::answer(std::uint64_t action_id, Result<Bytes> output) {
  if (closed_) return;
  if (!output) return send_error(masked(output.error()), actor_specifier(actor_->info()), action_id);
  auto frame = clientproto::encode(encoding_, clientproto::ActionResponse{action_id, *std::move(output)});
  if (!frame)
    return send_error(masked(internal_error(frame.error().detail())), actor_specifier(actor_->info()), action_id);
  if (!fits(*frame)) return send_error(make_error("message", "outgoing_too_long"), std::nullopt, action_id);
  send(*std::move(frame));
}

void SocketFront::event(const std::string& name, const Bytes& args) {
  if (closed_) return;
  auto frame = clientproto::encode_event(encoding_, name, args);
  if (!frame) return fail("actor.send_failed");
  if (!fits(*frame)) return fail("message.outgoing_too_long");
  send(*std::move(frame));
}

void SocketFront::close(std::uint16_t code, std::string reason) {
  ended_by_actor_ = true;
  if (closed_by_client_.exchange(false))
    socket_->close(code, std::move(reason));
  else
    close_socket(code, std::move(reason));
  // The caller may be the connection itself, which must not end within its own call.
  asio::post(actor_->executor(), [self = shared_from_this()] { self->conn_.reset(); });
}

void SocketFront::hibernate() {
  ended_by_actor_ = true;
  // A socket that has just failed is on its way out.
  if (!closed_.exchange(true)) socket_->hibernate();
  asio::post(actor_->executor(), [self = shared_from_this()] { self->conn_.reset(); });
}

void SocketFront::on_close(std::uint16_t, std::string reason) {
  closed_by_client_ = true;
  closed_ = true;
  leave(std::move(reason));
}

void SocketFront::send_error(const Error& error, std::optional<clientproto::ActorSpecifier> actor,
                             std::optional<std::uint64_t> action_id) {
  clientproto::ErrorFrame message{wire_error(error, std::move(actor)), action_id};
  auto frame = clientproto::encode(encoding_, message);
  if (!frame) {
    // Metadata nested beyond the limit of the codec; the rest always encodes.
    message.error.metadata.reset();
    frame = clientproto::encode(encoding_, message);
  }
  send(std::move(frame).value());
}

void SocketFront::send(Bytes frame) {
  WebSocketMessage message;
  message.binary = encoding_ != Encoding::json;
  message.data = std::move(frame);
  ++position_.sent;
  socket_->send(std::move(message));
}

bool SocketFront::fits(const Bytes& frame) const {
  return frame.size() <= actor_->definition().options.max_outgoing_message_size;
}

void SocketFront::fail(std::string reason) {
  if (close_socket(kInternalError, reason)) leave(std::move(reason));
}

bool SocketFront::close_socket(std::uint16_t code, std::string reason) {
  if (closed_.exchange(true)) return false;
  socket_->close(code, std::move(reason));
  return true;
}

void SocketFront::leave(std::string reason) {
  // Never within the call of an instance that may be walking its connections.
  asio::post(actor_->executor(), [self = shared_from_this(), r = std::move(reason)]() mutable {
    if (self->conn_ == nullptr) return;
    // Behind frames that are left to the next generation the client's close is as well.
    if (self->closed_by_client_ && self->left_frames_) return;
    self->actor_->disconnected(std::exchange(self->conn_, nullptr), std::move(r));
  });
}

}  // namespace troupe
