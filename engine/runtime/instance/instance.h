#pragma once

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/intrusive/list.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/async.h"
#include "engine/base/errors.h"
#include "engine/runtime/activity.h"
#include "engine/runtime/actor_instance.h"
#include "engine/runtime/body_stream.h"
#include "engine/runtime/calls/call.h"
#include "engine/runtime/connections/connection_table.h"
#include "engine/runtime/deadlines.h"
#include "engine/runtime/instance/context.h"
#include "engine/runtime/instance/handler_labels.h"
#include "engine/runtime/instance/restored_sockets.h"
#include "engine/runtime/lifecycle.h"
#include "engine/runtime/queue/actor_queue.h"
#include "engine/runtime/schedule/actor_scheduler.h"
#include "engine/runtime/state/actor_data.h"
#include "engine/runtime/state/output_gate.h"
#include "engine/runtime/state/state_saver.h"

namespace troupe {

/// A wait of the actor's code that a stop ends.
struct PendingDelay : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  Continuation<Result<void>> waiter;
  Deadlines::Entry entry;
  /// Of the code that waits, which keeps it alive.
  const CallScope* scope = nullptr;
};

/// ActorInstance: the parts of one generation and the sequences that tie them together. `instance.cpp` admits calls and
/// counts work, `instance_start.cpp`, `instance_stop.cpp` and `instance_crash.cpp` are the ends of its life,
/// `instance_connections.cpp` lets clients in and out, `instance_hibernation.cpp` takes them through a sleep; what a
/// call does is in its own file (action_call, request_call, socket_call, connection_call).
///
/// Threads: public virtual methods any, everything else the actor's executor. Lifetime: shared by the host and by every
/// coroutine that runs the actor's code; destroyed on the actor's executor.
class Instance final : public ActorInstance, public ConnectionOwner {
 public:
  explicit Instance(Config config);
  ~Instance() override;

  const ActorInfo& info() const override { return info_; }
  const ActorDefinition& definition() const override { return *definition_; }
  Executor executor() const override { return executor_; }
  Task<Result<void>> start() override;
  Task<void> stop(StopReason reason) override;
  Task<Result<std::shared_ptr<Connection>>> connect(Connect connect, std::shared_ptr<ConnectionSink> sink) override;
  void disconnected(std::shared_ptr<Connection> conn, std::string reason) override;
  Task<Result<void>> subscribe(std::shared_ptr<Connection> conn, std::string event, bool on) override;
  Task<Result<Bytes>> action(std::shared_ptr<Connection> conn, std::string name, Bytes args) override;
  Task<Result<Bytes>> called_action(CallOrigin origin, std::string name, Bytes args) override;
  Task<Result<Bytes>> transient_action(Connect connect, std::string name, Bytes args) override;
  Task<Result<QueueSent>> queue_send(Connect connect, QueueSend message) override;
  Task<Result<HttpResponse>> request(Connect connect, HttpRequest request) override;
  Task<Result<std::shared_ptr<ActorSocket>>> websocket(Connect connect, std::shared_ptr<RelayedSocket> socket) override;
  Task<Result<Bytes>> inspect(InspectionWork work) override;
  Task<Result<std::shared_ptr<ActorSocket>>> resume(SocketId id) override;
  bool lets_go() const override {
    return !lifecycle_.destroy_requested() && (lifecycle_.sleep_requested() || lifecycle_.stopping());
  }

  std::shared_ptr<Instance> self() { return std::static_pointer_cast<Instance>(shared_from_this()); }

  // -- parts, for calls and the context -------------------------------------------------------------------------------
  const BehaviorHooks& hooks() const { return definition_->hooks; }
  const ActorOptions& options() const { return definition_->options; }
  Behavior& behavior() { return *behavior_; }
  InstanceHost& host() { return *host_; }
  const Ports& ports() const { return ports_; }
  Lifecycle& lifecycle() { return lifecycle_; }
  Deadlines& deadlines() { return deadlines_; }
  StateSaver& saver() { return saver_; }
  ActorData& data() { return data_; }
  ActorScheduler& scheduler() { return scheduler_; }
  ConnectionTable& connections() { return connections_; }
  /// Made when it is first asked for: most actors have no use for it.
  ActorQueue& queue();
  OutputGate& gate() { return gate_; }
  const ActorId& id() const { return id_; }
  ActorStore& store() { return store_; }

