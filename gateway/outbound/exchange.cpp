#include "gateway/outbound/exchange.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "engine/base/codec/json.h"
#include "engine/base/errors.h"
#include "gateway/outbound/redirect.h"

namespace troupe::outbound {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kReadBytes = 16u << 10;

/// The body of a response, read from its exchange.
class Body final : public BodyStream {
 public:
  explicit Body(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  ~Body() override { exchange_->cancel(); }
  Task<Result<std::optional<Bytes>>> read() override { return exchange_->read_piece(); }
  void cancel() override { exchange_->cancel(); }

 private:
  std::shared_ptr<Exchange> exchange_;
};

Bytes head_and_body(const OutboundRequest& request) {
  std::string head =
      request.method + " " + request.url.target + " HTTP/1.1\r\nhost: " + request.url.authority() + "\r\n";
  for (const auto& [name, value] : request.headers) head.append(name).append(": ").append(value).append("\r\n");
  if (!request.url.userinfo.empty() && !request.headers.find("authorization"))
    head.append("authorization: Basic ").append(encode_base64(as_bytes(request.url.userinfo))).append("\r\n");
  if (request.method != "GET" && request.method != "HEAD")
    head.append("content-length: ").append(std::to_string(request.body.size())).append("\r\n");
  head += "connection: close\r\n\r\n";
  Bytes bytes = to_bytes(std::string_view(head));
  bytes.insert(bytes.end(), request.body.begin(), request.body.end());
  return bytes;
}

}  // namespace

Exchange::Exchange(const Ports& ports, OutboundSettings settings, asio::ssl::context& tls, OutboundRequest request)
    : settings_(settings),
      tls_(tls),
      clock_(ports.clock),
      strand_(asio::make_strand(ports.io)),
      timer_(ports.timers.make(strand_)),
      request_(std::move(request)) {
  if (request_.time_limit.count() > 0) deadline_ = clock_.monotonic() + request_.time_limit;
}

Task<Result<HttpResponse>> Exchange::response() {
  co_return co_await asio::co_spawn(strand_, run(shared_from_this()), asio::use_awaitable);
}

Task<Result<std::optional<Bytes>>> Exchange::read_piece() {
  co_return co_await asio::co_spawn(strand_, next_piece(shared_from_this()), asio::use_awaitable);
}

void Exchange::cancel() {
  // The last reference may be on its way out: what is posted keeps the exchange until it has run.
  if (auto self = weak_from_this().lock()) asio::post(strand_, [self] { self->end(End::cancelled); });
}

void Exchange::end(End why) {
  if (end_ == End::none) end_ = why;
  timer_->cancel();
  if (wire_) wire_->close();
}

void Exchange::limit(Millis time) {
  if (deadline_.count() > 0) {
    const auto left = std::chrono::ceil<Millis>(deadline_ - clock_.monotonic());
    time = time.count() > 0 ? std::min(time, left) : left;
    time = std::max(time, Millis(0));
  } else if (time.count() == 0) {
    return timer_->cancel();
  }
  timer_->start(time, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->end(End::timed_out);
  });
}

Error Exchange::failed(std::string why) {
  timer_->cancel();
  if (wire_) wire_->close();
  if (end_ == End::timed_out) return make_error("outbound", "timed_out", std::nullopt, "timed out");
  if (end_ == End::cancelled) return make_error("outbound", "cancelled", std::nullopt, "cancelled");
  return make_error("outbound", "failed", std::nullopt, std::move(why));
}

Task<Result<HttpResponse>> Exchange::run(std::shared_ptr<Exchange> self) {
  for (int redirects = 0;; ++redirects) {
    auto response = co_await self->send_once();
    if (!response) co_return response.error();
    auto next = redirected(self->request_, *response);
    if (!next) {
      response->stream = std::make_shared<Body>(self);
      co_return response;
    }
    self->wire_->close();
    if (redirects == kRedirectsMax) co_return self->failed("too many redirects");
    self->request_ = *std::move(next);
  }
}

Task<Result<HttpResponse>> Exchange::send_once() {
  if (end_ != End::none) co_return failed("ended");
  const Url& url = request_.url;
  if (!url.is_http()) co_return failed("the scheme " + url.scheme + " is not supported");
  wire_ = url.scheme == "https" ? make_tls_wire(strand_, url, tls_) : make_plain_wire(strand_, url);
  reader_.emplace();
  limit(settings_.connect_limit);
  if (const auto error = co_await wire_->connect())
    co_return failed("cannot connect to " + url.authority() + ": " + error.message());
  if (end_ != End::none) co_return failed("ended");
  limit(Millis(0));
  const Bytes bytes = head_and_body(request_);
  if (const auto error = co_await wire_->write(bytes)) co_return failed("cannot send the request: " + error.message());
  while (true) {
    if (auto head = reader_->take_head()) co_return *std::move(head);
    if (reader_->problem()) co_return failed(*reader_->problem());
    TROUPE_CO_CHECK(co_await fill());
  }
}

Task<Result<void>> Exchange::fill() {
  Bytes buffer(kReadBytes);
  std::size_t got = 0;
  const auto error = co_await wire_->read_some(buffer, got);
  if (error && error != asio::error::eof) co_return failed("cannot read the answer: " + error.message());
  if (end_ != End::none) co_return failed("ended");
  if (error) {
    reader_->feed_end();
  } else {
    reader_->feed(BytesView(buffer).first(got));
  }
  co_return Result<void>();
}

Task<Result<std::optional<Bytes>>> Exchange::next_piece(std::shared_ptr<Exchange> self) {
  auto& reader = *self->reader_;
  while (true) {
    if (self->end_ != End::none) co_return self->failed("ended");
    if (auto piece = reader.take_piece()) co_return std::move(piece);
    if (reader.problem()) co_return self->failed(*reader.problem());
    if (reader.body_done()) {
      self->timer_->cancel();
      self->wire_->close();
      co_return std::optional<Bytes>();
    }
    TROUPE_CO_CHECK(co_await self->fill());
  }
}

}  // namespace troupe::outbound
