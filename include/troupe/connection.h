#pragma once

#include <memory>
#include <string>

#include "troupe/detail/instance.h"

namespace troupe {

/// Type of what an actor does not have: state, connection state or variables.
struct None {
  TROUPE_FIELDS()
};

/// A client's connection with state of type C. Cheap to copy; false when there is none. Threads: the actor's executor.
template <class C>
class Conn {
 public:
  Conn() = default;
  Conn(detail::Instance& instance, detail::ConnectionPtr connection)
      : instance_(&instance), connection_(std::move(connection)) {}

  explicit operator bool() const { return connection_ != nullptr; }
  const std::string& id() const { return connection_->id(); }
  bool hibernatable() const { return connection_->hibernatable(); }
  const HttpRequest& request() const { return connection_->request(); }

  /// What the client gave when it connected. Throws BadResult (`actor.validation_error`) when it is no P.
  template <class P>
  P params() const {
    return decode<P>(connection_->params(), "connection parameters").value();
  }

  C state() const {
    if (connection_->state().empty()) return C{};
    return decode<C>(connection_->state(), "connection state").value();
  }
  /// Throws BadResult (`actor.state_mutation_reentrant`) inside on_state_change.
  void set_state(const C& state) const {
    instance_->refuse_inside_state_change();
    connection_->set_state(encode(state));
  }

  /// An event to this client, subscribed or not.
  template <class... A>
  void send(const std::string& event, const A&... args) const {
    connection_->send(event, detail::encode_arguments(args...));
  }
  void disconnect(std::string reason = {}) const { connection_->disconnect(std::move(reason)); }

  const std::shared_ptr<Connection>& get() const { return connection_; }
  friend bool operator==(const Conn& a, const Conn& b) { return a.connection_ == b.connection_; }

 private:
  detail::Instance* instance_ = nullptr;
  std::shared_ptr<Connection> connection_;
};

}  // namespace troupe
