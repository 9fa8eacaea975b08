#include "engine/sockets/socket_relay.h"

#include "engine/base/errors.h"
#include "engine/placement/hand_over.h"

namespace troupe {
namespace {

constexpr std::uint16_t kNormalClosure = 1000;
constexpr std::uint16_t kServerError = 1011;

bool is_client_protocol(const HttpRequest& upgrade) {
  constexpr std::string_view kConnect = "/connect";
  const std::string_view target = upgrade.target;
  return target.starts_with(kConnect) && (target.size() == kConnect.size() || target[kConnect.size()] == '?');
}

std::string close_reason_of(const Error& error, const HttpRequest& upgrade) {
  const std::string* ray_id = upgrade.headers.find("x-rivet-ray-id");
  return ray_id ? error.id() + "#" + *ray_id : error.id();
}

}  // namespace

/// The client's end for one generation.
class SocketRelay::Port final : public RelayedSocket {
 public:
  explicit Port(std::shared_ptr<SocketRelay> relay) : relay_(std::move(relay)) {}

  SocketId id() const override { return relay_->id_; }
  bool send(WebSocketMessage message) override { return relay_->send(std::move(message)); }
  std::size_t buffered_bytes() const override { return relay_->client_->buffered_bytes(); }
  Task<void> wait_drained() override { return relay_->client_->wait_drained(); }
  void ack(std::uint16_t index) override { relay_->ack(index); }
  void hibernate() override { relay_->hibernate(*this); }
  void close(std::uint16_t code, std::string reason) override { relay_->close(*this, code, std::move(reason)); }

