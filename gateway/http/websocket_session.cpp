#include "gateway/http/websocket_session.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/write.hpp>
#include <tuple>

#include "engine/base/errors.h"
#include "gateway/http/unexpected.h"
#include "gateway/proxy/answers.h"

namespace troupe {
namespace {

namespace asio = boost::asio;

/// Of one read.
constexpr std::size_t kReadMax = 64 * 1024;
/// Writes in a row before others get their turn on the strand.
constexpr int kWritesInARowMax = 16;

constexpr std::uint16_t kProtocolError = 1002, kInvalidUtf8 = 1007, kTooBig = 1009, kInternalError = 1011,
                        kTryAgainLater = 1013, kBroken = 1006;

}  // namespace

WebSocketSession::WebSocketSession(Start start)
    : context_(std::move(start.context)),
      membership_(std::move(start.membership)),
      socket_(std::move(start.socket)),
      strand_(std::move(start.strand)),
      ray_id_(std::move(start.ray_id)),
      rules_(start.rules ? std::move(*start.rules) : client_rules(context_->settings)),
      in_(std::move(start.early)),
      reader_(rules_.message_max) {
  // The 101 goes first; `serve` is the writer until it has left.
  queue_.push_raw(start.accept_head);
  writing_ = true;
  ++context_->connections->websockets;
}

WebSocketSession::Rules WebSocketSession::client_rules(const ServerSettings& settings) {
  Rules rules;
  rules.message_max = settings.websocket_message_max;
  rules.outbound_bytes_max = settings.websocket_outbound_bytes_max;
  rules.outbound_message_max = settings.websocket_outbound_message_max;
  return rules;
}

WebSocketSession::~WebSocketSession() { leave(); }

// The actor may keep its end for as long as it likes; the connection is over nevertheless.
void WebSocketSession::leave() {
  if (std::exchange(left_, true)) return;
  --context_->connections->websockets;
  membership_.leave();
}

void WebSocketSession::run(SocketOpener opener) {
  membership_.set(shared_from_this());
  auto body = [self = shared_from_this(), opener = std::move(opener)]() mutable {
    return self->serve(std::move(opener));
  };
  asio::co_spawn(strand_, std::move(body), log_unexpected("websocket session"));
}

void WebSocketSession::refuse(std::uint16_t code, std::string reason) {
  close(code, std::move(reason));
  run(nullptr);
}

Task<void> WebSocketSession::serve(SocketOpener opener) {
  // The 101 leaves before the actor is asked.
  write_queued();
  if (opener) co_await open(std::move(opener));
  CloseFrame end = co_await read_until_closed();
  if (actor_) {
    auto actor = std::exchange(actor_, nullptr);
    actor->on_close(end.code, std::move(end.reason));
  }
  co_await wait_until_at_most(0);
  cut_now();
  leave();
}

Task<void> WebSocketSession::open(SocketOpener opener) {
  opening_ = true;
  deadline_ns_ = context_->connections->deadline_in(context_->settings.websocket_open_timeout);
  auto opened = co_await opener(shared_from_this());
  if (!strand_.running_in_this_thread()) co_await asio::post(asio::use_awaitable);
  opening_ = false;
  {
    const std::lock_guard lock(mutex_);
    if (!close_queued_) deadline_ns_ = kNever;
  }
  if (!opened)
    close(close_code(opened.error()), close_reason(opened.error(), ray_id_));
  else
    actor_ = std::move(*opened);
}

// How the socket ended: the client's Close, ours, or a break.
Task<CloseFrame> WebSocketSession::read_until_closed() {
  for (;;) {
    auto closed = co_await take_events();
    const bool more = !closed && co_await read_more();
    if (more) continue;
    if (!closed) cut_now();
    std::optional<CloseFrame> own;
    {
      const std::lock_guard lock(mutex_);
      own = own_close_;
    }
    if (own) co_return *own;
    if (closed) co_return *closed;
    co_return CloseFrame{kBroken, {}};
  }
}

// Handles the frames that are there. A value ends the session.
Task<std::optional<CloseFrame>> WebSocketSession::take_events() {
  using Kind = WebSocketReader::Kind;
  for (;;) {
    BytesView view(in_.data() + begin_, in_.size() - begin_);
    WebSocketReader::Event event = reader_.next(view);
    begin_ = in_.size() - view.size();
    switch (event.kind) {
      case Kind::need_more:
        co_return std::nullopt;
      case Kind::message:
        if (actor_ && !closing()) {
          co_await actor_->on_message(std::move(event.message));
          if (!strand_.running_in_this_thread()) co_await asio::post(asio::use_awaitable);
        }
        break;
      case Kind::ping: {
        bool start = false;
        {
          const std::lock_guard lock(mutex_);
          // A client that asks without reading the answers gets none.
          if (close_queued_ || broken_ || queued() >= rules_.outbound_bytes_max) break;
          queue_.push_pong(event.message.data);
          start = start_writer();
        }
        if (start) schedule_write();
        break;
      }
      case Kind::pong:
        break;
      case Kind::close:
        close(event.close.code, event.close.reason);
        co_return std::move(event.close);
      case Kind::protocol_error:
        close(kProtocolError, "ws.invalid_packet");
        co_await discard_until_eof();
        co_return CloseFrame{kProtocolError, {}};
      case Kind::invalid_utf8:
        close(kInvalidUtf8, "message.invalid_utf8");
        co_await discard_until_eof();
        co_return CloseFrame{kInvalidUtf8, {}};
      case Kind::too_big:
        close(kInternalError, close_reason(make_error("core", "internal_error"), ray_id_));
        co_await discard_until_eof();
        co_return CloseFrame{kTooBig, {}};
    }
  }
}

// A socket that waits has no buffer of its own: most of them are idle most of the time.
Task<bool> WebSocketSession::read_more() {
  in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(begin_));
  begin_ = 0;
  if (in_.empty() && in_.capacity() > rules_.kept_buffer_max) Bytes().swap(in_);
  for (;;) {
    ErrorCode ec;
    if (readable_ && take_what_came(ec)) co_return !ec;
    std::tie(ec) = co_await socket_.async_wait(TcpSocket::wait_read, kAsTuple);
    if (ec) co_return false;
    readable_ = true;
  }
}

