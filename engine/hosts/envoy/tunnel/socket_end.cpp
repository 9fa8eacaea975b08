#include "engine/hosts/envoy/tunnel/socket_end.h"

#include <utility>

#include "engine/base/codec/utf8.h"
#include "engine/base/errors.h"
#include "engine/hosts/envoy/tunnel/headers.h"

namespace troupe {
namespace {

constexpr std::uint16_t kNormalClosure = 1000, kNoStatus = 1005, kBroken = 1006, kTooBig = 1009, kServerError = 1011;
constexpr const char* kDownstreamClosed = "ws.downstream_closed";

/// What RFC 6455 lets an endpoint send.
bool is_close_code(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/// Of the envoy itself: it does not have this generation.
bool is_actor_missing(const envoyproto::ToRivetWebSocketClose& close) {
  return close.code == kServerError && close.reason == "Actor not found";
}

}  // namespace

SocketEnd::SocketEnd(std::shared_ptr<TunnelContext> context, ConversationId id, EnvoyActorAddress to,
                     std::shared_ptr<RelayedSocket> client)
    : Conversation(id, std::move(to)), context_(std::move(context)), client_(std::move(client)) {}

bool SocketEnd::send(std::uint16_t index, envoyproto::ToEnvoyTunnelMessageKind&& kind) {
  const std::size_t payload = payload_bytes(kind);
  envoyproto::ToEnvoy message = envoyproto::ToEnvoyTunnelMessage{make_message_id(id_, index), std::move(kind)};
  if (to_.link->send(message)) {
    last_index_ = index;
    context_->counters.sent(payload);
    return true;
  }
  kind = std::move(std::get<envoyproto::ToEnvoyTunnelMessage>(message).message_kind);
  return false;
}

// -- opening ----------------------------------------------------------------------------------------------------------

Task<SocketEnd::Opened> SocketEnd::open(std::shared_ptr<const HttpRequest> upgrade) {
  const auto self = shared_from_this();
  auto start = [self, upgrade = std::move(upgrade)](Continuation<Opened> opener) mutable {
    self->ask_to_open(std::move(upgrade), std::move(opener));
  };
  co_return co_await suspend<Opened>(std::move(start));
}

void SocketEnd::ask_to_open(std::shared_ptr<const HttpRequest> upgrade, Continuation<Opened> opener) {
  auto overdue = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->opening_overdue();
  };
  {
    std::unique_lock lock(mutex_);
    if (state_ == State::ended) {
      // The generation was over before anybody waited.
      lock.unlock();
      return opener.post(Opened(make_error("actor", "stopping")));
    }
    upgrade_ = std::move(upgrade);
    opener_ = std::move(opener);
    deadline_ = context_->deadlines->add(context_->settings.websocket_open_timeout, std::move(overdue));
  }
  send_opening();
}

void SocketEnd::send_opening() {
  std::unique_lock lock(mutex_);
  if (state_ != State::unopened || !opener_) return;
  if (stopping_) {
    lock.unlock();
    end(TunnelReplay::not_sent, make_error("actor", "stopping"));
    return;
  }
  if (!to_.link->connected()) return;
  envoyproto::ToEnvoyWebSocketOpen opening;
  opening.actor_id = to_.actor.text();
  opening.actor_generation = to_.generation;
  opening.path = upgrade_->target;
  opening.headers = to_envoy_headers(upgrade_->headers);
  if (!send(0, std::move(opening))) return;
  state_ = State::opening;
  upgrade_.reset();
}

void SocketEnd::opening_overdue() {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::unopened && state_ != State::opening) return;
    // It may still open there: nobody would ever close it.
    if (state_ == State::opening) (void)send(1, envoyproto::ToEnvoyWebSocketClose{kServerError, kDownstreamClosed});
  }
  end(TunnelAbort::timed_out, make_error("guard", "websocket_open_timeout"));
}

void SocketEnd::resume(std::uint16_t next_index) {
  const std::lock_guard lock(mutex_);
  state_ = State::open;
  can_hibernate_ = true;
  last_index_ = static_cast<std::uint16_t>(next_index - 1);
}

