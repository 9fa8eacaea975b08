#pragma once

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "troupe/client.h"
#include "troupe/connection.h"
#include "troupe/detail/handler.h"
#include "troupe/detail/state_draft.h"
#include "troupe/kv.h"
#include "troupe/message_queue.h"
#include "troupe/schedule.h"
#include "troupe/sql.h"
#include "troupe/stream.h"

namespace troupe {

enum class LogLevel { trace = 0, debug, info, warn, error };

namespace detail {

template <class S, class C, class V>
class TypedInstance : public Instance {
 public:
  using Instance::Instance;
  S state{};
  V vars{};

 protected:
  void encode_state(Bytes& out) const final { Encoder(out).write(state); }
  Result<void> decode_state(BytesView cbor) final {
    TROUPE_TRY(state, decode<S>(cbor, "stored state"));
    return {};
  }
};

/// A coroutine of an actor that may return nothing or a Result, as one that returns a Result.
inline Task<Result<void>> with_result(Task<Result<void>> task) { return task; }
Task<Result<void>> with_result(Task<void> task);

}  // namespace detail

/// What does not depend on the types of an actor. See Context.
class ContextBase {
 public:
  ContextBase(detail::Instance& instance, detail::ConnectionPtr connection, bool writes, CallScopePtr scope)
      : instance_(&instance), connection_(std::move(connection)), scope_(std::move(scope)), writes_(writes) {}

  const ActorInfo& info() const { return runtime().info(); }
  const std::string& actor_id() const { return info().actor_id; }
  const std::string& name() const { return info().name; }
  const std::vector<std::string>& key() const { return info().key; }
  /// Wall clock, ms since the epoch.
  std::int64_t now_ms() const { return runtime().now_ms(); }

  /// Fails with `actor.aborted` when the actor stops meanwhile, or nobody waits for the answer any more.
  Task<Result<void>> delay(std::chrono::milliseconds time) const {
    instance_->before_wait();
    return parked(*instance_, writes_, runtime().delay(time, scope_));
  }
  /// True from the start of a stop on, and where nobody waits for the answer any more: an action or request timed out,
  /// the actor that called the action has given up, or the client of the request has gone. An action that a client has
  /// begun runs on when the client goes.
  bool aborted() const { return runtime().aborted() || (scope_ && scope_->aborted()); }
  /// Returns when the actor stops.
  Task<void> until_aborted() const {
    instance_->before_wait();
    return runtime().until_aborted();
  }

  /// An event to every connection that subscribed to it.
  template <class... A>
  void broadcast(const std::string& event, const A&... args) const {
    runtime().broadcast(event, detail::encode_arguments(args...));
  }

  Kv kv() const { return Kv(*instance_); }
  /// The messages of this actor. Copies of this context share what is received and not yet completed.
  MessageQueue queue() const {
    if (!open_messages_) open_messages_ = std::make_shared<detail::OpenMessages>();
    return MessageQueue(*instance_, writes_, open_messages_, scope_);
  }
  Sql db() const { return Sql(*instance_); }
  /// Actions that run once, later.
  Schedule schedule() const { return Schedule(*instance_); }
  /// Actions that run again and again.
  Cron cron() const { return Cron(*instance_); }
  /// Starts the run handler again at that time, unless it runs then; the actor is woken for it. Without a
  /// time: takes the earlier one back.
  Result<void> set_run_wake(std::optional<std::int64_t> at_ms) const {
    return runtime().schedule().set_run_wake(at_ms);
  }

  /// Another actor, by name and key: `c.actor("account", "alice")`.
  template <std::convertible_to<std::string>... K>
  ActorRef actor(std::string name, K&&... key) const {
    std::vector<std::string> parts;
    parts.reserve(sizeof...(K));
    (parts.push_back(std::string(std::forward<K>(key))), ...);
    return actor(std::move(name), std::move(parts));
  }
  ActorRef actor(std::string name, std::vector<std::string> key) const {
    return ActorRef(*instance_, ActorAddress{std::move(name), std::move(key)}, scope_);
  }

  /// Saves now; returns when the state is as durable as the daemon's `durability` setting says.
  Task<Result<void>> save() const {
    instance_->before_wait();
    return runtime().save();
  }
  /// Asks to be put to sleep, or to be destroyed with all data. Errors: `actor.starting`, `actor.stopping`.
  Result<void> sleep() const { return runtime().sleep(); }
  Result<void> destroy() const { return runtime().destroy(); }
  /// While alive it keeps the actor from sleeping and is waited for at a stop.
  ActorContext::KeepAwake keep_awake() const { return runtime().keep_awake(); }

  void log(LogLevel level, std::string_view text) const { runtime().log(static_cast<int>(level), text); }

  /// The interface below, for what has no typed form.
  ActorContext& runtime() const { return instance_->context(); }

 protected:
  detail::Instance* instance_;
  detail::ConnectionPtr connection_;
  CallScopePtr scope_;
  /// Whether the handler may write to the state at any time.
  bool writes_;

 private:
  static Task<Result<void>> parked(detail::Instance& instance, bool writes, Task<Result<void>> wait);

