#include "engine/runtime/connections/raw_socket.h"

#include <utility>

namespace troupe {
namespace {

/// RFC 6455 §7.4.1 and the registry of IANA.
constexpr std::uint16_t kServerError = 1011;
constexpr std::uint16_t kTryAgainLater = 1013;

}  // namespace

class RawSocket::Handle final : public ActorWebSocket {
 public:
  explicit Handle(std::shared_ptr<RawSocket> socket) : socket_(std::move(socket)) {}
  ~Handle() override {
    auto executor = socket_->executor_;
    hand_over(executor, [socket = std::move(socket_)] { socket->stop_reading(); });
  }

  bool send(WebSocketMessage message) override { return socket_->send(std::move(message)); }
  Task<void> wait_drained() override { return socket_->wait_drained(); }
  void close(std::uint16_t code, std::string reason) override { socket_->close(code, std::move(reason)); }
  Task<std::optional<WebSocketMessage>> receive() override { return socket_->receive(); }
  std::uint16_t close_code() const override { return socket_->close_code_; }
  const std::string& close_reason() const override { return socket_->close_reason_; }
  bool hibernating() const override { return socket_->hibernating_; }
  bool restored() const override { return socket_->restored_; }

 private:
  std::shared_ptr<RawSocket> socket_;
};

class RawSocket::Feed final : public ActorSocket {
 public:
  explicit Feed(std::shared_ptr<RawSocket> socket) : socket_(std::move(socket)) {}

  Task<void> on_message(WebSocketMessage message) override {
    auto start = [socket = socket_, message = std::move(message)](Continuation<Done> taken) mutable {
      auto push = [socket, message = std::move(message), taken = std::move(taken)]() mutable {
        socket->push(std::move(message), std::move(taken));
      };
      hand_over(socket->executor_, std::move(push));
    };
    co_await suspend<Done>(std::move(start));
  }

  void on_close(std::uint16_t code, std::string reason) override {
    auto closed = [socket = socket_, code, reason = std::move(reason)]() mutable {
      socket->client_closed(code, std::move(reason));
    };
    hand_over(socket_->executor_, std::move(closed));
  }

