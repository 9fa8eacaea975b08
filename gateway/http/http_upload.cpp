#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>

#include "gateway/http/body_errors.h"
#include "gateway/http/http_connection.h"
#include "gateway/http/read_some.h"
#include "gateway/http/unexpected.h"
#include "gateway/routing/route.h"

// How an actor reads the body of a raw request: a piece comes off the socket when the actor asks for it, so a client
// can send no faster than the actor reads, and no body is ever held as a whole.
namespace troupe {
namespace {

namespace asio = boost::asio;

}  // namespace

class HttpConnection::Upload final : public BodyStream {
 public:
  Upload(std::weak_ptr<HttpConnection> connection, Strand strand)
      : connection_(std::move(connection)), strand_(std::move(strand)) {}

  Task<BodyPiece> read() override {
    auto start = [weak = connection_, strand = strand_, upload = this](Continuation<BodyPiece> reader) {
      asio::dispatch(strand, [weak, upload, reader = std::move(reader)]() mutable {
        const auto self = weak.lock();
        if (self && self->upload_.get() == upload) return self->pull(std::move(reader));
        reader.post(bad_body("the request is over"));
      });
    };
    return suspend<BodyPiece>(std::move(start));
  }
  /// What is not read is discarded once the answer is written.
  void cancel() override {}

 private:
  const std::weak_ptr<HttpConnection> connection_;
  const Strand strand_;
};

bool HttpConnection::streams_body() {
  const HttpRequest& request = parser_.request();
  const Target target = route({request.method, request.target, request.headers}, {});
  const auto* actor = std::get_if<ActorTarget>(&target);
  return actor && actor->is_raw_request() && !is_websocket_upgrade(request);
}

void HttpConnection::begin_upload(HttpRequest& request) {
  upload_done_ = false;
  upload_error_.reset();
  // A client that has begun to send waits for no permission.
  continue_sent_ = !request.body.empty();
  parser_.request().body = std::exchange(request.body, Bytes());
  upload_ = std::make_shared<Upload>(weak_from_this(), strand_);
  request.stream = upload_;
}

void HttpConnection::pull(Continuation<BodyPiece> reader) {
  Bytes piece = parser_.take_body();
  if (!piece.empty()) return reader.post(std::optional<Bytes>(std::move(piece)));
  if (upload_error_) return reader.post(*upload_error_);
  if (upload_done_) return reader.post(std::optional<Bytes>());
  if (pulling_) return reader.post(bad_body("reads overlap"));
  pulling_ = true;
  auto task = [self = shared_from_this(), reader = std::move(reader)]() mutable {
    return self->pull_more(std::move(reader));
  };
  asio::co_spawn(strand_, std::move(task), log_unexpected("request body"));
}

Task<void> HttpConnection::pull_more(Continuation<BodyPiece> reader) {
  const auto self = shared_from_this();
  const auto upload = upload_;
  if (!std::exchange(continue_sent_, true) && parser_.expects_continue() && !responding_)
    send_now("HTTP/1.1 100 Continue\r\n\r\n");
  while (upload_ && !parse_upload()) {
    if (!make_room()) {
      upload_error_ = malformed_body();
      break;
    }
    // While the answer is written its own limits apply.
    if (!responding_ || phase_ == Phase::streaming) arm(Phase::body, context_->settings.body_timeout);
    auto [ec, size] = co_await read_some(socket_, asio::buffer(in_.data() + end_, in_.size() - end_));
    end_ += size;
    if (!ec || !upload_) continue;
    upload_error_ = bad_body("the client went away");
    if (abort_) abort_->abort();
  }
  pulling_ = false;
  if (!upload_ || upload_ != upload) co_return reader.post(bad_body("the request is over"));
  if (phase_ == Phase::body) {
    if (responding_)
      disarm(Phase::streaming);
    else
      arm(Phase::forwarding, context_->settings.response_start_timeout);
  }
  if (upload_done_ && !responding_) watch_client();
  pull(std::move(reader));
}

bool HttpConnection::parse_upload() {
  if (begin_ < end_) {
    const auto step = parser_.parse(in_.data() + begin_, end_ - begin_);
    begin_ += step.consumed;
    using Status = RequestParser::Status;
    if (step.status == Status::done) {
      upload_done_ = true;
    } else if (step.status == Status::body_too_large) {
      const auto limit = std::to_string(context_->settings.request_body_max);
      upload_error_ = bad_body("request body exceeded the " + limit + "-byte limit");
    } else if (step.status != Status::need_more) {
      upload_error_ = malformed_body();
    }
  }
  return upload_done_ || upload_error_ || parser_.has_body();
}

void HttpConnection::end_upload() {
  if (!std::exchange(upload_, nullptr)) return;
  upload_error_.reset();
  ErrorCode ignored;
  // Ends a read that is under way.
  if (pulling_) socket_.cancel(ignored);
}

void HttpConnection::watch_client() {
  // With a request waiting behind this one, or the rest of its own, nothing more is read, so an end is not seen either.
  if ((!abort_ && !stream_) || watching_ || begin_ < end_ || (upload_ && !upload_done_)) return;
  watching_ = true;
  auto check = [self = shared_from_this()](ErrorCode ec) {
    self->watching_ = false;
    if (ec || (!self->abort_ && !self->stream_)) return;
    char byte = 0;
    const std::size_t size = self->socket_.receive(asio::buffer(&byte, 1), TcpSocket::message_peek, ec);
    if (ec == asio::error::interrupted) return self->watch_client();
    if (size > 0 || must_wait(ec)) return;
    // A client that only closes its sending side gets its answer, unless it never ends.
    if (self->stream_) return self->close_now();
    self->abort_->abort();
  };
  socket_.async_wait(TcpSocket::wait_read, asio::bind_executor(strand_, std::move(check)));
}

}  // namespace troupe
