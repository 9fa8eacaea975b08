#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/ports.h"
#include "engine/runtime/calls/call_origin.h"
#include "engine/runtime/inspection.h"
#include "engine/storage/actors/actor_store.h"
#include "troupe/behavior.h"

namespace troupe {

class HandlerLabels;

enum class StopReason { sleep_intent, destroy_intent, going_away, destroy };
inline bool destroys(StopReason reason) {
  return reason == StopReason::destroy_intent || reason == StopReason::destroy;
}

/// Where frames to the client of a connection go: implemented once per transport.
/// Threads: called on the actor's executor. Blocks: never.
class ConnectionSink {
 public:
  virtual ~ConnectionSink() = default;
  /// `args` is a CBOR array.
  virtual void event(const std::string& name, const Bytes& args) = 0;
  virtual void close(std::uint16_t code, std::string reason) = 0;

  /// How far the traffic of a hibernatable connection has come.
  struct Position {
    /// Index of the last client message that is handled with all before it.
    std::uint16_t handled = 0;
    /// Messages sent to the client, modulo 65,536.
    std::uint16_t sent = 0;
  };
  virtual Position position() const { return {}; }
  /// The actor goes to sleep: what is handled now is finished, the rest is left to the next generation.
  virtual void prepare_sleep() {}
  /// The connection has been stored; nothing more is handled or sent by this generation.
  virtual void hibernate() {}
};

/// What an instance asks of the world around it.
class InstanceHost {
 public:
  virtual ~InstanceHost() = default;
  /// The actor asked to sleep (idle, or by itself) or to be destroyed. The host answers with `stop`, soon.
  virtual void sleep_intent() = 0;
  virtual void destroy_intent() = 0;
  /// The generation has ended by itself, because going on could lose or double something. Nothing of it is left; no
  /// stop is needed. `failure`: for the record of the actor.
  virtual void crashed(std::string failure) = 0;
  /// When the actor has to be awake next; nothing for never. Returns once the actor's record says so, as far as `ack`.
  virtual Task<Result<void>> set_alarm(std::optional<std::int64_t> at_ms, Ack ack) = 0;
  /// An action of another actor, as `ActorContext::call`.
  virtual Task<Result<Bytes>> call(ActorAddress to, std::string action, Bytes args, CallOrigin origin) = 0;
  /// A message for the queue of another actor, as `ActorContext::send`.
  virtual Task<Result<QueueSent>> send(ActorAddress to, QueueSend message) = 0;
};

/// One generation of one actor in this process: its hooks, connections, state and timers. It serves requests between
/// the end of `start` and the beginning of `stop`.
///
/// Threads: every method may be called from any executor; it hops to the actor's own, where all of the actor's code
/// and all of its data live, and the caller resumes on its own executor.
/// Lifetime: shared; a stopped instance answers `actor.stopping` for good.
class ActorInstance : public std::enable_shared_from_this<ActorInstance> {
 public:
  struct WaitingSocket {
    SocketId id;
    std::shared_ptr<RelayedSocket> client;
  };
  /// Both ends of one transport.
  struct RestoredEnd {
    std::shared_ptr<ConnectionSink> sink;
    std::shared_ptr<ActorSocket> socket;
  };
  struct Config {
    Ports ports;
    ActorStore* store = nullptr;
    std::shared_ptr<const ActorDefinition> definition;
    ActorInfo info;
    ActorId id;
    std::optional<Bytes> input;
    /// Serial (a strand of the I/O pool).
    Executor executor;
    /// Outlives the instance.
    std::shared_ptr<InstanceHost> host;
    /// For finding handlers that hold a thread; may be null.
    std::shared_ptr<const HandlerLabels> labels = nullptr;
    /// Open sockets of earlier generations. The stored connections that belong to them go on; all others are over.
    std::vector<WaitingSocket> sockets{};
    /// The transport of a restored connection of the client protocol; `conn` is listed already.
    std::function<RestoredEnd(std::shared_ptr<ActorInstance> actor, std::shared_ptr<Connection> conn,
                              std::shared_ptr<RelayedSocket> client, ConnectionSink::Position position)>
        attach{};
  };
  static std::shared_ptr<ActorInstance> make(Config config);
  virtual ~ActorInstance() = default;

  virtual const ActorInfo& info() const = 0;
  virtual const ActorDefinition& definition() const = 0;
  virtual Executor executor() const = 0;

