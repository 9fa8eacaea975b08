#include "gateway/http/http_connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <cstring>

#include "engine/base/errors.h"
#include "gateway/http/body_errors.h"
#include "gateway/http/read_some.h"
#include "gateway/http/unexpected.h"
#include "gateway/proxy/answers.h"
#include "gateway/routing/ray_id.h"
#include "gateway/routing/route.h"

namespace troupe {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kReadBufferMin = 4 * 1024;
/// While a body comes in.
constexpr std::size_t kReadBufferBody = 64 * 1024;
/// Beyond the longest head: part of a body that came with it.
constexpr std::size_t kReadBufferSlack = 16 * 1024;
/// For a client that is still sending when it is refused: reading on keeps the answer from being lost to a reset.
constexpr Millis kLingerTime{5'000};
constexpr std::size_t kLingerBytesMax = 64u << 20;

RequestLimits limits_of(const ServerSettings& settings) {
  return {settings.request_head_max, settings.header_fields_max, settings.request_target_max,
          settings.request_body_max};
}

}  // namespace

HttpConnection::HttpConnection(std::shared_ptr<GatewayContext> context, ConnectionSet::Membership membership,
                               TcpSocket socket, Strand strand)
    : context_(std::move(context)),
      membership_(std::move(membership)),
      socket_(std::move(socket)),
      strand_(std::move(strand)),
      parser_(limits_of(context_->settings)),
      bodies_(context_->bodies),
      in_(kReadBufferMin) {}

void HttpConnection::run() {
  membership_.set(shared_from_this());
  auto body = [self = shared_from_this()] { return self->serve(); };
  asio::co_spawn(strand_, std::move(body), log_unexpected("http connection"));
}

Task<void> HttpConnection::serve() {
  for (;;) {
    if (!co_await read_request()) break;
    HttpRequest request = std::move(parser_.request());
    begin_exchange(request);
    if (is_websocket_upgrade(request)) {
      co_await upgrade(std::move(request));
      co_return;
    }
    if (!parser_.done()) begin_upload(request);
    HttpResponse response = co_await respond(std::move(request));
    if (!strand_.running_in_this_thread()) co_await asio::post(asio::use_awaitable);
    if (abandoned_) {
      if (response.stream) response.stream->cancel();
      co_return;
    }
    if (!co_await finish(std::move(response))) break;
  }
  close_now();
}

Task<bool> HttpConnection::finish(HttpResponse response) {
  const bool upload_failed = upload_error_.has_value() && !client_gone();
  if (upload_failed) {
    if (response.stream) response.stream->cancel();
    response = error_answer(*upload_error_);
    finish_headers(response);
  }
  const bool leftover = upload_ && !upload_done_;
  if (context_->connections->draining || leftover || upload_failed) exchange_.keep_alive = false;
  if (!co_await write(std::move(response))) co_return false;
  abort_.reset();
  end_upload();
  if (exchange_.keep_alive) co_return true;
  if (begin_ < end_ || leftover) co_await linger();
  co_return false;
}

Task<bool> HttpConnection::read_request() {
  parser_.reset();
  bodies_.clear();
  responding_ = false;
  bool continued = false;
  arm(Phase::idle, context_->settings.idle_timeout);
  for (;;) {
    if (begin_ < end_) {
      const auto step = parser_.parse(in_.data() + begin_, end_ - begin_);
      begin_ += step.consumed;
      if (step.status == RequestParser::Status::done) co_return true;
      if (step.status != RequestParser::Status::need_more) {
        co_await reject(step.status);
        co_return false;
      }
      if (!parser_.head_done()) {
        if (phase_ != Phase::head) arm(Phase::head, context_->settings.header_timeout);
      } else {
        if (!continued && streams_body()) co_return true;
        arm(Phase::body, context_->settings.body_timeout);
        if (!bodies_.add(step.consumed)) {
          auto refusing = refuse_body(make_error("guard", "service_unavailable"));
          co_await std::move(refusing);
          co_return false;
        }
        if (!continued && parser_.expects_continue()) send_now("HTTP/1.1 100 Continue\r\n\r\n");
        continued = true;
      }
    } else if (phase_ == Phase::idle && context_->connections->draining) {
      co_return false;
    }
    if (!make_room()) {
      co_await reject(parser_.head_done() ? RequestParser::Status::bad_body : RequestParser::Status::head_too_large);
      co_return false;
    }
    auto [ec, size] = co_await read_some(socket_, asio::buffer(in_.data() + end_, in_.size() - end_));
    if (ec) co_return false;
    end_ += size;
  }
}

// False when the unread part is as long as it may get.
bool HttpConnection::make_room() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    const std::size_t wanted = phase_ == Phase::body ? kReadBufferBody : kReadBufferMin;
    if (in_.size() != wanted) std::vector<char>(wanted).swap(in_);
    return true;
  }
  if (end_ < in_.size()) return true;
  if (begin_ > 0) {
    std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    return true;
  }
  const std::size_t size_max = context_->settings.request_head_max + kReadBufferSlack;
  if (in_.size() >= size_max) return false;
  in_.resize(std::min(in_.size() * 2, size_max));
  return true;
}

