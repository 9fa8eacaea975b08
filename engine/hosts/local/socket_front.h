#pragma once

#include <atomic>

#include "engine/clientproto/messages.h"
#include "engine/hosts/local/ack_order.h"
#include "engine/hosts/local/slots.h"
#include "engine/runtime/actor_instance.h"

namespace troupe {

/// The protocol of one `/connect` socket: client frames become calls on the instance, events and results become
/// frames. Source: client protocol of RivetKit 2.3.19, §6.
///
/// Actions run at the same time and answer in the order in which they end; a subscription is complete before the next
/// frame is looked at. A frame is acknowledged once it and all before it are answered; from the moment that the actor
/// asks for its sleep frames are left, unacknowledged, to the next generation.
/// Threads: `on_message` on the caller's executor, everything else on the actor's. Bound: `kActionsMax` actions at a
/// time; the next frame waits for one of them to end. The client's close comes behind its frames: where one is left to
/// the next generation, so is the close.
/// Lifetime: kept by the gateway and, through the connection, by the instance until the socket is closed.
class SocketFront final : public ActorSocket, public ConnectionSink, public std::enable_shared_from_this<SocketFront> {
 public:
  static constexpr std::size_t kActionsMax = 256;

  SocketFront(std::shared_ptr<ActorInstance> actor, std::shared_ptr<RelayedSocket> socket,
              clientproto::Encoding encoding);

  /// Goes on with a connection of an earlier generation: no Init. Threads: the actor's executor.
  static ActorInstance::RestoredEnd restore(std::shared_ptr<ActorInstance> actor, std::shared_ptr<Connection> conn,
                                            std::shared_ptr<RelayedSocket> socket, Position position);

  /// Admission, then Init. Must run on the actor's executor. A refusal is told to the client and is a success; the
  /// only errors are those of `front_open_websocket`.
  Task<Result<void>> open(Bytes params, HttpRequest upgrade, Timers& timers);

  Task<void> on_message(WebSocketMessage message) override;
  void on_close(std::uint16_t code, std::string reason) override;

  void event(const std::string& name, const Bytes& args) override;
  void close(std::uint16_t code, std::string reason) override;
  Position position() const override { return position_; }
  void hibernate() override;

  /// Whether the client has been let in and is there.
  bool is_open() const { return !closed_; }

 private:
  /// A slot, given back at the end of the action.
  struct Permit;

  static Task<void> run_action(std::shared_ptr<SocketFront> self, clientproto::ActionRequest request,
                               std::uint16_t index);
  static Task<void> run_subscription(std::shared_ptr<SocketFront> self, clientproto::SubscriptionRequest request,
                                     std::uint16_t index);

  /// False: the message is left to the next generation, and so is everything behind it.
  bool begin(std::uint16_t index);
  void end(std::uint16_t index);

  void accept(std::shared_ptr<Connection> conn);
  void refuse(const Error& error);
  void setup_timed_out(Millis limit);
  void answer(std::uint64_t action_id, Result<Bytes> output);
  void send_error(const Error& error, std::optional<clientproto::ActorSpecifier> actor,
                  std::optional<std::uint64_t> action_id);
  void send(Bytes frame);
  bool fits(const Bytes& frame) const;

  /// Closes the socket from this side and takes the connection out of the actor. Threads: any.
  void fail(std::string reason);
  bool close_socket(std::uint16_t code, std::string reason);
  /// Whether the actor's side, or a failure, has ended the socket.
  bool ended_here() const { return closed_ && (ended_by_actor_ || !closed_by_client_); }
  /// Takes the connection out of the actor, later. Threads: any.
  void leave(std::string reason);

  const std::shared_ptr<ActorInstance> actor_;
  const std::shared_ptr<RelayedSocket> socket_;
  const clientproto::Encoding encoding_;
  /// Nothing is sent any more.
  std::atomic<bool> closed_{false};
  Slots slots_{kActionsMax};

  // Of the actor's executor.
  /// Between admission and the end of the socket.
  std::shared_ptr<Connection> conn_;
  /// The actor's side ended the connection and needs no notice of it.
  bool ended_by_actor_ = false;
  /// The client has closed the socket, and its end waits for an answer.
  std::atomic<bool> closed_by_client_{false};
  bool letting_go_ = false;
  bool left_frames_ = false;
  AckOrder acks_;
  Position position_;
};

}  // namespace troupe
