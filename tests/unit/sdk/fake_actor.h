#pragma once

#include <algorithm>
#include <boost/asio/detached.hpp>
#include <map>

#include "engine/base/errors.h"
#include "engine/base/virtual_ports.h"
#include "tests/unit/sdk/values.h"
#include "troupe/actor.h"

namespace troupe::test {

class FakeConnection final : public Connection {
 public:
  const std::string& id() const override { return id_; }
  const Bytes& params() const override { return params_; }
  const Bytes& state() const override { return state_; }
  void set_state(Bytes cbor) override { state_ = std::move(cbor); }
  bool hibernatable() const override { return hibernatable_; }
  const HttpRequest& request() const override { return request_; }
  void send(const std::string& event, const Bytes& args) override { events.emplace_back(event, value_of(args)); }
  void disconnect(std::string reason) override { closed = std::move(reason); }

  Events events;
  std::optional<std::string> closed;
  std::string id_ = "conn";
  Bytes params_ = {0xf6}, state_;
  bool hibernatable_ = true;
  HttpRequest request_;
};

/// Entries in a map; no limits.
class FakeKeyValue final : public KeyValue {
 public:
  Task<Result<std::optional<Bytes>>> get(Bytes key) override {
    auto found = entries.find(key);
    co_return found == entries.end() ? std::optional<Bytes>() : std::optional<Bytes>(found->second);
  }
  Task<Result<std::vector<std::optional<Bytes>>>> get_many(std::vector<Bytes>) override {
    co_return internal_error("not part of the fake");
  }
  Task<Result<void>> put(Bytes key, Bytes value) override {
    entries[key] = value;
    co_return Result<void>();
  }
  Task<Result<void>> put_many(std::vector<KvEntry>) override { co_return internal_error("not part of the fake"); }
  Task<Result<void>> erase(std::vector<Bytes> keys) override {
    for (const auto& key : keys) entries.erase(key);
    co_return Result<void>();
  }
  Task<Result<std::vector<KvEntry>>> list_prefix(Bytes prefix, KvListOptions) override {
    std::vector<KvEntry> found;
    for (const auto& [key, value] : entries)
      if (as_text(key).starts_with(as_text(prefix))) found.push_back({key, value});
    co_return found;
  }
  Task<Result<std::vector<KvEntry>>> list_range(Bytes, Bytes, KvListOptions) override {
    co_return internal_error("not part of the fake");
  }
  Task<Result<void>> erase_range(Bytes, Bytes) override { co_return internal_error("not part of the fake"); }

  std::map<Bytes, Bytes> entries;
};

/// Answers statements from a script and remembers them.
class FakeDatabase final : public Database {
 public:
  class Transaction final : public SqlTransaction {
   public:
    explicit Transaction(FakeDatabase& db) : db_(db) {}
    Task<Result<SqlResult>> execute(std::string sql, SqlParams params) override {
      return db_.execute("tx " + sql, std::move(params));
    }
    Task<Result<void>> commit() override {
      db_.statements.push_back({"commit", {}});
      co_return Result<void>();
    }
    Task<Result<void>> rollback() override {
      db_.statements.push_back({"rollback", {}});
      co_return Result<void>();
    }

   private:
    FakeDatabase& db_;
  };

  Task<Result<SqlResult>> exec(std::string sql) override { return execute(std::move(sql), {}); }
  Task<Result<SqlResult>> execute(std::string sql, SqlParams params) override {
    statements.push_back({std::move(sql), std::move(params)});
    co_return answer;
  }
  Task<Result<std::vector<SqlResult>>> execute_batch(std::vector<SqlStatement> batch) override {
    for (auto& statement : batch) statements.push_back(std::move(statement));
    co_return std::vector<SqlResult>();
  }
  Task<Result<std::shared_ptr<SqlTransaction>>> begin(std::chrono::milliseconds) override {
    std::shared_ptr<SqlTransaction> transaction = std::make_shared<Transaction>(*this);
    co_return transaction;
  }

  Result<SqlResult> answer = SqlResult();
  std::vector<SqlStatement> statements;
};

/// Messages in a list; nobody waits.
class FakeQueue final : public Queue {
 public:
  class Completion final : public QueueCompletion {
   public:
    Completion(FakeQueue& queue, std::uint64_t id) : queue_(queue), id_(id) {}
    Task<Result<void>> complete(std::optional<Bytes> response) override {
      if (std::exchange(completed_, true)) co_return make_error("queue", "already_completed");
      std::erase_if(queue_.messages, [&](const auto& message) { return message.id == id_; });
      queue_.responses.push_back(response ? value_of(*response) : Value("none"));
      co_return Result<void>();
    }
    bool completed() const override { return completed_; }