// False: nothing has come.
bool WebSocketSession::take_what_came(ErrorCode& ec) {
  thread_local Bytes buffer(kReadMax);
  const std::size_t size = socket_.read_some(asio::buffer(buffer), ec);
  readable_ = size == buffer.size();
  if (must_wait(ec)) return false;
  in_.insert(in_.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
  if (rules_.quick_ack && !ec) acknowledge_now();
  return true;
}

// The kernel falls back to delayed acknowledgements by itself, so each read asks anew.
void WebSocketSession::acknowledge_now() {
#ifdef TCP_QUICKACK
  const int on = 1;
  ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
#endif
}

// After a broken frame: what follows cannot be read, but a socket closed over unread data would lose our Close frame.
Task<void> WebSocketSession::discard_until_eof() {
  bool more = true;
  while (more) {
    begin_ = in_.size();
    more = co_await read_more();
  }
}

bool WebSocketSession::closing() const {
  const std::lock_guard lock(mutex_);
  return close_queued_ || broken_;
}

// -- sending -----------------------------------------------------------------------------------------

bool WebSocketSession::send(WebSocketMessage message) {
  bool start = false;
  bool accepted = false;
  {
    const std::lock_guard lock(mutex_);
    if (close_queued_ || broken_) return false;
    if (message.data.size() > rules_.outbound_message_max) {
      own_close_ = CloseFrame{kTooBig, {}};
      queue_close(kTooBig, "actor WebSocket message exceeds the maximum size");
    } else if (queued() >= rules_.outbound_bytes_max) {
      queue_.clear();
      own_close_ = CloseFrame{kTryAgainLater, "ws.slow_client"};
      queue_close(kTryAgainLater, "ws.slow_client");
    } else {
      queue_.push_message(std::move(message));
      accepted = true;
    }
    start = start_writer();
  }
  if (start) schedule_write();
  return accepted;
}

std::size_t WebSocketSession::buffered_bytes() const {
  const std::lock_guard lock(mutex_);
  return queued();
}

Task<void> WebSocketSession::wait_drained() {
  const auto self = shared_from_this();
  // "Fewer than half".
  const std::size_t half = rules_.outbound_bytes_max / 2;
  co_await wait_until_at_most(half > 0 ? half - 1 : 0);
}

Task<Done> WebSocketSession::wait_until_at_most(std::size_t bytes) {
  return suspend<Done>([this, bytes](Continuation<Done> continuation) {
    {
      const std::lock_guard lock(mutex_);
      const bool closed_for_sender = bytes > 0 && close_queued_;
      if (!broken_ && !closed_for_sender && queued() > bytes) {
        waiters_.push_back({bytes, std::move(continuation)});
        return;
      }
    }
    continuation.post({});
  });
}

void WebSocketSession::close(std::uint16_t code, std::string reason) {
  {
    const std::lock_guard lock(mutex_);
    if (close_queued_ || broken_) return;
    queue_close(code, reason);
    if (!start_writer()) return;
  }
  schedule_write();
}

void WebSocketSession::queue_close(std::uint16_t code, std::string_view reason) {
  queue_.push_close(code, reason);
  close_queued_ = true;
  deadline_ns_ = context_->connections->deadline_in(context_->settings.websocket_close_timeout);
}

void WebSocketSession::schedule_write() {
  // Not inside the caller: what it queues next then leaves in the same write.
  run_next(strand_, [self = shared_from_this()] { self->write_queued(); });
}

std::vector<Continuation<Done>> WebSocketSession::due_waiters() {
  std::vector<Continuation<Done>> due;
  std::erase_if(waiters_, [&](Waiter& waiter) {
    const bool is_due = broken_ || queued() <= waiter.bytes || (waiter.bytes > 0 && close_queued_);
    if (is_due) due.push_back(std::move(waiter.continuation));
    return is_due;
  });
  return due;
}

void WebSocketSession::write_queued() {
  for (int i = 0; i < kWritesInARowMax; ++i) {
    {
      const std::lock_guard lock(mutex_);
      if (broken_ || queue_.empty()) {
        writing_ = false;
        return;
      }
      pieces_ = queue_.take();
      in_flight_ = 0;
      for (const Bytes& piece : pieces_) in_flight_ += piece.size();
    }
    std::vector<asio::const_buffer> buffers;
    buffers.reserve(pieces_.size());
    for (const Bytes& piece : pieces_) buffers.push_back(asio::buffer(piece));
    ErrorCode ec;
    std::size_t written = write_now(socket_, buffers, ec);
    if (ec) return finish_write(ec);
    while (written > 0) {
      const std::size_t part = std::min(written, buffers.front().size());
      buffers.front() += part;
      written -= part;
      if (buffers.front().size() == 0) buffers.erase(buffers.begin());
    }
    if (!buffers.empty()) {
      auto done = [self = shared_from_this()](ErrorCode failed, std::size_t) {
        self->finish_write(failed);
        if (!failed) self->write_queued();
      };
      asio::async_write(socket_, std::move(buffers), asio::bind_executor(strand_, std::move(done)));
      return;
    }
    finish_write({});
  }
  schedule_write();
}

void WebSocketSession::finish_write(ErrorCode ec) {
  if (ec) return cut_now();
  std::vector<Continuation<Done>> due;
  {
    const std::lock_guard lock(mutex_);
    in_flight_ = 0;
    due = due_waiters();
  }
  for (auto& continuation : due) continuation.post({});
}

// -- the server's side -----------------------------------------------------------------------------------------

void WebSocketSession::expire() {
  asio::post(strand_, [self = shared_from_this()] {
    if (self->deadline() > self->context_->connections->now()) return;
    if (self->opening_ && !self->closing())
      self->close(kInternalError, close_reason(make_error("guard", "websocket_open_timeout"), self->ray_id_));
    else
      self->cut_now();
  });
}

void WebSocketSession::going_away() {
  {
    const std::lock_guard lock(mutex_);
    if (close_queued_ || broken_) return;
    own_close_ = rules_.going_away;
    queue_close(rules_.going_away.code, rules_.going_away.reason);
    if (!start_writer()) return;
  }
  schedule_write();
}

void WebSocketSession::cut() {
  asio::post(strand_, [self = shared_from_this()] { self->cut_now(); });
}

void WebSocketSession::cut_now() {
  std::vector<Continuation<Done>> due;
  {
    const std::lock_guard lock(mutex_);
    broken_ = true;
    in_flight_ = 0;
    queue_.clear();
    due = due_waiters();
  }
  for (auto& continuation : due) continuation.post({});
  ErrorCode ignored;
  socket_.shutdown(TcpSocket::shutdown_both, ignored);
  socket_.close(ignored);
}

}  // namespace troupe
