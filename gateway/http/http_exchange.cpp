#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>

#include "engine/base/errors.h"
#include "gateway/envoy/envoy_endpoint.h"
#include "gateway/http/http_connection.h"
#include "gateway/http/websocket_frames.h"
#include "gateway/http/websocket_handshake.h"
#include "gateway/http/websocket_session.h"
#include "gateway/proxy/answers.h"
#include "gateway/routing/route.h"

// How an HttpConnection answers: whom it asks, and how the answer is written.
namespace troupe {
namespace {

namespace asio = boost::asio;

/// Bodies up to this size are copied behind their head, for one contiguous write.
constexpr std::size_t kCopiedBodyMax = 16 * 1024;
constexpr std::size_t kKeptBufferMax = 64 * 1024;
/// Never idle for long, and few.
constexpr std::size_t kEnvoyBufferMax = 128 * 1024;

/// `/health/ws`.
class HealthSocket final : public ActorSocket {
 public:
  explicit HealthSocket(std::shared_ptr<ClientSocket> client) : client_(std::move(client)) {}
  Task<void> on_message(WebSocketMessage message) override {
    const auto client = client_.lock();
    if (client && !message.binary && as_text(message.data) == "ping") client->send({false, to_bytes("pong")});
    co_return;
  }
  void on_close(std::uint16_t, std::string) override {}

