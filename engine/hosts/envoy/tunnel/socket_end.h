#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "engine/base/async.h"
#include "engine/hosts/envoy/tunnel/context.h"
#include "troupe/http.h"

namespace troupe {

/// The actor's end of one client WebSocket, for one generation of an actor of an envoy. What is unacknowledged and what
/// happens between generations is the business of the client's side (`RelayedSocket`). From the order to stop on, a
/// generation is told nothing more of a socket that can hibernate: it could not be known whether it still handled it.
/// Threads: any. Blocks: never. Bound: one message on its way to an envoy that is away.
/// Source: envoy protocol of RivetKit 2.3.19, "Tunnel: WebSocket".
class SocketEnd final : public Conversation, public ActorSocket, public std::enable_shared_from_this<SocketEnd> {
 public:
  using Opened = Result<OpenedSocket>;

  /// `client` is null when nobody is there to hear the actor.
  SocketEnd(std::shared_ptr<TunnelContext> context, ConversationId id, EnvoyActorAddress to,
            std::shared_ptr<RelayedSocket> client);

  /// Asks the actor to open it. Once, after the registry has it. Errors: `actor.stopping` when the actor has not seen
  /// it, `guard.websocket_closed_before_open`, `guard.websocket_open_timeout`,
  /// `guard.actor_stopped_while_waiting_for_websocket_open`.
  Task<Opened> open(std::shared_ptr<const HttpRequest> upgrade);
  /// The actor knows it from an earlier generation. Instead of `open`.
  void resume(std::uint16_t next_index);
  /// False: the generation is not going to handle it.
  bool tell_closed(std::uint16_t code, std::string reason);

  // From the client.
  Task<void> on_message(WebSocketMessage message) override;
  void on_close(std::uint16_t code, std::string reason) override { (void)tell_closed(code, std::move(reason)); }

  bool is_websocket() const override { return true; }

  // From the envoy.
  void receive(std::uint16_t index, envoyproto::ToRivetTunnelMessageKind kind) override;
  void reconnected() override;
  void generation_stopping() override;
  bool can_join_stopping() const override { return false; }
  void generation_stopped() override;

 private:
  enum class State {
    /// The envoy is away; the opening was not sent.
    unopened,
    opening,
    open,
    /// The client has closed it; the envoy has still to confirm that.
    closing,
    ended,
  };

  void ask_to_open(std::shared_ptr<const HttpRequest> upgrade, Continuation<Opened> opener);
  void send_opening();
  void opening_overdue();
  void closing_overdue();
  /// With `mutex_` held: whether all that is new is left to the next generation.
  bool lets_go() const { return stopping_ && can_hibernate_; }
  /// True: sent, or of no use any more.
  bool send_message(WebSocketMessage& message);
  Task<Done> wait_for_link();
  void send_close(std::optional<std::uint16_t> code, std::optional<std::string> reason);
  /// With `mutex_` held.
  bool send(std::uint16_t index, envoyproto::ToEnvoyTunnelMessageKind&& kind);

  void on(const envoyproto::ToRivetWebSocketOpen& answer);
  void on(envoyproto::ToRivetWebSocketMessage message);
  void on(const envoyproto::ToRivetWebSocketMessageAck& ack);
  void on(envoyproto::ToRivetWebSocketClose close);
  template <class OfRequests>
  void on(const OfRequests&) {
    ignored();
  }
  void ignored() const { context_->counters.count_ignored(); }

  template <class Reason>
  bool end(Reason reason, const Error& error) {
    const bool ended = end(error);
    if (ended) context_->counters.count(reason);
    return ended;
  }
  /// False when it had ended. Whoever waits to open it gets `error`.
  bool end(const Error& error);

  const std::shared_ptr<TunnelContext> context_;
  const std::shared_ptr<RelayedSocket> client_;

  std::mutex mutex_;
  State state_ = State::unopened;
  bool can_hibernate_ = false;
  /// The generation has been told to stop, or is about to be.
  bool stopping_ = false;
  std::shared_ptr<const HttpRequest> upgrade_;
  Continuation<Opened> opener_;
  DeadlineQueue::Token deadline_ = 0;
  /// Of the last thing that was sent.
  std::uint16_t last_index_ = 0;
  /// A message waits for the envoy to come back.
  Continuation<Done> sender_;
  /// While closing.
  envoyproto::ToEnvoyWebSocketClose close_;
};

}  // namespace troupe