   private:
    FakeQueue& queue_;
    std::uint64_t id_;
    bool completed_ = false;
  };

  Task<Result<QueueMessage>> send(std::string name, Bytes body) override {
    QueueMessage message;
    message.id = ++last_id;
    message.name = std::move(name);
    message.body = std::move(body);
    messages.push_back(message);
    co_return message;
  }
  Task<Result<std::vector<QueueMessage>>> receive(QueueReceive wanted) override {
    last_abort = wanted.abort;
    std::vector<QueueMessage> found;
    for (const auto& message : messages) {
      if (found.size() == wanted.count) break;
      if (!wanted.names.empty() && std::ranges::count(wanted.names, message.name) == 0) continue;
      found.push_back(message);
      if (wanted.completable) found.back().completion = std::make_shared<Completion>(*this, message.id);
    }
    if (found.empty() && !wanted.timeout) co_return make_error("actor", "aborted");
    if (!wanted.completable)
      for (const auto& taken : found)
        std::erase_if(messages, [&](const auto& message) { return message.id == taken.id; });
    co_return found;
  }
  Task<Result<void>> wait_available(QueueReceive) override {
    if (messages.empty()) co_return make_error("queue", "timed_out");
    co_return Result<void>();
  }
  Task<Result<std::optional<Bytes>>> send_and_wait(std::string name, Bytes body, std::optional<ms>,
                                                   std::shared_ptr<AbortSignal>) override {
    responses.push_back(Value("sent " + name));
    co_return std::optional<Bytes>(std::move(body));
  }
  Task<Result<bool>> complete(std::uint64_t id, std::string, std::optional<Bytes>) override {
    co_return std::erase_if(messages, [&](const auto& message) { return message.id == id; }) > 0;
  }
  Task<Result<QueueInspection>> inspect(std::size_t) override { co_return QueueInspection(); }
  Task<Result<QueueMessage>> add(std::string name, Bytes body) override {
    return send(std::move(name), std::move(body));
  }
  Task<Result<void>> reset() override {
    messages.clear();
    co_return Result<void>();
  }

  std::uint64_t last_id = 0;
  /// Of the newest receive.
  std::shared_ptr<AbortSignal> last_abort;
  std::vector<QueueMessage> messages;
  std::vector<Value> responses;
};

/// Remembers one-shots; knows no jobs.
class FakeScheduler final : public Scheduler {
 public:
  Result<std::string> at(std::int64_t at_ms, std::string action, Bytes args) override {
    actions.push_back({"id-" + std::to_string(actions.size()), std::move(action), std::move(args), at_ms});
    return actions.back().id;
  }
  Result<bool> cancel(const std::string&) override { return false; }
  std::optional<ScheduledAction> find(const std::string&) const override { return std::nullopt; }
  std::vector<ScheduledAction> list() const override { return actions; }
  Task<Result<void>> set_cron(CronSpec job) override {
    crons.push_back(std::move(job));
    co_return Result<void>();
  }
  Result<void> set_interval(IntervalSpec job) override {
    intervals.push_back(std::move(job));
    return {};
  }
  Result<std::optional<ScheduledJob>> job(const std::string&) const override { return std::optional<ScheduledJob>(); }
  std::vector<ScheduledJob> jobs() const override { return {}; }
  Result<bool> erase_job(const std::string&) override { return false; }
  Task<Result<std::vector<JobRun>>> history(std::string, std::int64_t) override { co_return std::vector<JobRun>(); }
  Result<void> set_run_wake(std::optional<std::int64_t> at_ms) override {
    run_wake = at_ms;
    return {};
  }

  std::vector<ScheduledAction> actions;
  std::vector<CronSpec> crons;
  std::vector<IntervalSpec> intervals;
  std::optional<std::int64_t> run_wake;
};

class FakeContext final : public ActorContext {
 public:
  explicit FakeContext(VirtualWorld& world) : world_(world), ports_(world.ports()) {}

