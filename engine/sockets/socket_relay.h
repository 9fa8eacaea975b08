#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "engine/base/async.h"
#include "engine/sockets/sockets.h"

namespace troupe {

/// One client's WebSocket between the gateway and the generations of its actor.
///
/// Of a socket that may hibernate it keeps every client message until the actor acknowledges it. When a generation
/// ends, the client's side stays as it is; the next message of the client, or whatever else wakes the actor, brings the
/// next generation, which resumes the socket and gets what is unacknowledged again, in order and with the same indexes.
/// Any other socket ends with its generation.
///
/// That the client has closed such a socket is handled by one generation: by the one that answers it with a close of
/// its end of the client or, if that one stops without an answer, by the next. It comes behind the client's messages:
/// as long as one of them is unacknowledged, the next generation gets the socket as if it were open.
///
/// Threads: any. Bound: `pending_bytes_max` and `pending_messages_max` unacknowledged; `kUndeliveredMax` bytes that no
/// generation has taken, then the gateway waits.
class SocketRelay final : public ActorSocket, public std::enable_shared_from_this<SocketRelay> {
 public:
  SocketRelay(std::shared_ptr<Sockets> sockets, ActorId actor, SocketId id, HttpRequest upgrade,
              std::shared_ptr<ClientSocket> client);

  /// Once. Errors: as HostedActor::open_websocket; the relay is of no use then.
  Task<Result<void>> open(std::shared_ptr<HostedActor> hosted);

  // From the gateway.
  Task<void> on_message(WebSocketMessage message) override;
  void on_close(std::uint16_t code, std::string reason) override;

  // From the placement.
  std::optional<HibernatingSocket> list();
  void resume(const std::shared_ptr<HostedActor>& hosted);
  void generation_stopped(const HostedActor& hosted);
  void actor_destroyed();
  void engine_stopped();

  void add_to(SocketStats& stats) const;

 private:
  class Port;
  enum class State {
    opening,
    /// If the client has closed it: the rest of its messages is being delivered.
    attached,
    /// No generation has it. `hosted_` may still name one that refused to go on with it.
    hibernating,
    resuming,
    /// The client has closed it. A generation that is starting or asked to pick it up believes it to be open.
    closing,
    /// The client has closed it. The generation was told and has not answered.
    told,
    closed,
  };
  struct Pending {
    WebSocketMessage message;
    std::chrono::nanoseconds sent_at{};
  };
  struct Close {
    std::uint16_t code = 0;
    std::string reason;
  };
  static constexpr std::size_t kUndeliveredMax = 1u << 20;
  /// Generations that are asked to hear of a close, each after the one before has stopped without having heard of it.
  static constexpr int kTellsMax = 8;

  // From the current port, or one of an earlier generation.
  bool send(WebSocketMessage message);
  void ack(std::uint16_t index);
  void hibernate(const Port& port);
  void close(const Port& port, std::uint16_t code, std::string reason);

  /// The next eight run with `mutex_` held.
  std::shared_ptr<Port> make_port();
  HibernatingSocket description();
  bool room_for(const WebSocketMessage& message) const;
  void reset_delivery();
  void watch_acks();
  /// Whether an actor has to hear that the client has closed the socket.
  bool close_matters() const;
  /// Whether the client has closed it and the actor has not handled that yet.
  bool close_is_open() const { return close_ && state_ != State::closed; }
  /// No generation has it any more.
  void detach_from_generation();

  Task<void> pump();
  Task<Done> wait_for_room();
  Task<void> wake();
  Task<void> run_resume(std::shared_ptr<HostedActor> hosted, HibernatingSocket socket, std::uint16_t next_index);
  /// Nobody is going to hear of the close.
  void give_up_close();
  /// Has the actor woken to hear of the close. `not_this`: a generation that is not going to, or null.
  void tell_next(HibernatingSocket socket, std::shared_ptr<HostedActor> not_this);
  Task<void> tell_closed_asleep(HibernatingSocket socket, std::shared_ptr<HostedActor> not_this);
  void start_wake();
  void start_pump();
  void acks_due();
  /// Ends the socket from this side: closes the client and tells the actor.
  void fail(const Error& error, bool wakes);
  /// The client's side is over.
  void end(Close close, bool wakes);
  void forget();

  const std::shared_ptr<Sockets> sockets_;
  const ActorId actor_id_;
  const SocketId id_;
  const std::shared_ptr<const HttpRequest> upgrade_;
  const std::shared_ptr<ClientSocket> client_;

  mutable std::mutex mutex_;
  State state_ = State::opening;
  bool can_hibernate_ = false;
  bool acks_expire_ = false;
  /// A generation that is starting was told of the socket.
  bool listed_ = false;
  /// The generation ended while it was asked to open the socket.
  bool stopped_in_opening_ = false;
  /// The actor has closed the socket; the client's answer is still to come.
  bool closed_by_actor_ = false;
  bool waking_ = false;
  std::shared_ptr<HostedActor> hosted_;
  std::shared_ptr<ActorSocket> actor_;
  std::weak_ptr<Port> port_;
  /// Of the client. Set once.
  std::optional<Close> close_;
  /// Generations that had the closed socket and stopped without handling it.
  int tells_ = 0;

  std::uint16_t next_index_ = 1;
  /// Unacknowledged; what this generation has been given comes first.
  std::list<Pending> pending_;
  std::list<Pending>::iterator undelivered_ = pending_.end();
  std::size_t pending_bytes_ = 0;
  std::size_t undelivered_bytes_ = 0;
  /// Of `pending_`: what any generation has been given.
  std::size_t ever_sent_ = 0;
  bool pumping_ = false;
  Continuation<Done> waiting_gateway_;
  bool ack_watch_armed_ = false;
};

}  // namespace troupe