  // -- calls ----------------------------------------------------------------------------------------------------------
  void call_left(CallBase& call, bool was_admitted);
  /// Whether calls have arrived that wait for their turn.
  bool calls_queued() const { return reserved_.load(std::memory_order_relaxed) > admitted_; }
  /// Where a call comes from that the actor's code makes; `scope` may be null.
  CallOrigin origin_of(const CallScope* scope);
  /// This actor as the first of a chain of calls.
  const std::shared_ptr<const CallFrame>& own_frame();
  std::shared_ptr<const ErrorOrigin> error_origin() const;
  /// The action of that name, as the definition has it; null when there is none.
  const std::string* find_action(const std::string& name) const;
  /// What the caller of the actor's code gets for the exception that is being handled. Not logged: whoever reports it
  /// does that.
  static Error thrown(const char* where);
  /// The same, logged.
  Error escaped(const char* where) const;
  void log_error(std::string_view where, const Error& error) const;
  /// Logs what clients are not told of an error of this actor's code; nothing about those that they see.
  void log_hidden(std::string_view where, const Error& error) const;

  // -- what may leave -------------------------------------------------------------------------------------------------
  /// What a change has to have reached before code that says nothing itself reveals it.
  Ack default_ack() const;
  Ack ack_of_action(const std::string& name) const;
  /// The strictest of what runs now.
  Ack output_ack() const;
  /// Whether nothing is changed that could be revealed now.
  bool settled() const;
  /// The same after the code has been asked what it has changed, for `ack`: false when a commit is due.
  bool unsettled(Ack ack);
  void note_changes();
  /// An action that the actor has scheduled. Errors: `actor.stopping` before any of it has run, what the action
  /// returned, `actor.action_timed_out`, `actor.dropped_reply`.
  Task<Result<Bytes>> scheduled_action(std::string name, Bytes args, ScheduledFire fire);

  /// What a handler is called when it holds its thread for too long; null when nobody watches.
  const CodeLabel* label(std::string_view handler) const { return labels_ ? labels_->find(handler) : nullptr; }

  // -- work -----------------------------------------------------------------------------------------------------------
  void begin_work(Work work);
  void end_work(Work work);
  /// Runs a task of the runtime on the actor's executor; it must not fail.
  void detach(Task<void> task);
  void spawn(std::function<Task<Result<void>>()> task);
  Task<Result<void>> delay(Millis time, CallScopePtr scope);
  /// Ends the delays of a call that was given up.
  void abort_delays_of(const CallScope* scope);
  Task<void> until_aborted();
  /// False when there is none, when it runs already, or when the actor is not running.
  bool start_run_handler();
  Result<void> request_sleep();
  Result<void> request_destroy();
  /// Ends the generation here: it commits nothing more, its calls fail with `actor.panicked`. `operation`: what has
  /// failed. A stop that is under way goes on.
  void crash(const Error& cause, const char* operation);

  /// Runs a hook: `make()` gives its task. After `limit` the caller goes on with `actor.callback_timed_out`, and what
  /// the hook still does is on its own. `keep` lives as long as the hook.
  template <class T, class Make>
  Task<Result<T>> hook(const char* name, Millis limit, std::shared_ptr<const void> keep, Make make);

  // -- connections ----------------------------------------------------------------------------------------------------
  std::shared_ptr<ActorConnection> make_connection(ActorConnection::Kind kind, Connect connect,
                                                   std::shared_ptr<ConnectionSink> sink);
  /// Whether making a connection runs code of the actor.
  bool admission_runs_code() const {
    return hooks().on_before_connect || hooks().create_conn_state || hooks().on_connect;
  }
  Task<Result<void>> admit(std::shared_ptr<ActorConnection> conn);
  void insert(std::shared_ptr<ActorConnection> conn);
  /// The connection is over; onDisconnect runs in the background. False: somebody else sees to that, or the next
  /// generation.
  bool end_connection(const std::shared_ptr<ActorConnection>& conn);
  void drop(const std::shared_ptr<ActorConnection>& conn) { (void)end_connection(conn); }
  void close_connection(const std::shared_ptr<ActorConnection>& conn, std::string reason) override;
  void send_event(const std::shared_ptr<ActorConnection>& conn, const std::string& event, const Bytes& args) override;
  void broadcast(const std::string& event, const Bytes& args);
  void end_sink(std::function<void()> end) override;
  bool may_leave() const override { return gate_.open(); }
  bool hold_back(std::size_t bytes, std::function<void()> out) override { return gate_.hold(bytes, std::move(out)); }
  std::uint64_t writes() const override { return saver_.writes(); }
  void connection_changed(ActorConnection& conn) override;
  /// Acknowledges a message of a raw socket once what its handler changed is committed.
  void message_handled(const std::shared_ptr<ActorConnection>& conn, const std::shared_ptr<RawSocket>& socket,
                       std::uint16_t index);
  /// A commit is about to take what messages of raw sockets have changed: how far they are handled goes along.
  void store_moved();
  /// The runtime's part of a raw socket; `conn` is filled in once its connection is made.
  std::shared_ptr<RawSocket> make_raw_socket(std::shared_ptr<RelayedSocket> client, bool hibernatable,
                                             const std::shared_ptr<std::weak_ptr<ActorConnection>>& conn);
  /// Runs the actor's code for a raw socket.
  void serve_websocket(std::shared_ptr<RawSocket> socket, std::shared_ptr<ActorConnection> conn);