// -- from the client --------------------------------------------------------------------------------------------------

Task<void> SocketEnd::on_message(WebSocketMessage message) {
  const auto self = shared_from_this();
  if (to_.link->buffered_bytes() > kLinkBusyBytes) co_await to_.link->wait_drained();
  while (!send_message(message)) co_await wait_for_link();
}

bool SocketEnd::send_message(WebSocketMessage& message) {
  const std::lock_guard lock(mutex_);
  if (state_ != State::open || lets_go()) return true;
  envoyproto::ToEnvoyTunnelMessageKind kind =
      envoyproto::ToEnvoyWebSocketMessage{std::move(message.data), message.binary};
  if (send(message.index, std::move(kind))) return true;
  message.data = std::move(std::get<envoyproto::ToEnvoyWebSocketMessage>(kind).data);
  return false;
}

Task<Done> SocketEnd::wait_for_link() {
  return suspend<Done>([this](Continuation<Done> sender) {
    {
      const std::lock_guard lock(mutex_);
      if (state_ == State::open && !lets_go() && !to_.link->connected()) {
        sender_ = std::move(sender);
        return;
      }
    }
    sender.post({});
  });
}

bool SocketEnd::tell_closed(std::uint16_t code, std::string reason) {
  const auto self = shared_from_this();
  Continuation<Done> sender;
  {
    std::unique_lock lock(mutex_);
    if (state_ != State::open) return !stopping_;
    if (lets_go()) {
      lock.unlock();
      end(make_error("actor", "stopping"));
      return false;
    }
    state_ = State::closing;
    sender = std::move(sender_);
    if (code == kBroken)
      close_ = {kServerError, kDownstreamClosed};
    else if (code == kNoStatus)
      close_ = {kNormalClosure, std::nullopt};
    else
      close_ = {code, std::move(reason)};
    (void)send(static_cast<std::uint16_t>(last_index_ + 1), envoyproto::ToEnvoyWebSocketClose(close_));
    deadline_ = context_->deadlines->add(context_->settings.websocket_close_timeout, [weak = weak_from_this()] {
      if (const auto end = weak.lock()) end->closing_overdue();
    });
  }
  if (sender) sender.post({});
  return true;
}

void SocketEnd::closing_overdue() {
  // It may have been handled; to wait for more would be to wait for ever.
  const bool ended = end(TunnelAbort::timed_out, make_error("guard", "websocket_open_dropped"));
  if (ended && client_) client_->close(kNormalClosure, "");
}

// -- from the envoy ---------------------------------------------------------------------------------------------------

void SocketEnd::receive(std::uint16_t, envoyproto::ToRivetTunnelMessageKind kind) {
  const auto self = shared_from_this();
  std::visit([&](auto& message) { on(std::move(message)); }, kind);
}

void SocketEnd::on(const envoyproto::ToRivetWebSocketOpen& answer) {
  Continuation<Opened> opener;
  DeadlineQueue::Token deadline = 0;
  {
    const std::lock_guard lock(mutex_);
    // A generation that resumes sockets opens them on its own account.
    if (state_ != State::opening) return;
    state_ = State::open;
    can_hibernate_ = answer.can_hibernate;
    opener = std::move(opener_);
    deadline = std::exchange(deadline_, 0);
  }
  context_->deadlines->cancel(deadline);
  OpenedSocket opened;
  opened.actor = shared_from_this();
  opened.can_hibernate = answer.can_hibernate;
  opened.acks_expire = answer.can_hibernate;
  opener.post(std::move(opened));
}

void SocketEnd::on(envoyproto::ToRivetWebSocketMessage message) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::open || !client_) return ignored();
  }
  if (message.data.size() > context_->settings.payload_bytes_max) {
    context_->counters.count(TunnelAbort::violation);
    client_->close(kTooBig, "actor WebSocket message exceeds the maximum size");
    return send_close(kNormalClosure, std::nullopt);
  }
  WebSocketMessage relayed;
  relayed.binary = message.binary;
  relayed.data = std::move(message.data);
  if (!relayed.binary && !is_utf8(relayed.data)) relayed.data = to_bytes(to_valid_utf8(as_text(relayed.data)));
  client_->send(std::move(relayed));
}