  mutable std::shared_ptr<detail::OpenMessages> open_messages_;
};

/// What the code of an actor can see and do. Handed to every handler; a copy may be kept by a coroutine of the actor.
/// S: state, C: state of a connection, V: variables that live as long as one generation.
/// Threads: the actor's executor only. Lifetime: the generation.
template <class S, class C = None, class V = None>
class Context : public ContextBase {
 public:
  using Instance = detail::TypedInstance<S, C, V>;

  Context(Instance& instance, detail::ConnectionPtr connection, bool writes = false, CallScopePtr scope = nullptr)
      : ContextBase(instance, std::move(connection), writes, std::move(scope)) {}

  const S& state() const { return typed().state; }
  /// For writing, where a handler does not take the state as a parameter. Throws BadResult
  /// (`actor.state_mutation_reentrant`) inside on_state_change.
  S& mutable_state() const {
    typed().touch();
    return typed().state;
  }
  V& vars() const { return typed().vars; }

  /// The connection that made the call; false when there is none (schedules, other actors, hooks of the actor itself).
  Conn<C> conn() const { return connection_ ? Conn<C>(*instance_, connection_) : Conn<C>(); }
  std::vector<Conn<C>> conns() const {
    std::vector<Conn<C>> all;
    for (auto& connection : runtime().connections()) all.emplace_back(*instance_, std::move(connection));
    return all;
  }

  /// Runs `body(S& draft, const SqlTransactionRunner&)`, a coroutine that returns Task<Result<T>>, in a transaction of
  /// the database. `draft` begins as a copy of the state, which others go on seeing as it is. When the body succeeds,
  /// the draft becomes the state, and both are committed as one: after a crash the actor has both or none. On an error
  /// or exception neither is changed. Entries, messages and schedules are not part of it. Inside, use the draft and the
  /// transaction only. Errors: those of SqlTransaction; `actor.state_transaction_conflict`, with nothing changed, when
  /// somebody else has changed the state meanwhile, or inside another one of the same handler.
  /// Durability: that of SQL. Cancel: none; the transaction has its own time limit.
  template <class F>
  auto transaction(F body) const -> std::invoke_result_t<F&, S&, const SqlTransactionRunner&> {
    static_assert(!std::is_same_v<S, None>, "without state, c.db().transaction does the same");
    if (!in_transaction_) in_transaction_ = std::make_shared<bool>(false);
    return run_transaction(*this, std::move(body));
  }

  /// Runs `task(Context&)`, a coroutine, beside the handlers; errors are logged. It is waited for at a stop, within the
  /// grace period, and does not keep the actor awake.
  template <class F>
  void spawn(F task) const {
    Context copy = *this;
    copy.writes_ = true;
    copy.scope_ = background_scope();
    runtime().spawn([copy, task = std::move(task)] { return run_spawned(copy, task); });
  }

  /// A body whose pieces the coroutine `produce(BodyWriter&)` writes.
  template <class F>
  std::shared_ptr<BodyStream> stream(F produce) const {
    return make_body_stream(runtime(), [context = *this, produce = std::move(produce)](BodyWriter& writer) {
      return run_producer(context, produce, writer);
    });
  }

 private:
  Instance& typed() const { return static_cast<Instance&>(*instance_); }

  /// Whether a transaction of this context, or a copy of it, is open. Null: there never was one.
  mutable std::shared_ptr<bool> in_transaction_;

  template <class F>
  static auto run_transaction(Context context, F body) -> std::invoke_result_t<F&, S&, const SqlTransactionRunner&> {
    using Outcome = typename std::invoke_result_t<F&, S&, const SqlTransactionRunner&>::value_type;
    const detail::OpenTransaction open(context.in_transaction_);
    if (!open) co_return detail::state_conflict();
    auto beginning = context.db().raw().begin();
    auto begun = co_await std::move(beginning);
    if (!begun) co_return std::move(begun).error();
    const auto transaction = *begun;
    const SqlTransactionRunner runner(transaction);
    std::optional<Outcome> outcome;
    std::optional<detail::StateDraft<Instance, S>> draft;
    try {
      draft.emplace(context.typed());
      auto running = body(draft->state(), runner);
      auto result = co_await std::move(running);
      outcome.emplace(std::move(result));
    } catch (...) {
      outcome.emplace(error_of_current_exception());
    }
    if (!*outcome) {
      (void)co_await transaction->rollback();
      co_return std::move(*outcome);
    }
    auto committing = context.runtime().commit_with_state(transaction, *draft);
    auto committed = co_await std::move(committing);
    if (!committed) co_return std::move(committed).error();
    co_return std::move(*outcome);
  }

  template <class F>
  static Task<Result<void>> run_producer(Context context, const F& produce, BodyWriter& writer) {
    detail::Instance::Turn turn(*context.instance_, context.writes_);
    Result<void> result;
    try {
      auto producing = detail::with_result(produce(writer));
      result = co_await std::move(producing);
    } catch (...) {
      result = error_of_current_exception();
    }
    auto settled = turn.finish();
    if (result && !settled) result = std::move(settled);
    co_return result;
  }

  template <class F>
  static Task<Result<void>> run_spawned(Context context, F task) {
    detail::Instance::Turn turn(*context.instance_, true);
    Result<void> result;
    try {
      auto done = co_await detail::with_result(task(context));
      result = std::move(done);
    } catch (...) {
      result = error_of_current_exception();
    }
    auto settled = turn.finish();
    if (result && !settled) result = std::move(settled);
    co_return result;
  }
};

}  // namespace troupe