  void add_stream(BodyState& body);

  Task<Result<std::optional<std::string>>> load_inspector_token();

 private:
  friend class OutputGate;

  template <class T>
  Task<Result<T>> submit(std::shared_ptr<Call<T>> call);
  void enter(std::shared_ptr<CallBase> call);
  Error overloaded(const char* operation) const;
  void overflow(const std::shared_ptr<ActorConnection>& conn);
  template <class T>
  struct HookRace;
  template <class T, class Make>
  static Task<void> run_hook(std::shared_ptr<HookRace<T>> race, const char* name, Make make);

  // Start.
  void begin_start(Continuation<Result<void>> waiter);
  static Task<void> run_start(std::shared_ptr<Instance> self, Continuation<Result<void>> waiter);
  Task<Result<void>> prepare();
  Task<Result<void>> prepare_new();
  Task<Result<void>> prepare_woken(Bytes stored, bool was_pending);
  Task<Result<void>> prepare_common();
  Result<void> stage_inspector_token();
  Task<Result<void>> create_state();
  static Task<void> run_handler(std::shared_ptr<Instance> self);

  // Stop.
  void begin_stop(StopReason reason, Continuation<Done> waiter);
  static Task<void> run_stop(std::shared_ptr<Instance> self, bool destroying);
  static Task<void> run_stop_hook(std::shared_ptr<Instance> self, bool destroying);
  static Task<void> close_for_stop(std::shared_ptr<Instance> self, std::shared_ptr<ActorConnection> conn,
                                   bool destroying);
  static Task<void> run_crash(std::shared_ptr<Instance> self);
  Task<void> drain(bool destroying);
  Task<void> finalize(bool destroying);
  /// Answers everybody who waits for this generation.
  void fail_work(const Error& error);
  void abandon_rest(bool destroying);
  void abort_delays();
  void terminate();

  static Task<void> run_disconnect(std::shared_ptr<Instance> self, std::shared_ptr<ActorConnection> conn);
  static Task<void> run_spawned(std::shared_ptr<Instance> self, std::function<Task<Result<void>>()> task);

  // Hibernation (instance_hibernation.cpp).
  void begin_restoring(std::vector<WaitingSocket> sockets, decltype(Config::attach) attach);
  Task<Result<void>> restore_connections();
  std::shared_ptr<ActorConnection> restore_connection(std::string id, ConnectionRecord record);
  void attach(const std::shared_ptr<ActorConnection>& conn, std::shared_ptr<RelayedSocket> client,
              ConnectionSink::Position position);
  /// onDisconnect of the connections whose clients are gone.
  void drop_stale();
  void serve_restored();
  /// The start has failed: another generation takes the connections over.
  void forget_restored();
  Result<std::shared_ptr<ActorSocket>> take_restored(const SocketId& id);
  using HibernatingConnections = std::vector<std::shared_ptr<ActorConnection>>;
  /// Takes what hibernates out of the table into `leaving`, for after the commit: what the clients are still to hear
  /// waits for it.
  Task<Result<void>> store_hibernating(std::shared_ptr<HibernatingConnections> leaving);
  void release_hibernating(HibernatingConnections leaving);

  // Idle sleep.
  void work_changed();
  bool is_idle() const;
  void idle_timer_fired();
  void ask_for_sleep();

