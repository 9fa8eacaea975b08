#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/async.h"
#include "engine/runtime/connections/connection.h"

namespace troupe {

/// A raw WebSocket between the client's socket and the actor's code: a bounded inbox, whose fullness makes the gateway
/// stop reading, and a close that happens once, whichever side began it. What the code sends leaves once the changes
/// that it could reveal are committed, in order. A hibernatable one outlives its generation. Threads: the actor's
/// executor only; `make_feed` gives the gateway an end it may use from anywhere. Lifetime: shared.
class RawSocket final : public ConnectionSink, public std::enable_shared_from_this<RawSocket> {
 public:
  /// The inbox takes another message while it holds less than both.
  static constexpr std::size_t kInboxMessagesMax = 64;
  static constexpr std::size_t kInboxBytesMax = 1u << 20;

  struct Events {
    /// Once, when the socket has closed from either side. False: the end of the connection is left to the next
    /// generation.
    std::function<bool()> closed;
    /// Of a hibernatable socket: the message of that index and all before it are handled.
    std::function<void(const std::shared_ptr<RawSocket>& socket, std::uint16_t index)> handled;
  };
  RawSocket(Executor executor, std::shared_ptr<RelayedSocket> client, Events events,
            std::weak_ptr<ConnectionOwner> owner);

  /// Before anything else: the socket comes from an earlier generation. If that has stored a message as handled, but
  /// its commit has failed, the message comes again, and the socket is closed: what was said about it is lost.
  void restore(Position position);

  /// The end for the actor's code, once. When it is gone, messages of the client are dropped.
  std::shared_ptr<ActorWebSocket> make_handle();
  /// The end for the gateway, once.
  std::shared_ptr<ActorSocket> make_feed();

  /// The message of that index and all before it are handled, and what they changed is stored.
  void acknowledge(std::uint16_t index);

  /// Raw sockets carry no events.
  void event(const std::string&, const Bytes&) override {}
  void close(std::uint16_t code, std::string reason) override;
  Position position() const override { return position_; }
  /// Ends the actor's code's reading; what it has not got is not acknowledged.
  void prepare_sleep() override;
  /// Closes the client's side instead when a message would come again of which a part is stored; also behind the
  /// client's own close.
  void hibernate() override;

 private:
  class Handle;
  class Feed;

  bool has_room() const;
  bool send(WebSocketMessage message);
  bool send_later(ConnectionOwner& owner, WebSocketMessage message);
  Task<void> wait_drained();
  void push(WebSocketMessage message, Continuation<Done> taken);
  /// Hands a message to the actor's code.
  std::optional<WebSocketMessage> take(WebSocketMessage message);
  /// The actor's code is done with what it has taken.
  void finish_taken();
  /// Of the actor.
  std::uint64_t writes() const;
  void handled(std::uint16_t index);
  /// Whether an earlier generation has handled the message.
  bool is_repeated(std::uint16_t index);
  void client_closed(std::uint16_t code, std::string reason);
  void stop_reading();
  /// As `Events::closed`.
  bool finish(std::uint16_t code, std::string reason);
  void make_room();
  Task<std::optional<WebSocketMessage>> receive();

  Executor executor_;
  std::shared_ptr<RelayedSocket> client_;
  Events events_;
  std::weak_ptr<ConnectionOwner> owner_;
  /// Messages that wait for a commit.
  std::size_t held_ = 0;
  Signal released_;
  Position position_;
  bool restored_ = false;
  /// Whether a message that an earlier generation has handled may still come.
  bool may_repeat_ = false;
  bool hibernating_ = false;
  /// Some that the client has sent, to the next generation.
  bool left_messages_ = false;
  /// The message that the actor's code is busy with, and the writes before it.
  std::optional<std::uint16_t> taken_;
  std::uint64_t writes_before_ = 0;
  /// The newest message that is handled but not acknowledged, and during which something was written.
  std::optional<std::uint16_t> partly_stored_;
  bool has_reader_ = false;
  bool closed_ = false;
  std::uint16_t close_code_ = 0;
  std::string close_reason_;

  std::deque<WebSocketMessage> inbox_;
  std::size_t inbox_bytes_ = 0;
  std::vector<Continuation<std::optional<WebSocketMessage>>> readers_;
  /// The gateway's wait for room.
  Continuation<Done> writer_;
};

}  // namespace troupe
