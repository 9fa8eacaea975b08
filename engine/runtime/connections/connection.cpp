#include "engine/runtime/connections/connection.h"

#include "engine/base/id.h"

namespace troupe {

ActorConnection::ActorConnection(Kind kind, ActorInstance::Connect connect, std::shared_ptr<ConnectionSink> sink,
                                 Random& random, std::weak_ptr<ConnectionOwner> owner)
    : kind_(kind), connect_(std::move(connect)), sink_(std::move(sink)), random_(random), owner_(std::move(owner)) {
  if (connect_.params.empty()) connect_.params = Bytes{0xf6};
}

const std::string& ActorConnection::id() const {
  if (id_.empty()) id_ = make_uuid_v4(random_);
  return id_;
}

void ActorConnection::set_state(Bytes cbor) {
  state_ = std::move(cbor);
  if (!connect_.hibernatable || place_ == kNotListed) return;
  if (auto owner = owner_.lock()) owner->connection_changed(*this);
}

ConnectionRecord ActorConnection::record() const {
  const auto reached = position();
  ConnectionRecord record;
  record.raw = kind_ == Kind::raw_socket;
  record.socket = connect_.socket.value_or(SocketId{});
  record.params = connect_.params;
  record.state = state_;
  record.events.assign(events_.begin(), events_.end());
  record.handled = reached.handled;
  record.sent = reached.sent;
  record.method = connect_.request.method;
  record.target = connect_.request.target;
  record.headers = connect_.request.headers;
  return record;
}

void ActorConnection::restore(std::string id, Bytes state, ConnectionSink::Position position) {
  id_ = std::move(id);
  state_ = std::move(state);
  position_ = position;
}

bool ActorConnection::has_moved() const {
  const auto now = position();
  return now.handled != position_.handled || now.sent != position_.sent;
}

void ActorConnection::send(const std::string& event, const Bytes& args) {
  if (!sink_ || ended_) return;
  if (auto owner = owner_.lock()) owner->send_event(shared_from_this(), event, args);
}

void ActorConnection::deliver(const std::string& event, const Bytes& args) {
  // The sink may end the connection from inside the call.
  if (auto sink = sink_) sink->event(event, args);
}

void ActorConnection::disconnect(std::string reason) {
  if (auto owner = owner_.lock()) owner->close_connection(shared_from_this(), std::move(reason));
}

void ActorConnection::close_sink(std::uint16_t code, std::string reason) {
  if (!sink_ || std::exchange(ended_, true)) return;
  auto end = [self = shared_from_this(), code, reason = std::move(reason)] {
    if (auto sink = std::exchange(self->sink_, nullptr)) sink->close(code, reason);
  };
  if (auto owner = owner_.lock()) return owner->end_sink(std::move(end));
  end();
}

}  // namespace troupe