 private:
  const std::shared_ptr<SocketRelay> relay_;
};

SocketRelay::SocketRelay(std::shared_ptr<Sockets> sockets, ActorId actor, SocketId id, HttpRequest upgrade,
                         std::shared_ptr<ClientSocket> client)
    : sockets_(std::move(sockets)),
      actor_id_(actor),
      id_(id),
      upgrade_(std::make_shared<const HttpRequest>(std::move(upgrade))),
      client_(std::move(client)) {}

std::shared_ptr<SocketRelay::Port> SocketRelay::make_port() {
  auto port = std::make_shared<Port>(shared_from_this());
  port_ = port;
  return port;
}

HibernatingSocket SocketRelay::description() {
  auto port = port_.lock();
  return {id_, upgrade_, port ? std::move(port) : make_port()};
}

void SocketRelay::forget() { sockets_->remove(actor_id_, id_); }

// -- opening ----------------------------------------------------------------------------------------------------------

Task<Result<void>> SocketRelay::open(std::shared_ptr<HostedActor> hosted) {
  const auto self = shared_from_this();
  std::shared_ptr<Port> port;
  {
    const std::lock_guard lock(mutex_);
    hosted_ = hosted;
    port = make_port();
  }
  HttpRequest request = *upgrade_;
  auto opened = co_await hosted->open_websocket(std::move(request), std::move(port));
  bool resumes = false, ends = false;
  std::optional<Close> late;
  {
    const std::lock_guard lock(mutex_);
    if (!opened) {
      state_ = State::closed;
      hosted_.reset();
    } else if (state_ == State::closed) {
      late = close_;
    } else {
      can_hibernate_ = opened->can_hibernate;
      acks_expire_ = opened->acks_expire;
      const bool stopped = stopped_in_opening_ && !closed_by_actor_;
      state_ = stopped && can_hibernate_ ? State::hibernating : State::attached;
      // The next generation may run already.
      resumes = stopped && can_hibernate_ && listed_;
      ends = stopped && !can_hibernate_;
      if (!stopped_in_opening_) actor_ = opened->actor;
    }
  }
  if (!opened) {
    forget();
    co_return opened.error();
  }
  if (late) opened->actor->on_close(late->code, std::move(late->reason));
  if (ends) client_->close(kNormalClosure, "actor.stopped");
  if (resumes) start_wake();
  co_return Result<void>();
}

// -- from the gateway -------------------------------------------------------------------------------------------------

bool SocketRelay::room_for(const WebSocketMessage& message) const {
  const SocketSettings& limits = sockets_->settings();
  return pending_.size() < limits.pending_messages_max &&
         pending_bytes_ + message.data.size() <= limits.pending_bytes_max;
}

Task<void> SocketRelay::on_message(WebSocketMessage message) {
  const auto self = shared_from_this();
  std::shared_ptr<ActorSocket> direct;
  bool overflows = false, wakes = false, pumps = false;
  {
    const std::lock_guard lock(mutex_);
    if (close_ || state_ == State::closed || closed_by_actor_) co_return;
    message.index = next_index_++;
    if (!can_hibernate_) {
      direct = actor_;
    } else if (!room_for(message)) {
      overflows = true;
    } else {
      pending_bytes_ += message.data.size();
      undelivered_bytes_ += message.data.size();
      pending_.push_back({std::move(message), {}});
      if (undelivered_ == pending_.end()) --undelivered_;
      wakes = state_ == State::hibernating;
      pumps = state_ == State::attached && !std::exchange(pumping_, true);
    }
  }
  if (direct) co_return co_await direct->on_message(std::move(message));
  if (overflows) co_return fail(make_error("guard", "websocket_pending_limit_reached"), true);
  if (wakes) start_wake();
  // Here, not in the background: the client then feels how busy the actor is.
  if (pumps) co_return co_await pump();
  co_await wait_for_room();
}

Task<Done> SocketRelay::wait_for_room() {
  return suspend<Done>([this](Continuation<Done> gateway) {
    {
      const std::lock_guard lock(mutex_);
      if (undelivered_bytes_ > kUndeliveredMax && state_ != State::closed) {
        waiting_gateway_ = std::move(gateway);
        return;
      }
    }
    gateway.post({});
  });
}

void SocketRelay::on_close(std::uint16_t code, std::string reason) { end({code, std::move(reason)}, true); }

void SocketRelay::fail(const Error& error, bool wakes) {
  std::string reason = close_reason_of(error, *upgrade_);
  client_->close(kServerError, reason);
  end({kServerError, std::move(reason)}, wakes);
}

void SocketRelay::end(Close close, bool wakes) {
  std::shared_ptr<ActorSocket> actor;
  std::shared_ptr<HostedActor> hosted;
  std::optional<HibernatingSocket> asleep;
  std::list<Pending> dropped;
  Continuation<Done> gateway;
  bool wake_for_close = false, over = false;
  {
    const std::lock_guard lock(mutex_);
    if (close_ || state_ == State::closed) return;
    gateway = std::move(waiting_gateway_);
    close_ = close;
    const bool matters = wakes && close_matters();
    if (matters && state_ == State::attached) {
      // Behind what is being delivered.
      if (!pumping_) {
        state_ = State::told;
        actor = std::move(actor_);
      }
    } else if (matters &&
               (state_ == State::resuming || (state_ == State::hibernating && (listed_ || !pending_.empty())))) {
      // It is told as soon as it has the socket.
      wake_for_close = state_ == State::hibernating;
      state_ = State::closing;
    } else {
      if (matters && state_ == State::hibernating) asleep = description();
      dropped.swap(pending_);
      undelivered_ = pending_.end();
      pending_bytes_ = undelivered_bytes_ = ever_sent_ = 0;
      actor = std::move(actor_);
      // Who opens it finds it closed.
      state_ = State::closed;
      hosted = std::move(hosted_);
      over = true;
    }
  }
  if (gateway) gateway.post({});
  if (over) {
    forget();
  } else {
    sockets_->keep(actor_id_, id_, shared_from_this());
  }
  if (actor) actor->on_close(close.code, std::move(close.reason));
  if (wake_for_close) start_wake();
  if (asleep) tell_next(std::move(*asleep), std::move(hosted));
}

bool SocketRelay::close_matters() const { return can_hibernate_ && !closed_by_actor_ && !sockets_->engine_stops(); }

void SocketRelay::give_up_close() {
  std::shared_ptr<HostedActor> released;
  {
    const std::lock_guard lock(mutex_);
    if (!close_is_open()) return;
    state_ = State::closed;
    released = std::move(hosted_);
  }
  forget();
}

void SocketRelay::tell_next(HibernatingSocket socket, std::shared_ptr<HostedActor> not_this) {
  sockets_->detach([self = shared_from_this(), socket = std::move(socket), not_this = std::move(not_this)] {
    return self->tell_closed_asleep(socket, not_this);
  });
}

Task<void> SocketRelay::tell_closed_asleep(HibernatingSocket socket, std::shared_ptr<HostedActor> not_this) {
  const auto self = shared_from_this();
  for (int i = 0; i < kTellsMax; ++i) {
    auto hosted = co_await sockets_->acquire(actor_id_, std::move(not_this));
    if (!hosted) co_return;
    not_this = *hosted;
    auto heard = co_await not_this->closed_asleep(socket, close_->code, close_->reason);
    if (heard || !refused_by_generation(heard.error())) co_return;
  }
}

// -- delivery ---------------------------------------------------------------------------------------------------------

void SocketRelay::start_pump() {
  sockets_->detach([self = shared_from_this()] { return self->pump(); });
}

// One at a time, whatever generation it delivers to: that keeps the order.
Task<void> SocketRelay::pump() {
  const auto self = shared_from_this();
  for (;;) {
    std::shared_ptr<ActorSocket> actor, told;
    WebSocketMessage message;
    Continuation<Done> gateway;
    {
      const std::lock_guard lock(mutex_);
      if (state_ != State::attached || undelivered_ == pending_.end()) {
        pumping_ = false;
        gateway = state_ == State::attached ? std::move(waiting_gateway_) : Continuation<Done>();
        if (state_ == State::attached && close_) {
          state_ = State::told;
          told = std::move(actor_);
        }
      } else {
        Pending& next = *undelivered_;
        const bool first_time = next.sent_at.count() == 0;
        next.sent_at = sockets_->ports().clock.monotonic();
        if (first_time) ++ever_sent_;
        if (!first_time) sockets_->count_repeated();
        message = next.message;
        undelivered_bytes_ -= message.data.size();
        ++undelivered_;
        actor = actor_;
        if (undelivered_bytes_ <= kUndeliveredMax) gateway = std::move(waiting_gateway_);
        watch_acks();
      }
    }
    if (gateway) gateway.post({});
    if (told) told->on_close(close_->code, close_->reason);
    if (!actor) co_return;
    co_await actor->on_message(std::move(message));
  }
}

void SocketRelay::reset_delivery() {
  undelivered_ = pending_.begin();
  undelivered_bytes_ = pending_bytes_;
}

void SocketRelay::ack(std::uint16_t index) {
  std::list<Pending> handled;
  Continuation<Done> gateway;
  {
    const std::lock_guard lock(mutex_);
    if (pending_.empty()) return;
    const auto distance = static_cast<std::uint16_t>(index - pending_.front().message.index);
    if (distance >= ever_sent_) return;
    for (std::size_t left = std::size_t{distance} + 1; left > 0; --left) {
      const std::size_t size = pending_.front().message.data.size();
      pending_bytes_ -= size;
      --ever_sent_;
      if (undelivered_ == pending_.begin()) {
        ++undelivered_;
        undelivered_bytes_ -= size;
      }
      handled.splice(handled.end(), pending_, pending_.begin());
    }
    if (undelivered_bytes_ <= kUndeliveredMax) gateway = std::move(waiting_gateway_);
  }
  if (gateway) gateway.post({});
}

void SocketRelay::watch_acks() {
  if (!acks_expire_ || std::exchange(ack_watch_armed_, true)) return;
  const auto age = sockets_->ports().clock.monotonic() - pending_.front().sent_at;
  const auto left = std::max(std::chrono::nanoseconds(sockets_->settings().ack_timeout) - age,
                             std::chrono::nanoseconds(std::chrono::milliseconds(1)));
  sockets_->deadlines().add(std::chrono::ceil<Millis>(left), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->acks_due();
  });
}