 private:
  /// The session owns this end.
  std::weak_ptr<ClientSocket> client_;
};

Task<Result<std::shared_ptr<ActorSocket>>> open_health_socket(std::shared_ptr<ClientSocket> client) {
  co_return std::shared_ptr<ActorSocket>(std::make_shared<HealthSocket>(std::move(client)));
}

HttpResponse websocket_only() {
  HttpResponse response;
  response.status = 426;
  response.body = to_bytes("WebSocket-only endpoint");
  return response;
}

bool is_envoy(const Target& target) {
  const auto* connect = std::get_if<HostConnectTarget>(&target);
  return connect && connect->protocol == HostConnectTarget::Protocol::envoy;
}

WebSocketSession::Rules envoy_rules(const ServerSettings& settings, const std::string& ray_id) {
  auto rules = WebSocketSession::client_rules(settings);
  rules.message_max = settings.envoy_message_max;
  rules.outbound_bytes_max = settings.envoy_outbound_bytes_max;
  // What is sent to an envoy is bounded where it comes from.
  rules.outbound_message_max = settings.envoy_outbound_bytes_max;
  const Error gone = make_error("ws", "going_away");
  rules.going_away = {close_code(gone), close_reason(gone, ray_id)};
  rules.quick_ack = true;
  rules.kept_buffer_max = kEnvoyBufferMax;
  return rules;
}

bool has_body(int status) { return status != 204 && status != 304; }

}  // namespace

// -- asking -----------------------------------------------------------------------------------------

Task<HttpResponse> HttpConnection::respond(HttpRequest request) {
  HttpResponse response;
  Target target = route({request.method, request.target, request.headers}, {context_->settings.health_websocket});
  if (auto* actor = std::get_if<ActorTarget>(&target)) {
    exchange_.actor_route = true;
    if (const auto busy = context_->admission->refusal()) {
      response = error_answer(*busy);
      response.headers.set("retry-after", std::to_string(retry_after_seconds(*busy).value_or(1)));
      finish_headers(response);
      co_return response;
    }
    if (actor->ends_with_client()) {
      abort_ = request.abort = std::make_shared<AbortSignal>();
      watch_client();
    }
    auto fetched = co_await context_->proxy.fetch(std::move(*actor), std::move(request), *this);
    response = fetched ? std::move(*fetched) : error_answer(fetched.error());
    // The reference's host drops the body before anybody measures it.
    if (fetched && exchange_.is_head) response.body.clear();
  } else if (const auto* refusal = std::get_if<Refusal>(&target)) {
    exchange_.actor_route = refusal->actor_route;
    response = error_answer(refusal->error);
  } else if (std::holds_alternative<PreflightTarget>(target)) {
    exchange_.actor_route = true;
    response = preflight_answer(request.headers);
  } else if (std::holds_alternative<HealthSocketTarget>(target)) {
    response = websocket_only();
  } else if (is_envoy(target)) {
    response = envoy_endpoint_answer();
  } else {
    arm(Phase::forwarding, context_->settings.response_start_timeout);
    response = co_await context_->management.handle(std::move(request), exchange_.ray_id);
  }
  finish_headers(response);
  co_return response;
}

void HttpConnection::finish_headers(HttpResponse& response) const {
  if (exchange_.actor_route) apply_cors(response.headers, exchange_.origin);
  response.headers.set("x-rivet-ray-id", exchange_.ray_id);
}

Task<void> HttpConnection::upgrade(HttpRequest request) {
  if (const auto fault = websocket_handshake_fault(request.headers); !fault.empty()) {
    exchange_.keep_alive = false;
    co_await write(broken_handshake(fault));
    close_now();
    co_return;
  }
  Target target = route({request.method, request.target, request.headers, true}, {context_->settings.health_websocket});
  auto* actor = std::get_if<ActorTarget>(&target);
  const auto* refusal = std::get_if<Refusal>(&target);

  HttpHeaders extra;
  if (actor || (refusal && refusal->actor_route)) apply_cors(extra, exchange_.origin);
  extra.set("x-rivet-ray-id", exchange_.ray_id);
  exchange_.accept_head = websocket_accept_head(request.headers, extra);

  std::optional<Error> error;
  std::optional<ActorProxy::Acquired> hosted;
  if (actor) error = context_->admission->refusal();
  if (actor && !error) {
    auto acquired = co_await context_->proxy.acquire(*actor, *this);
    if (!strand_.running_in_this_thread()) co_await asio::post(asio::use_awaitable);
    if (abandoned_) co_return;
    if (acquired)
      hosted = std::move(*acquired);
    else
      error = acquired.error();
  } else if (refusal) {
    error = refusal->error;
  } else if (!actor && !std::holds_alternative<HealthSocketTarget>(target) && !is_envoy(target)) {
    error = make_error("guard", "websocket_not_supported");
  }

  WebSocketSession::Start start{
      context_,
      std::move(membership_),
      std::move(socket_),
      strand_,
      exchange_.ray_id,
      std::move(exchange_.accept_head),
      Bytes(in_.begin() + static_cast<std::ptrdiff_t>(begin_), in_.begin() + static_cast<std::ptrdiff_t>(end_)),
      std::nullopt};
  if (is_envoy(target)) start.rules = envoy_rules(context_->settings, exchange_.ray_id);
  auto session = std::make_shared<WebSocketSession>(std::move(start));
  if (error) {
    session->refuse(close_code(*error), close_reason(*error, exchange_.ray_id));
  } else if (is_envoy(target)) {
    auto opener = [context = context_, ray_id = exchange_.ray_id,
                   request = std::move(request)](std::shared_ptr<ClientSocket> socket) mutable {
      return open_envoy(std::move(context), std::move(request), std::move(ray_id), std::move(socket));
    };
    session->run(std::move(opener));
  } else if (!hosted) {
    session->run(open_health_socket);
  } else {
    // The observer outlives the opening: the opener holds it.
    auto opener = [self = shared_from_this(), target = std::move(*actor), hosted = std::move(*hosted),
                   request = std::move(request)](std::shared_ptr<ClientSocket> socket) mutable {
      return self->context_->proxy.open(std::move(target), std::move(hosted), std::move(request), std::move(socket),
                                        *self);
    };
    session->run(std::move(opener));
  }
}

HttpResponse HttpConnection::broken_handshake(std::string_view fault) const {
  ErrorCode ec;
  const auto peer = socket_.remote_endpoint(ec);
  const std::string address = ec ? "" : peer.address().to_string() + ":" + std::to_string(peer.port());
  // The reference leaves the placeholder of its message in place.
  const Error error("guard", "connection_error", "Connection error: {error_message}.",
                    Value::object({{"error_message", std::string(fault)}, {"remote_addr", address}}));
  HttpResponse response = error_answer(error);
  finish_headers(response);
  return response;
}

void HttpConnection::abandon(const Error& error) {
  abandoned_ = true;
  if (exchange_.accept_head.empty()) {
    HttpResponse response = error_answer(error);
    finish_headers(response);
    ResponseFraming framing{BodyFraming::length, response.body.size(), exchange_.http11, false};
    std::string bytes;
    append_response_head(bytes, response.status, response.headers, framing, http_date(context_->ports.clock));
    if (!exchange_.is_head) bytes += as_text(response.body);
    send_now(bytes);
  } else {
    Bytes frame;
    append_close_frame(frame, close_code(error), close_reason(error, exchange_.ray_id));
    send_now(exchange_.accept_head.append(as_text(frame)));
  }
  close_now();
}

// -- writing -----------------------------------------------------------------------------------------

Task<bool> HttpConnection::write(HttpResponse response) {
  responding_ = true;
  const auto stream = std::move(response.stream);
  const bool with_body = has_body(response.status) && !exchange_.is_head;
  if (stream && !with_body) stream->cancel();

  ResponseFraming framing;
  framing.http11 = exchange_.http11;
  if (stream && has_body(response.status) && !exchange_.is_head) {
    framing.body = exchange_.http11 ? BodyFraming::chunked : BodyFraming::until_close;
    if (!exchange_.http11) exchange_.keep_alive = false;
  } else if (has_body(response.status)) {
    framing.body = BodyFraming::length;
    framing.content_length = response.body.size();
  }
  framing.keep_alive = exchange_.keep_alive;

  out_.clear();
  append_response_head(out_, response.status, response.headers, framing, http_date(context_->ports.clock));
  body_.clear();
  if (with_body && !stream) {
    if (response.body.size() <= kCopiedBodyMax)
      out_ += as_text(response.body);
    else
      body_ = std::move(response.body);
  }

  const std::array<asio::const_buffer, 2> buffers{asio::buffer(out_), asio::buffer(body_)};
  const std::size_t size = out_.size() + body_.size();
  ErrorCode ec;
  const std::size_t written = write_now(socket_, buffers, ec);
  bool ok = !ec;
  if (ok && written < size) {
    std::vector<asio::const_buffer> rest;
    if (written < out_.size()) rest.push_back(buffers[0] + written);
    rest.push_back(buffers[1] + (written > out_.size() ? written - out_.size() : 0));
    ok = co_await write_rest(std::move(rest));
  }
  if (stream && with_body) {
    stream_ = stream;
    // A false result closes the connection, which cancels the stream.
    ok = ok && co_await write_stream(framing.body == BodyFraming::chunked);
  }
  if (out_.capacity() > kKeptBufferMax) std::string().swap(out_);
  if (!body_.empty()) Bytes().swap(body_);
  co_return ok;
}

// The pieces of a body, each written before the next is asked for.
Task<bool> HttpConnection::write_stream(bool chunked) {
  watch_client();
  for (;;) {
    disarm(Phase::streaming);
    const auto stream = stream_;
    auto piece = co_await stream->read();
    if (!strand_.running_in_this_thread()) co_await asio::post(asio::use_awaitable);
    // Without its end mark the client sees that the body is cut short.
    if (!stream_ || !piece) co_return false;
    const bool last = !piece->has_value();
    if (!last && (*piece)->empty()) continue;
    body_ = last ? Bytes() : std::move(**piece);
    out_.clear();
    if (chunked) append_chunk_head(out_, body_.size());
    std::vector<asio::const_buffer> buffers{asio::buffer(out_), asio::buffer(body_)};
    if (chunked) buffers.push_back(asio::buffer("\r\n", 2));
    if (!co_await write_rest(std::move(buffers))) co_return false;
    if (!last) continue;
    stream_ = nullptr;
    co_return true;
  }
}

// Writes everything; each step that moves bytes starts the time limit anew.
Task<bool> HttpConnection::write_rest(std::vector<asio::const_buffer> buffers) {
  for (;;) {
    ErrorCode ec;
    std::size_t written = write_now(socket_, buffers, ec);
    if (ec) co_return false;
    std::size_t done = 0;
    while (done < buffers.size() && written >= buffers[done].size()) written -= buffers[done++].size();
    buffers.erase(buffers.begin(), buffers.begin() + static_cast<std::ptrdiff_t>(done));
    if (buffers.empty()) co_return true;
    buffers.front() += written;
    arm(Phase::writing, context_->settings.body_timeout);
    auto [wait_ec] = co_await socket_.async_wait(TcpSocket::wait_write, kAsTuple);
    if (wait_ec) co_return false;
  }
}

void HttpConnection::send_now(const std::string& bytes) {
  ErrorCode ignored;
  write_now(socket_, asio::buffer(bytes), ignored);
}

}  // namespace troupe