 private:
  std::shared_ptr<RawSocket> socket_;
};

RawSocket::RawSocket(Executor executor, std::shared_ptr<RelayedSocket> client, Events events,
                     std::weak_ptr<ConnectionOwner> owner)
    : executor_(std::move(executor)),
      client_(std::move(client)),
      events_(std::move(events)),
      owner_(std::move(owner)) {}

void RawSocket::restore(Position position) {
  position_ = position;
  restored_ = may_repeat_ = true;
}

bool RawSocket::send(WebSocketMessage message) {
  const auto owner = owner_.lock();
  if (closed_ || !owner) return false;
  if (!owner->may_leave()) return send_later(*owner, std::move(message));
  ++position_.sent;
  return client_->send(std::move(message));
}

bool RawSocket::send_later(ConnectionOwner& owner, WebSocketMessage message) {
  const auto bytes = message.data.size();
  auto out = [self = shared_from_this(), kept = std::make_shared<WebSocketMessage>(std::move(message))] {
    if (--self->held_ == 0) self->released_.notify_all();
    (void)self->client_->send(std::move(*kept));
  };
  ++held_;
  if (owner.hold_back(bytes, std::move(out))) {
    ++position_.sent;
    return true;
  }
  --held_;
  close(kTryAgainLater, "actor.overloaded");
  return false;
}

Task<void> RawSocket::wait_drained() {
  const auto self = shared_from_this();
  while (held_ > 0 && !closed_) (void)co_await released_.wait();
  co_await client_->wait_drained();
}

std::shared_ptr<ActorWebSocket> RawSocket::make_handle() {
  has_reader_ = true;
  return std::make_shared<Handle>(shared_from_this());
}

std::shared_ptr<ActorSocket> RawSocket::make_feed() { return std::make_shared<Feed>(shared_from_this()); }

bool RawSocket::has_room() const { return inbox_.size() < kInboxMessagesMax && inbox_bytes_ < kInboxBytesMax; }

void RawSocket::push(WebSocketMessage message, Continuation<Done> taken) {
  // The next generation gets it.
  left_messages_ = left_messages_ || hibernating_;
  if (hibernating_) return taken.resume({});
  if (is_repeated(message.index)) {
    // First: whoever goes on may hand over the next one, which is repeated as well, inside the call.
    close(kServerError, "actor.dropped_reply");
    return taken.resume({});
  }
  if (closed_ || !has_reader_) {
    if (!closed_) handled(message.index);
    return taken.resume({});
  }
  if (!readers_.empty()) {
    auto reader = std::move(readers_.front());
    readers_.erase(readers_.begin());
    // The gateway goes on first: what the actor's code does with the message may take long.
    taken.post({});
    return reader.resume(take(std::move(message)));
  }
  inbox_bytes_ += message.data.size();
  inbox_.push_back(std::move(message));
  if (has_room()) return taken.resume({});
  writer_ = std::move(taken);
}

std::optional<WebSocketMessage> RawSocket::take(WebSocketMessage message) {
  taken_ = message.index;
  if (events_.handled) writes_before_ = writes();
  return message;
}

std::uint64_t RawSocket::writes() const {
  const auto owner = owner_.lock();
  return owner ? owner->writes() : 0;
}

void RawSocket::finish_taken() {
  if (!taken_) return;
  const auto index = *std::exchange(taken_, std::nullopt);
  if (events_.handled && writes() != writes_before_) partly_stored_ = index;
  handled(index);
}

void RawSocket::handled(std::uint16_t index) {
  position_.handled = index;
  if (events_.handled) events_.handled(shared_from_this(), index);
}

void RawSocket::acknowledge(std::uint16_t index) {
  if (partly_stored_ && static_cast<std::int16_t>(index - *partly_stored_) >= 0) partly_stored_.reset();
  client_->ack(index);
}

bool RawSocket::is_repeated(std::uint16_t index) {
  // They would come first, and an index goes round.
  if (!std::exchange(may_repeat_, false)) return false;
  return static_cast<std::int16_t>(index - position_.handled) <= 0;
}

void RawSocket::make_room() {
  if (writer_ && (has_room() || closed_ || hibernating_ || !has_reader_)) writer_.post({});
}

Task<std::optional<WebSocketMessage>> RawSocket::receive() {
  auto self = shared_from_this();
  finish_taken();
  if (!inbox_.empty()) {
    auto message = std::move(inbox_.front());
    inbox_.pop_front();
    inbox_bytes_ -= message.data.size();
    make_room();
    co_return take(std::move(message));
  }
  if (closed_ || hibernating_) co_return std::nullopt;
  auto start = [self](Continuation<std::optional<WebSocketMessage>> reader) {
    self->readers_.push_back(std::move(reader));
  };
  co_return co_await suspend<std::optional<WebSocketMessage>>(std::move(start));
}

void RawSocket::stop_reading() {
  has_reader_ = false;
  finish_taken();
  // Nobody wants what is left: that is how it is handled.
  if (!inbox_.empty() && !closed_) handled(inbox_.back().index);
  inbox_.clear();
  inbox_bytes_ = 0;
  make_room();
}

void RawSocket::prepare_sleep() {
  if (!events_.handled || std::exchange(hibernating_, true)) return;
  left_messages_ = !inbox_.empty();
  inbox_.clear();
  inbox_bytes_ = 0;
  make_room();
  for (auto& reader : std::exchange(readers_, {})) reader.post(std::nullopt);
}

void RawSocket::hibernate() {
  prepare_sleep();
  closed_ = true;
  events_ = {};
  released_.notify_all();
  if (!partly_stored_) return client_->hibernate();
  // Behind nothing: what was held back for the client has left or has been dropped.
  client_->close(kServerError, "actor.dropped_reply");
}

void RawSocket::close(std::uint16_t code, std::string reason) {
  if (closed_) return;
  // Nothing comes again.
  partly_stored_.reset();
  const auto owner = held_ > 0 ? owner_.lock() : nullptr;
  if (owner) {
    owner->end_sink([client = client_, code, reason] { client->close(code, reason); });
  } else {
    client_->close(code, reason);
  }
  (void)finish(code, std::move(reason));
}

void RawSocket::client_closed(std::uint16_t code, std::string reason) {
  // Behind messages that are left to the next generation the close is as well.
  if (closed_ || left_messages_) return;
  const bool hibernatable = events_.handled != nullptr;
  const bool taken = finish(code == 0 ? 1005 : code, std::move(reason));
  // Otherwise the next generation would be told as well.
  if (taken && hibernatable) client_->close(close_code_, close_reason_);
}

bool RawSocket::finish(std::uint16_t code, std::string reason) {
  auto self = shared_from_this();
  closed_ = true;
  close_code_ = code;
  close_reason_ = std::move(reason);
  make_room();
  released_.notify_all();
  for (auto& reader : std::exchange(readers_, {})) reader.post(std::nullopt);
  const auto closed = std::exchange(events_.closed, nullptr);
  return closed && closed();
}

}  // namespace troupe