void SocketRelay::acks_due() {
  bool expired = false;
  {
    const std::lock_guard lock(mutex_);
    ack_watch_armed_ = false;
    if (ever_sent_ == 0 || close_ || state_ == State::closed) return;
    const auto age = sockets_->ports().clock.monotonic() - pending_.front().sent_at;
    expired = age >= sockets_->settings().ack_timeout;
    if (!expired) watch_acks();
  }
  if (expired) fail(make_error("guard", "websocket_garbage_collected"), true);
}

// -- from the actor ---------------------------------------------------------------------------------------------------

bool SocketRelay::send(WebSocketMessage message) { return client_->send(std::move(message)); }

void SocketRelay::close(const Port& port, std::uint16_t code, std::string reason) {
  std::shared_ptr<HostedActor> released;
  bool answered = false;
  {
    const std::lock_guard lock(mutex_);
    if (port_.lock().get() != &port || state_ == State::closed) return;
    closed_by_actor_ = true;
    answered = close_.has_value();
    if (answered) {
      state_ = State::closed;
      released = std::move(hosted_);
    }
  }
  if (answered) return forget();
  client_->close(code, std::move(reason));
}

void SocketRelay::detach_from_generation() {
  state_ = close_ ? State::closing : State::hibernating;
  reset_delivery();
}

