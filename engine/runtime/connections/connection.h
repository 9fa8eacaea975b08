#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "engine/base/ports.h"
#include "engine/runtime/actor_instance.h"
#include "engine/runtime/connections/connection_record.h"
#include "troupe/behavior.h"

namespace troupe {

class ActorConnection;

/// What a connection asks of the actor it belongs to. Threads: the actor's executor.
class ConnectionOwner {
 public:
  /// The actor's code ends the connection.
  virtual void close_connection(const std::shared_ptr<ActorConnection>& conn, std::string reason) = 0;
  /// The actor's code sends an event; it is delivered once what it could reveal is committed.
  virtual void send_event(const std::shared_ptr<ActorConnection>& conn, const std::string& event,
                          const Bytes& args) = 0;
  /// Runs the end of a client's side after what is held back for it.
  virtual void end_sink(std::function<void()> end) = 0;
  /// Whether what leaves now can reveal committed changes only, with nothing held back before it.
  virtual bool may_leave() const = 0;
  /// Lets `out` run once that is so, after what is held back already. False: too much is.
  virtual bool hold_back(std::size_t bytes, std::function<void()> out) = 0;
  /// Counts the writes of what the actor has changed: another number means that a part may be stored.
  virtual std::uint64_t writes() const = 0;
  /// What is stored of a hibernatable connection has changed.
  virtual void connection_changed(ActorConnection& conn) = 0;

 protected:
  ~ConnectionOwner() = default;
};

/// A connection of an actor. One that lives only for an HTTP request has no sink.
/// Threads: the actor's executor. Lifetime: shared; may outlive the actor.
class ActorConnection final : public Connection, public std::enable_shared_from_this<ActorConnection> {
 public:
  enum class Kind { temporary, protocol, raw_socket };

  ActorConnection(Kind kind, ActorInstance::Connect connect, std::shared_ptr<ConnectionSink> sink, Random& random,
                  std::weak_ptr<ConnectionOwner> owner);

  const std::string& id() const override;
  const Bytes& params() const override { return connect_.params; }
  const Bytes& state() const override { return state_; }
  void set_state(Bytes cbor) override;
  bool hibernatable() const override { return connect_.hibernatable; }
  const HttpRequest& request() const override { return connect_.request; }
  void send(const std::string& event, const Bytes& args) override;
  void disconnect(std::string reason) override;

  Kind kind() const { return kind_; }
  std::size_t subscription_count() const { return events_.size(); }
  /// True the first time: its end is told to the actor's code once, whatever ends it.
  bool begin_to_leave() { return !std::exchange(leaving_, true); }
  void deliver(const std::string& event, const Bytes& args);
  /// Tells the client, once.
  void close_sink(std::uint16_t code, std::string reason);
  /// Forgets the client without telling it.
  void drop_sink() {
    if (!ended_) sink_.reset();
  }
  const std::shared_ptr<ConnectionSink>& sink() const { return sink_; }
  void prepare_sleep() {
    if (auto sink = sink_) sink->prepare_sleep();
  }
  /// The client goes on to the next generation.
  void hibernate_sink() {
    if (auto sink = std::exchange(sink_, nullptr)) sink->hibernate();
  }

  const std::optional<SocketId>& socket() const { return connect_.socket; }
  /// What has to be stored of it, with the current position.
  ConnectionRecord record() const;
  /// The next commit takes that along.
  void record_staged() { position_ = position(); }
  /// A connection of an earlier generation.
  void restore(std::string id, Bytes state, ConnectionSink::Position position);
  void attach(std::shared_ptr<ConnectionSink> sink) { sink_ = std::move(sink); }
  /// Whether the stored record lacks the current position.
  bool has_moved() const;
  /// How many of the client's messages are handled that the stored record does not know of.
  std::uint16_t handled_since_stored() const {
    return static_cast<std::uint16_t>(position().handled - position_.handled);
  }

 private:
  friend class ConnectionTable;

  ConnectionSink::Position position() const { return sink_ ? sink_->position() : position_; }

  Kind kind_;
  ActorInstance::Connect connect_;
  std::shared_ptr<ConnectionSink> sink_;
  Random& random_;
  std::weak_ptr<ConnectionOwner> owner_;
  Bytes state_;
  bool leaving_ = false;
  /// The end of the client's side is on its way.
  bool ended_ = false;
  /// As last stored.
  ConnectionSink::Position position_;
  /// Made when first asked for: most HTTP actions never look at it.
  mutable std::string id_;

  // Owned by the table.
  static constexpr std::size_t kNotListed = SIZE_MAX;
  std::size_t place_ = kNotListed;
  std::uint64_t order_ = 0;
  std::set<std::string, std::less<>> events_;
};

}  // namespace troupe