  const ActorInfo& info() const override { return info_; }
  Executor executor() const override { return world_.context().get_executor(); }
  std::int64_t now_ms() const override { return world_.now_ms(); }
  Task<Result<void>> delay(std::chrono::milliseconds time, CallScopePtr) override {
    co_await wait_for(ports_.timers, executor(), time);
    if (stopped) co_return make_error("actor", "aborted");
    co_return Result<void>();
  }
  bool aborted() const override { return stopped; }
  Task<void> until_aborted() override { co_return; }
  void request_save(SaveRequest) override { ++saves; }
  Task<Result<void>> save() override {
    ++saves;
    co_return Result<void>();
  }
  Task<Result<void>> commit_with_state(std::shared_ptr<SqlTransaction> transaction, StateChange& change) override {
    auto state = change.serialize();
    if (!state) co_return state.error();
    auto applied = change.apply();
    if (!applied) co_return applied.error();
    committed_states.push_back(value_of(*state));
    co_return co_await transaction->commit();
  }
  void broadcast(const std::string& event, const Bytes& args) override { events.emplace_back(event, value_of(args)); }
  std::vector<std::shared_ptr<Connection>> connections() const override { return conns; }
  KeyValue& kv() override { return key_value; }
  Database& db() override { return database; }
  Queue& queue() override { return messages; }
  Task<Result<QueueSent>> send(ActorAddress to, QueueSend message) override {
    calls.push_back({std::move(to), "queue " + message.name, value_of(message.body)});
    QueueSent sent;
    if (message.wait) sent.response = reply.value();
    co_return sent;
  }
  Scheduler& schedule() override { return scheduler; }
  Task<Result<Bytes>> call(ActorAddress to, std::string action, Bytes args, CallScopePtr) override {
    calls.push_back({std::move(to), std::move(action), value_of(args)});
    co_return reply;
  }
  Result<void> sleep() override {
    ++sleeps;
    return {};
  }
  Result<void> destroy() override {
    ++destroys;
    return {};
  }
  KeepAwake keep_awake() override { return std::make_shared<int>(0); }
  void spawn(std::function<Task<Result<void>>()> task) override {
    boost::asio::co_spawn(executor(), std::move(task),
                          [this](std::exception_ptr, Result<void> outcome) { spawned.push_back(std::move(outcome)); });
  }
  void log(int, std::string_view text) override { logs.emplace_back(text); }

  struct Call {
    ActorAddress to;
    std::string action;
    Value args;
  };

  ActorInfo info_{"actor-id", 1, "name", {"key"}, ""};
  int saves = 0, sleeps = 0, destroys = 0;
  bool stopped = false;
  /// What was committed with SQL.
  std::vector<Value> committed_states;
  Events events;
  std::vector<std::shared_ptr<Connection>> conns;
  FakeKeyValue key_value;
  FakeDatabase database;
  FakeQueue messages;
  FakeScheduler scheduler;
  std::vector<Call> calls;
  Result<Bytes> reply = Bytes();
  std::vector<Result<void>> spawned;
  std::vector<std::string> logs;

 private:
  VirtualWorld& world_;
  Ports ports_;
};

/// One instance of a definition, with a fake runtime around it.
class FakeActor {
 public:
  explicit FakeActor(const ActorDefinition& definition, std::optional<Value> input = std::nullopt)
      : definition_(definition), context(world), behavior(definition.make(context)) {
    std::optional<Bytes> bytes;
    if (input) bytes = cbor(*input);
    created = world.run(behavior->create_state(std::move(bytes)));
  }

  template <class... A>
  Result<Value> call(std::string action, const A&... args) {
    return call_as(nullptr, std::move(action), args...);
  }
  template <class... A>
  Result<Value> call_as(std::shared_ptr<Connection> conn, std::string action, const A&... args) {
    auto output = world.run(begin(std::move(conn), std::move(action), args...));
    if (!output) return output.error();
    return value_of(*output);
  }
  template <class... A>
  Task<Result<Bytes>> begin(std::shared_ptr<Connection> conn, std::string action, const A&... args) {
    return behavior->action({std::move(action), detail::encode_arguments(args...), std::move(conn)});
  }
  /// Runs an action to wherever it waits; the outcome appears in the returned box.
  template <class... A>
  std::shared_ptr<std::optional<Result<Bytes>>> start(std::string action, const A&... args) {
    auto box = std::make_shared<std::optional<Result<Bytes>>>();
    boost::asio::co_spawn(world.context(), begin(nullptr, std::move(action), args...),
                          [box](std::exception_ptr, Result<Bytes> outcome) { box->emplace(std::move(outcome)); });
    world.settle();
    return box;
  }
  Value state() { return value_of(behavior->serialize_state().value()); }

 private:
  const ActorDefinition definition_;

 public:
  VirtualWorld world;
  FakeContext context;
  std::unique_ptr<Behavior> behavior;
  Result<Bytes> created = Bytes();
};

}  // namespace troupe::test