  /// The start sequence (state, hooks, first durable snapshot). Errors end the generation; nothing is left behind.
  virtual Task<Result<void>> start() = 0;
  /// Grace and finalize: abort signal, onDisconnect of what does not hibernate, onSleep or onDestroy, drain within
  /// sleep_grace_period, last save, database closed. Idempotent; a stop during the start waits for it. Calls that are
  /// still unanswered when the grace period ends fail with `actor.dropped_reply`: their code has begun.
  virtual Task<void> stop(StopReason reason) = 0;

  // -- connections ----------------------------------------------------------------------------------------------------
  struct Connect {
    /// CBOR.
    Bytes params;
    HttpRequest request;
    bool hibernatable = false;
    /// Of a hibernatable connection: what it is found by in later generations.
    std::optional<SocketId> socket{};
    /// Set to true once code of the actor (a hook or the handler) has begun for this call: an error is then not safe
    /// to repeat at the next generation. Valid until the call returns.
    bool* began = nullptr;
  };
  /// Admission: onBeforeConnect, createConnState, onConnect. Errors: what a hook returned, `actor.stopping`,
  /// `actor.callback_timed_out`, `actor.overloaded`.
  virtual Task<Result<std::shared_ptr<Connection>>> connect(Connect connect, std::shared_ptr<ConnectionSink> sink) = 0;
  /// The client is gone, or the HTTP request is over; runs onDisconnect in the background.
  virtual void disconnected(std::shared_ptr<Connection> conn, std::string reason) = 0;
  /// Errors: `auth.forbidden` when canSubscribe denies, what it returned, `actor.stopping`.
  virtual Task<Result<void>> subscribe(std::shared_ptr<Connection> conn, std::string event, bool on) = 0;

  // -- traffic --------------------------------------------------------------------------------------------------------
  /// Result is CBOR, empty for undefined. A change of state is written before this returns. Errors:
  /// `actor.action_not_found`, `actor.action_timed_out`, `actor.overloaded`, `actor.stopping`, what the action
  /// returned. Not masked: that is the edge's job.
  virtual Task<Result<Bytes>> action(std::shared_ptr<Connection> conn, std::string name, Bytes args) = 0;
  /// The same for another actor. Errors name this actor as their origin. Ends at the deadline of the origin
  /// (`actor.action_timed_out`) and when the caller gives up (`actor.aborted`).
  virtual Task<Result<Bytes>> called_action(CallOrigin, std::string name, Bytes args) {
    return action(nullptr, std::move(name), std::move(args));
  }
  /// Connect, action and disconnect in one hop: an HTTP action.
  virtual Task<Result<Bytes>> transient_action(Connect connect, std::string name, Bytes args) = 0;
  /// Connect, canPublish, put into the queue, and disconnect when that is durable, or, with `wait`, when somebody has
  /// completed the message. A message for a queue that is not declared is dropped: a success. Bound:
  /// `action_timeout`, then `actor.action_timed_out`. Errors: those of Queue, `auth.forbidden`,
  /// `queue.completion_waiter_dropped` when the actor stops with the message still there, `actor.stopping`.
  virtual Task<Result<QueueSent>> queue_send(Connect connect, QueueSend message) = 0;
  /// Connect, onRequest, disconnect once the body is read. No handler: 404 without a body.
  virtual Task<Result<HttpResponse>> request(Connect connect, HttpRequest request) = 0;
  /// Connect, then onWebSocket. `socket` is closed by the runtime when the actor stops (1000 `actor.stopped`).
  virtual Task<Result<std::shared_ptr<ActorSocket>>> websocket(Connect connect,
                                                               std::shared_ptr<RelayedSocket> socket) = 0;
  /// The actor's end of a socket that waited for this generation. Errors: `connection.restore_not_found` when no stored
  /// connection belongs to it, `actor.stopping`, `actor.not_ready`.
  virtual Task<Result<std::shared_ptr<ActorSocket>>> resume(SocketId id) = 0;
  /// Whether messages of hibernatable connections are left to the next generation, because this one is about to sleep.
  /// Threads: the actor's executor.
  virtual bool lets_go() const = 0;

  /// Has `work` look at the actor. No time limit of its own. Errors: what `work` returned, `actor.stopping`,
  /// `actor.overloaded`; what `work` throws becomes an internal error.
  virtual Task<Result<Bytes>> inspect(InspectionWork work) = 0;
};

}  // namespace troupe