void SocketRelay::hibernate(const Port& port) {
  std::shared_ptr<ActorSocket> released;
  std::shared_ptr<HostedActor> hosted;
  {
    const std::lock_guard lock(mutex_);
    if (port_.lock().get() != &port || state_ != State::attached || !can_hibernate_ || closed_by_actor_) return;
    released = std::move(actor_);
    detach_from_generation();
    hosted = std::move(hosted_);
  }
  // As long as the actor runs it has it back at once.
  if (hosted) resume(hosted);
}

// -- from the placement -----------------------------------------------------------------------------------------------

std::optional<HibernatingSocket> SocketRelay::list() {
  std::shared_ptr<ActorSocket> released;
  std::shared_ptr<HostedActor> left;
  std::optional<HibernatingSocket> asleep;
  {
    const std::lock_guard lock(mutex_);
    if (close_is_open() && pending_.empty()) {
      // The generation that knew of it did not come to handle it.
      state_ = State::closed;
      left = std::move(hosted_);
      asleep = description();
    } else if (closed_by_actor_ || state_ == State::closed ||
               (state_ == State::opening ? !stopped_in_opening_ : !can_hibernate_)) {
      return std::nullopt;
    } else {
      released = std::move(actor_);
      left = std::move(hosted_);
      if (state_ != State::opening) detach_from_generation();
      listed_ = true;
      // The new generation gets an end of its own.
      port_.reset();
      return description();
    }
  }
  forget();
  tell_next(std::move(*asleep), std::move(left));
  return std::nullopt;
}

void SocketRelay::resume(const std::shared_ptr<HostedActor>& hosted) {
  std::optional<HibernatingSocket> socket;
  std::uint16_t next_index = 0;
  {
    const std::lock_guard lock(mutex_);
    if ((state_ != State::hibernating && state_ != State::closing) || hosted_ == hosted) return;
    if (state_ == State::hibernating) state_ = State::resuming;
    hosted_ = hosted;
    listed_ = false;
    socket = description();
    next_index = static_cast<std::uint16_t>(next_index_ - (pending_.size() - ever_sent_));
  }
  sockets_->detach([self = shared_from_this(), hosted, socket = std::move(*socket), next_index] {
    return self->run_resume(hosted, socket, next_index);
  });
}