Task<void> HttpConnection::reject(RequestParser::Status status) {
  using Status = RequestParser::Status;
  const bool too_large = status == Status::body_too_large;
  if (too_large || status == Status::bad_body) {
    auto refusing = refuse_body(too_large ? bad_body("length limit exceeded") : malformed_body());
    co_return co_await std::move(refusing);
  }
  HttpResponse response;
  response.status = status == Status::target_too_long ? 414 : status == Status::head_too_large ? 431 : 400;
  exchange_ = Exchange{};
  exchange_.keep_alive = false;
  if (co_await write(std::move(response))) co_await linger();
}

Task<void> HttpConnection::refuse_body(Error error) {
  HttpRequest& request = parser_.request();
  begin_exchange(request);
  const Target target = route({request.method, request.target, request.headers}, {});
  const auto* refusal = std::get_if<Refusal>(&target);
  exchange_.actor_route = std::holds_alternative<ActorTarget>(target) || (refusal && refusal->actor_route);
  HttpResponse response = error_answer(error);
  finish_headers(response);
  exchange_.keep_alive = false;
  Bytes().swap(request.body);
  bodies_.clear();
  if (co_await write(std::move(response))) co_await linger();
}

void HttpConnection::begin_exchange(HttpRequest& request) {
  ++context_->connections->requests;
  exchange_ = Exchange{};
  exchange_.is_head = request.method == "HEAD";
  exchange_.http11 = parser_.http11();
  exchange_.keep_alive = parser_.keep_alive();
  if (const auto* origin = request.headers.find("origin")) exchange_.origin = *origin;
  const auto* ray_id = request.headers.find("x-rivet-ray-id");
  if (ray_id && is_valid_ray_id(*ray_id)) {
    exchange_.ray_id = *ray_id;
  } else {
    exchange_.ray_id = Id::make(context_->ports.random, context_->engine.settings().datacenter_label).text();
    request.headers.set("x-rivet-ray-id", exchange_.ray_id);
  }
}

Task<void> HttpConnection::linger() {
  arm(Phase::closing, kLingerTime);
  ErrorCode ec;
  socket_.shutdown(TcpSocket::shutdown_send, ec);
  if (in_.size() < kReadBufferBody) in_.resize(kReadBufferBody);
  for (std::size_t discarded = 0; !ec && discarded < kLingerBytesMax;) {
    std::size_t size = 0;
    std::tie(ec, size) = co_await socket_.async_read_some(asio::buffer(in_), kAsTuple);
    discarded += size;
  }
}

// -- time limits -----------------------------------------------------------------------------------------

void HttpConnection::arm(Phase phase, Millis limit) {
  phase_ = phase;
  deadline_ns_.store(context_->connections->deadline_in(limit), std::memory_order_relaxed);
}

void HttpConnection::disarm(Phase phase) {
  phase_ = phase;
  deadline_ns_.store(kNever, std::memory_order_relaxed);
}

void HttpConnection::resolving() { arm(Phase::resolving, context_->settings.resolve_query_timeout); }

void HttpConnection::forwarding() {
  const ServerSettings& settings = context_->settings;
  arm(Phase::forwarding,
      exchange_.accept_head.empty() ? settings.response_start_timeout : settings.route_dispatch_timeout);
}

bool HttpConnection::given_up() const { return abandoned_ || client_gone() || context_->connections->draining; }

void HttpConnection::expire() {
  asio::post(strand_, [self = shared_from_this()] {
    if (self->deadline() <= self->context_->connections->now()) self->on_deadline();
  });
}

void HttpConnection::on_deadline() {
  const ServerSettings& settings = context_->settings;
  const auto limit = [](Millis time) { return std::pair<std::string, Value>("timeout_ms", time.count()); };
  switch (phase_) {
    case Phase::head:
    case Phase::body:
      if (responding_) return close_now();
      send_now("HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
      return close_now();
    case Phase::resolving:
      return abandon(make_error("pegboard", "route_resolve_query_timeout",
                                Value::object({{"elapsed_ms", settings.resolve_query_timeout.count()},
                                               limit(settings.resolve_query_timeout)})));
    case Phase::forwarding:
      if (!exchange_.accept_head.empty()) return abandon(make_error("guard", "route_dispatch_timeout"));
      return abandon(
          make_error("guard", "gateway_response_start_timeout",
                     Value::object({{"phase", "waiting_for_response_start"}, limit(settings.response_start_timeout)})));
    case Phase::idle:
    case Phase::writing:
    case Phase::streaming:
    case Phase::closing:
      return close_now();
  }
}

void HttpConnection::drain() {
  asio::post(strand_, [self = shared_from_this()] {
    if (self->phase_ == Phase::idle) self->close_now();
  });
}

void HttpConnection::going_away() { drain(); }

void HttpConnection::cut() {
  asio::post(strand_, [self = shared_from_this()] { self->close_now(); });
}

void HttpConnection::close_now() {
  disarm(Phase::closing);
  end_upload();
  if (const auto abort = std::exchange(abort_, nullptr)) abort->abort();
  if (const auto stream = std::exchange(stream_, nullptr)) stream->cancel();
  ErrorCode ignored;
  socket_.shutdown(TcpSocket::shutdown_both, ignored);
  socket_.close(ignored);
}

}  // namespace troupe