  Ports ports_;
  ActorStore& store_;
  std::shared_ptr<const ActorDefinition> definition_;
  ActorInfo info_;
  ActorId id_;
  std::optional<Bytes> input_;
  Executor executor_;
  std::shared_ptr<InstanceHost> host_;
  std::shared_ptr<const HandlerLabels> labels_;

  /// Calls between their arrival, on any thread, and their answer.
  std::atomic<std::size_t> reserved_{0};
  /// Those of them that have been admitted.
  std::size_t admitted_ = 0;
  /// Those of them whose answers need a durable commit.
  std::size_t strict_ = 0;
  Lifecycle lifecycle_;
  bool starting_ = false;
  /// Why the generation does not go on.
  std::optional<Error> crash_;
  /// Made by the first call to another actor.
  std::shared_ptr<const CallFrame> own_frame_;
  Deadlines deadlines_;
  Activity activity_;
  ConnectionTable connections_;
  /// Null for an actor without hibernated connections.
  std::unique_ptr<RestoredSockets> restoring_;
  /// With messages that are handled and wait for a commit; one may be in it twice.
  std::vector<std::shared_ptr<ActorConnection>> moved_;
  StateSaver saver_;
  OutputGate gate_;
  ActorData data_;
  std::unique_ptr<ActorQueue> queue_;
  ActorScheduler scheduler_;
  Context context_;
  std::unique_ptr<Behavior> behavior_;

  template <class T>
  using Members = boost::intrusive::list<T, boost::intrusive::constant_time_size<false>>;
  Members<CallBase> calls_;
  Members<BodyState> streams_;
  Members<PendingDelay> delays_;

  /// Since when nothing keeps the actor awake.
  std::optional<std::chrono::nanoseconds> idle_since_;
  Deadlines::Entry idle_entry_;

  std::vector<Continuation<Done>> stop_waiters_;
  Signal work_ended_;
  Signal aborted_;
};

template <class T>
struct Instance::HookRace {
  std::shared_ptr<Instance> actor;
  std::shared_ptr<const void> keep;
  Continuation<Result<T>> waiter;
  Deadlines::Entry deadline;
};

template <class T, class Make>
Task<Result<T>> Instance::hook(const char* name, Millis limit, std::shared_ptr<const void> keep, Make make) {
  auto race = std::make_shared<HookRace<T>>();
  race->actor = self();
  race->keep = std::move(keep);
  auto start = [race = std::move(race), name, limit, make = std::move(make)](Continuation<Result<T>> waiter) mutable {
    race->waiter = std::move(waiter);
    auto& actor = *race->actor;
    {
      const RunningCode running(actor.label(name));
      actor.detach(run_hook<T>(race, name, std::move(make)));
    }
    if (!race->waiter) return;
    auto timed_out = [race = race.get(), name, limit] {
      auto metadata = Value::object({{"callback_name", name}, {"duration_ms", limit.count()}});
      race->waiter.resume(make_error("actor", "callback_timed_out", std::move(metadata)));
    };
    actor.deadlines_.arm(race->deadline, limit, std::move(timed_out));
  };
  return suspend<Result<T>>(std::move(start));
}

template <class T, class Make>
Task<void> Instance::run_hook(std::shared_ptr<HookRace<T>> race, const char* name, Make make) {
  co_await skip_final_post();
  Result<T> result;
  try {
    auto task = make();
    result = co_await std::move(task);
  } catch (...) {
    result = thrown(name);
  }
  race->deadline.cancel();
  if (race->waiter) {
    race->waiter.resume(std::move(result));
  } else if (!result) {
    race->actor->log_hidden(name, result.error());
  }
}

template <class T>
Task<Result<T>> Instance::submit(std::shared_ptr<Call<T>> call) {
  auto start = [call = std::move(call)](Continuation<Result<T>> waiter) mutable {
    auto& actor = call->actor();
    call->wait(std::move(waiter));
    if (actor.reserved_.fetch_add(1, std::memory_order_relaxed) >= actor.options().mailbox_max) {
      call->fail(actor.overloaded(call->operation()));
      return;
    }
    const Executor executor = actor.executor_;
    hand_over(executor, [call = std::move(call)]() mutable {
      auto& target = call->actor();
      target.enter(std::move(call));
    });
  };
  return suspend<Result<T>>(std::move(start));
}

}  // namespace troupe
