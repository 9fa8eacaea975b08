#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "troupe/abort.h"
#include "troupe/bytes.h"
#include "troupe/database.h"
#include "troupe/http.h"
#include "troupe/key_value.h"
#include "troupe/queue.h"
#include "troupe/result.h"
#include "troupe/scheduler.h"

/// The language-neutral contract between the actor runtime and the code of an actor. Arguments and results are CBOR
/// bytes or plain structs, so that C++ (troupe/actor.h) and other languages bind to the same interface.
namespace troupe {

using Executor = boost::asio::any_io_executor;

/// Who this actor is. Constant for one generation.
struct ActorInfo {
  std::string actor_id;
  std::uint32_t generation = 0;
  std::string name;
  std::vector<std::string> key;
  std::string region;
};

/// Another actor, by name and key.
struct ActorAddress {
  std::string name;
  std::vector<std::string> key;
};

/// How far a change has to have come before an answer or an event that reveals it leaves the actor.
/// docs/internals/durability.md says what each survives.
enum class Durability {
  /// Handed to the operating system: survives the end of the process, however it ends.
  relaxed,
  /// As the daemon's `durability` setting says; by default on disk, through a sync shared with other commits.
  commit,
};

struct ActorOptions {
  using ms = std::chrono::milliseconds;

  ms sleep_timeout{30'000};
  bool no_sleep = false;
  /// One budget for onSleep or onDestroy, and for all work that drains before a stop.
  ms sleep_grace_period{15'000};
  /// Longest time that a change of state made outside an action stays unsaved.
  ms state_save_interval{1'000};
  ms action_timeout{60'000};
  ms create_state_timeout{5'000};
  ms on_create_timeout{5'000};
  ms create_vars_timeout{5'000};
  ms on_wake_timeout{30'000};
  ms on_migrate_timeout{30'000};
  ms on_before_actor_start_timeout{5'000};
  ms on_before_connect_timeout{5'000};
  ms create_conn_state_timeout{5'000};
  ms on_connect_timeout{5'000};
  /// Raw WebSockets stay open while the actor sleeps.
  bool can_hibernate_websocket = false;
  /// When given, decides that for each of them by its upgrade request. It may be called on any thread, for several
  /// requests at a time, and must not touch an actor; an exception refuses the socket with 1011 `actor.init_error`.
  std::function<bool(const HttpRequest& upgrade)> can_hibernate_websocket_of;
  /// Bytes; HTTP action bodies and frames of client connections.
  std::size_t max_incoming_message_size = 65'536;
  std::size_t max_outgoing_message_size = 1'048'576;
  /// Calls admitted and not yet answered; one more is `actor.overloaded`.
  std::size_t mailbox_max = 4'096;
  /// Of actions that do not say it themselves, and of all other code of the actor. What the actor puts into its queue,
  /// its schedule or its key-value store is committed as durably as the daemon's setting says in any case.
  Durability durability = Durability::relaxed;
  /// Messages in the queue; one more is `queue.full`.
  std::size_t max_queue_size = 1'000;
  /// Bytes of a message as it is stored, name included; a larger one is `queue.message_too_large`.
  std::size_t max_queue_message_size = 65'536;
  /// One-shots and jobs together.
  std::size_t max_schedules = 1'000;
  /// Bytes; arguments of one scheduled action.
  std::size_t max_schedule_args_size = 65'536;
  /// Shown by dashboards.
  std::string display_name;
  std::string icon;
};

/// A client's connection, as the actor sees it. Threads: the actor's executor only. Kept alive by shared_ptr; after
/// the disconnect its calls do nothing.
class Connection {
 public:
  virtual ~Connection() = default;
  /// UUIDv4.
  virtual const std::string& id() const = 0;
  /// CBOR; `f6` (null) when the client gave none.
  virtual const Bytes& params() const = 0;
  /// CBOR; empty when the actor has no connection state.
  virtual const Bytes& state() const = 0;
  /// Of a hibernatable connection it is saved with the next save of the actor.
  virtual void set_state(Bytes cbor) = 0;
  virtual bool hibernatable() const = 0;
  /// The request that opened it: the WebSocket upgrade, or the HTTP request it lives for.
  virtual const HttpRequest& request() const = 0;
  /// Sends an event to this client whether or not it subscribed. `args` is a CBOR array.
  virtual void send(const std::string& event, const Bytes& args) = 0;
  /// Closes the socket with 1000 and `reason`, then runs onDisconnect.
  virtual void disconnect(std::string reason) = 0;
};

struct SaveRequest {
  /// Save as soon as possible instead of within `state_save_interval`.
  bool immediate = false;
  /// Save at the latest after this time.
  std::optional<std::chrono::milliseconds> max_wait;
};

/// A raw WebSocket that the actor's code owns. Threads: the actor's executor only.
class ActorWebSocket {
 public:
  virtual ~ActorWebSocket() = default;
  /// Queues a message. False when closed, or closed now for being slow.
  virtual bool send(WebSocketMessage message) = 0;
  /// Waits until the client took most of what is queued.
  virtual Task<void> wait_drained() = 0;
  virtual void close(std::uint16_t code, std::string reason) = 0;
  /// The next message; nothing once the socket is closed or hibernates. A task that waits here does not keep the actor
  /// awake by itself (an open socket does). On a hibernatable socket a message counts as handled when the next one is
  /// asked for; what was not handled when the actor fell asleep comes again in the next generation.
  virtual Task<std::optional<WebSocketMessage>> receive() = 0;
  /// The close code once closed: 1005 when the peer gave none, 1006 when the connection broke.
  virtual std::uint16_t close_code() const = 0;
  virtual const std::string& close_reason() const = 0;
  /// Whether `receive` ended because the actor goes to sleep: the client's side stays open, and the next generation
  /// gets the socket again.
  virtual bool hibernating() const = 0;
  /// Whether the socket was opened in an earlier generation.
  virtual bool restored() const = 0;
};

/// On whose behalf code of an actor runs: the call it serves. What this code asks of other actors has no more time than
/// the call, ends with it, and knows the way it came. Null: hooks and other code of the actor itself.
/// Threads: the actor's executor only.
class CallScope {
 public:
  virtual ~CallScope() = default;
  /// Nobody waits for the result any more: the call timed out, its caller has gone, or, of a raw request, its client.
  /// The client of an action does not count: an action that has begun runs to its end.
  virtual bool aborted() const = 0;
  /// Fires when that happens. Null: never.
  virtual std::shared_ptr<AbortSignal> signal() const { return nullptr; }
};
using CallScopePtr = std::shared_ptr<const CallScope>;

/// Of code that nobody waits for, not even the start of the actor.
CallScopePtr background_scope();

/// What a transaction makes of an actor's state, as the part of its code in committing both as one.
/// Threads: the actor's executor only.
class StateChange {
 public:
  virtual ~StateChange() = default;
  /// The state as it will be, CBOR. Changes nothing. An error refuses the commit.
  virtual Result<Bytes> serialize() = 0;
  /// Makes it the state. After an error nothing is changed, and the commit is refused.
  virtual Result<void> apply() = 0;
  /// Makes the state again what it was before `apply`.
  virtual void undo() = 0;
};

/// What the runtime offers to the code of one actor, for one generation.
/// Threads: the actor's executor only; every hook and action runs there. Lifetime: outlives the Behavior.
class ActorContext {
 public:
  virtual ~ActorContext() = default;

  virtual const ActorInfo& info() const = 0;
  virtual Executor executor() const = 0;
  /// Wall clock, ms since the epoch.
  virtual std::int64_t now_ms() const = 0;
  /// Fails with `actor.aborted` when the actor stops meanwhile, or the call that `scope` stands for is aborted.
  virtual Task<Result<void>> delay(std::chrono::milliseconds time, CallScopePtr scope = nullptr) = 0;
  /// True from the start of a stop (sleep or destroy) on.
  virtual bool aborted() const = 0;
  /// Returns when that happens.
  virtual Task<void> until_aborted() = 0;

  /// Marks the state as changed. A change made inside an action is written before the action's answer leaves.
  virtual void request_save(SaveRequest request = {}) = 0;
  /// Saves now; returns when the state is as durable as the `durability` setting says.
  virtual Task<Result<void>> save() = 0;

  /// Commits `transaction` and `change` as one: after a crash the actor has both or none of them. Rolls back on an
  /// error; what others have changed since the commit began is undone with `change`, and their answers are the error.
  /// After `sqlite.commit_undecided` the generation is over, and the next start finds out. Durability: that of a commit
  /// of SQL; a power loss keeps both or none only with the setting `sync`. `change` lives until this returns.
  virtual Task<Result<void>> commit_with_state(std::shared_ptr<SqlTransaction> transaction, StateChange& change) = 0;

  /// Sends an event to every connection that subscribed to it. `args` is a CBOR array.
  virtual void broadcast(const std::string& event, const Bytes& args) = 0;
  virtual std::vector<std::shared_ptr<Connection>> connections() const = 0;

  virtual KeyValue& kv() = 0;
  virtual Queue& queue() = 0;
  virtual Database& db() = 0;
  virtual Scheduler& schedule() = 0;

  /// Calls an action of another actor, which is created if need be. Stays in the process when that actor lives here.
  /// What this actor has changed so far is committed before.
  /// Errors: what the action returned, with the called actor as origin; `actor.action_timed_out`, `actor.aborted`;
  /// `actor.call_deadlock` when the answer could only come after the call itself had ended.
  virtual Task<Result<Bytes>> call(ActorAddress to, std::string action, Bytes args, CallScopePtr scope = nullptr) = 0;
  /// Puts a message into the queue of another actor, like a client does: what that actor does not declare is dropped.
  virtual Task<Result<QueueSent>> send(ActorAddress to, QueueSend message) = 0;

  /// Asks to be put to sleep. `actor.starting` before the start is complete, `actor.stopping` once stopping.
  virtual Result<void> sleep() = 0;
  /// Asks to be destroyed, with all data. Same errors.
  virtual Result<void> destroy() = 0;

  /// While alive it keeps the actor from sleeping and is waited for at a stop.
  using KeepAwake = std::shared_ptr<void>;
  virtual KeepAwake keep_awake() = 0;
  /// Runs a task of the actor; errors are logged. It is waited for at a stop, within the grace period.
  virtual void spawn(std::function<Task<Result<void>>()> task) = 0;

  virtual void log(int level, std::string_view text) = 0;
};

struct ActionCall {
  std::string name;
  /// CBOR array.
  Bytes args;
  /// Null when no client made the call (schedules, other actors).
  std::shared_ptr<Connection> conn;
  /// Of scheduled actions; a binding passes it on as one more argument after the last.
  std::optional<ScheduledFire> fire = std::nullopt;
  /// Stands for this call in what it asks of the context.
  CallScopePtr scope;
};

/// The code of one actor, for one generation. Every method runs on the actor's executor; calls interleave wherever
/// they wait. An exception that escapes is logged and becomes `rivetkit.internal_error`.
class Behavior {
 public:
  virtual ~Behavior() = default;

  virtual Task<Result<void>> on_migrate(bool is_new);
  /// First state of a new actor, CBOR; empty bytes for an actor without state. `input` is the CBOR it was created with.
  virtual Task<Result<Bytes>> create_state(std::optional<Bytes> input);
  /// State of a woken actor.
  virtual Result<void> load_state(Bytes cbor);
  /// An operator replaces the state of a running actor, which is a change like any other.
  virtual Result<void> replace_state(Bytes cbor);
  virtual Task<Result<void>> on_create(std::optional<Bytes> input);
  virtual Task<Result<void>> create_vars();
  virtual Task<Result<void>> on_wake();
  virtual Task<Result<void>> on_before_actor_start();
  virtual Task<Result<void>> run();
  virtual Task<Result<void>> on_sleep();
  virtual Task<Result<void>> on_destroy();

  /// `params` is CBOR. An error refuses the connection.
  virtual Task<Result<void>> on_before_connect(const Bytes& params, const HttpRequest& request);
  /// CBOR; empty bytes for none.
  virtual Task<Result<Bytes>> create_conn_state(const Bytes& params, const HttpRequest& request);
  virtual Task<Result<void>> on_connect(std::shared_ptr<Connection> conn);
  virtual Task<Result<void>> on_disconnect(std::shared_ptr<Connection> conn);
  /// False denies the subscription.
  virtual Task<Result<bool>> can_subscribe(std::shared_ptr<Connection> conn, std::string event);

  /// Whether a client, or another actor, may put this message into a declared queue. False is `auth.forbidden`.
  virtual Task<Result<bool>> can_publish(std::shared_ptr<Connection> conn, std::string queue, const Bytes& body);

  /// Result is CBOR; empty bytes for undefined. Unknown names are `actor.action_not_found`.
  virtual Task<Result<Bytes>> action(ActionCall call);
  virtual Task<Result<Bytes>> on_before_action_response(std::string name, Bytes args, Bytes output);
  /// `scope` stands for this request, and for its body while that is produced.
  virtual Task<Result<HttpResponse>> on_request(HttpRequest request, std::shared_ptr<Connection> conn,
                                                CallScopePtr scope = nullptr);
  /// Runs as long as the code wants the socket; the socket stays open afterwards until either side closes it. Runs
  /// again in each generation that resumes a hibernating socket (`restored`), with the same connection and without
  /// onBeforeConnect, createConnState and onConnect.
  virtual Task<Result<void>> on_websocket(std::shared_ptr<ActorWebSocket> socket, std::shared_ptr<Connection> conn);

  /// The state as it is now, CBOR. Must not wait or change anything.
  virtual Result<Bytes> serialize_state();

  /// Whether the state may have changed since the context was last told of a change: something is about to leave the
  /// actor that could reveal it. Cheap.
  virtual bool may_have_changed() const { return false; }
  /// Tells the context (`request_save`) of such changes now.
  virtual void note_changes() {}
};

/// Which hooks a behavior has. The runtime does not call the others, which saves a coroutine frame each.
struct BehaviorHooks {
  bool on_migrate = false, create_state = false, on_create = false, create_vars = false, on_wake = false,
       on_before_actor_start = false, run = false, on_sleep = false, on_destroy = false, on_before_connect = false,
       create_conn_state = false, on_connect = false, on_disconnect = false, can_subscribe = false, can_publish = false,
       on_before_action_response = false, on_request = false, on_websocket = false;
};

/// A kind of actor: its name, options and how to make the behavior of an instance. Immutable once registered.
struct ActorDefinition {
  std::string name;
  ActorOptions options;
  BehaviorHooks hooks;
  /// Names, for inspectors and for `actor.action_not_found`.
  std::vector<std::string> actions;
  /// Actions whose answers need another durability than the options say.
  std::map<std::string, Durability, std::less<>> durability;
  /// Names of queues that take messages from outside.
  std::vector<std::string> queues;
  /// `context` outlives the behavior.
  std::function<std::unique_ptr<Behavior>(ActorContext& context)> make;
};

/// The actor kinds that this process runs, by name.
class Registry {
 public:
  /// A second definition of the same name replaces the first.
  void add(ActorDefinition definition) {
    auto name = definition.name;
    auto& place = definitions_[name];
    if (place) replaced_.push_back(name);
    place = std::make_shared<const ActorDefinition>(std::move(definition));
  }
  std::shared_ptr<const ActorDefinition> find(const std::string& name) const {
    auto it = definitions_.find(name);
    return it == definitions_.end() ? nullptr : it->second;
  }
  const std::map<std::string, std::shared_ptr<const ActorDefinition>>& all() const { return definitions_; }
  /// Names that were added more than once, for those who call that a mistake.
  const std::vector<std::string>& replaced() const { return replaced_; }

 private:
  std::map<std::string, std::shared_ptr<const ActorDefinition>> definitions_;
  std::vector<std::string> replaced_;
};

}  // namespace troupe