void SocketEnd::on(const envoyproto::ToRivetWebSocketMessageAck& ack) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::open || !client_) return ignored();
  }
  client_->ack(ack.index);
}

void SocketEnd::on(envoyproto::ToRivetWebSocketClose close) {
  State state;
  bool hibernates = false;
  {
    const std::lock_guard lock(mutex_);
    state = state_;
    hibernates = state == State::open && close.hibernate && can_hibernate_;
  }
  if (hibernates) {
    if (client_) client_->hibernate();
    return;
  }
  if (state == State::opening && is_actor_missing(close)) {
    end(TunnelReplay::actor_missing, make_error("actor", "stopping"));
    // Afterwards: it may end the generation, and the opening with it.
    to_.link->actor_missing(to_.actor, to_.generation);
    return;
  }
  if (state != State::open) {
    const bool answers = state == State::closing && !is_actor_missing(close);
    if (end(make_error("guard", "websocket_closed_before_open")) && answers && client_)
      client_->close(kNormalClosure, "");
    return;
  }
  if (client_) {
    const std::uint16_t code = close.code.value_or(kNormalClosure);
    if (is_close_code(code))
      client_->close(code, close.code ? close.reason.value_or("") : "ws.closed");
    else
      client_->close(kServerError, "ws.invalid_close_code");
  }
  send_close(kNormalClosure, std::nullopt);
}

void SocketEnd::send_close(std::optional<std::uint16_t> code, std::optional<std::string> reason) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::open) return;
    (void)send(static_cast<std::uint16_t>(last_index_ + 1), envoyproto::ToEnvoyWebSocketClose{code, std::move(reason)});
  }
  end(make_error("guard", "websocket_closed_before_open"));
}

void SocketEnd::reconnected() {
  Continuation<Done> sender;
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    sender = std::move(sender_);
    // What was sent over the old connection may be lost.
    again = state_ == State::open && can_hibernate_;
    if (state_ == State::closing)
      (void)send(static_cast<std::uint16_t>(last_index_ + 1), envoyproto::ToEnvoyWebSocketClose(close_));
  }
  send_opening();
  if (sender) sender.post({});
  // It is resumed at once, and all that is unacknowledged comes again with the indexes it had.
  if (again && client_) client_->hibernate();
}

void SocketEnd::generation_stopping() {
  Continuation<Done> sender;
  bool hibernates = false;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopping_, true)) return;
    hibernates = state_ == State::open && can_hibernate_;
    if (hibernates) sender = std::move(sender_);
  }
  send_opening();
  if (sender) sender.post({});
  // What the client sends from now on wakes the next generation at once.
  if (hibernates && client_) client_->hibernate();
}

void SocketEnd::generation_stopped() {
  bool unseen = false, cut = false;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    unseen = state_ == State::unopened;
    cut = state_ == State::opening || (state_ == State::open && !can_hibernate_);
  }
  if (unseen) {
    end(TunnelReplay::not_sent, make_error("actor", "stopping"));
    return;
  }
  const bool ended = end(make_error("guard", "actor_stopped_while_waiting_for_websocket_open"));
  if (ended && cut) context_->counters.count(TunnelAbort::actor_stopped);
}

bool SocketEnd::end(const Error& error) {
  Continuation<Opened> opener;
  Continuation<Done> sender;
  DeadlineQueue::Token deadline = 0;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(state_, State::ended) == State::ended) return false;
    opener = std::move(opener_);
    sender = std::move(sender_);
    deadline = std::exchange(deadline_, 0);
  }
  context_->registry.remove(*this);
  if (deadline != 0) context_->deadlines->cancel(deadline);
  if (sender) sender.post({});
  if (opener) opener.post(error);
  return true;
}

}  // namespace troupe