Task<void> SocketRelay::run_resume(std::shared_ptr<HostedActor> hosted, HibernatingSocket socket,
                                   std::uint16_t next_index) {
  auto resumed = co_await hosted->resume_websocket(std::move(socket), next_index);
  std::optional<Close> late;
  std::optional<Error> failure;
  bool pumps = false;
  {
    const std::lock_guard lock(mutex_);
    const bool current = hosted_ == hosted && (state_ == State::resuming || state_ == State::closing);
    if (!current) {
      if (state_ == State::closed) late = close_;
    } else if (resumed) {
      if (state_ == State::closing && pending_.empty()) {
        state_ = State::told;
        late = close_;
      } else {
        actor_ = *resumed;
        state_ = State::attached;
        reset_delivery();
        pumps = !pending_.empty() && !std::exchange(pumping_, true);
      }
    } else if (refused_by_generation(resumed.error())) {
      // Its end is about to be told.
      if (state_ == State::resuming) state_ = State::hibernating;
    } else {
      failure = resumed.error();
    }
  }
  if (late && resumed) (*resumed)->on_close(late->code, std::move(late->reason));
  if (failure) {
    // It does not have the socket, so there is nothing to be told either.
    give_up_close();
    fail(*failure, false);
  }
  if (pumps) co_await pump();
}

void SocketRelay::generation_stopped(const HostedActor& hosted) {
  std::shared_ptr<ActorSocket> released;
  std::shared_ptr<HostedActor> left;
  std::optional<HibernatingSocket> asleep;
  bool closes = false, wakes = false;
  {
    const std::lock_guard lock(mutex_);
    if (hosted_.get() != &hosted) return;
    left = std::move(hosted_);
    if (state_ == State::opening) {
      stopped_in_opening_ = true;
      return;
    }
    released = std::move(actor_);
    if (close_is_open() && (pending_.empty() || ++tells_ == kTellsMax)) {
      state_ = State::closed;
      asleep = description();
    } else if (closed_by_actor_) {
      return;
    } else if (can_hibernate_) {
      detach_from_generation();
      wakes = !pending_.empty();
    } else {
      closes = true;
    }
  }
  if (asleep) {
    forget();
    tell_next(std::move(*asleep), std::move(left));
  }
  if (closes) client_->close(kNormalClosure, "actor.stopped");
  if (wakes) start_wake();
}

void SocketRelay::actor_destroyed() {
  std::string reason = is_client_protocol(*upgrade_) ? "" : "actor.stopped";
  client_->close(kNormalClosure, reason);
  end({kNormalClosure, std::move(reason)}, false);
  give_up_close();
}

void SocketRelay::engine_stopped() {
  std::shared_ptr<ActorSocket> released;
  std::shared_ptr<HostedActor> left;
  std::list<Pending> dropped;
  Continuation<Done> gateway;
  {
    const std::lock_guard lock(mutex_);
    state_ = State::closed;
    released = std::move(actor_);
    left = std::move(hosted_);
    dropped.swap(pending_);
    undelivered_ = pending_.end();
    pending_bytes_ = undelivered_bytes_ = ever_sent_ = 0;
    gateway = std::move(waiting_gateway_);
  }
  if (gateway) gateway.post({});
}

void SocketRelay::add_to(SocketStats& stats) const {
  const std::lock_guard lock(mutex_);
  stats.pending_bytes += pending_bytes_;
  if (state_ == State::hibernating || state_ == State::resuming) ++stats.hibernating;
}

// -- waking -----------------------------------------------------------------------------------------------------------

void SocketRelay::start_wake() {
  {
    const std::lock_guard lock(mutex_);
    if (sockets_->engine_stops() || std::exchange(waking_, true)) return;
  }
  sockets_->detach([self = shared_from_this()] { return self->wake(); });
}

Task<void> SocketRelay::wake() {
  const auto self = shared_from_this();
  std::shared_ptr<HostedActor> refused;
  {
    const std::lock_guard lock(mutex_);
    refused = hosted_;
  }
  auto hosted = co_await sockets_->acquire(actor_id_, std::move(refused));
  {
    const std::lock_guard lock(mutex_);
    waking_ = false;
  }
  if (!hosted) give_up_close();
  if (hosted) {
    resume(*hosted);
  } else if (!sockets_->engine_stops()) {
    fail(hosted.error(), false);
  }
}

}  // namespace troupe
