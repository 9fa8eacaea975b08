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
  Task<Result<std::optional<Bytes>>> get(Bytes key) override;
  Task<Result<std::vector<std::optional<Bytes>>>> get_many(std::vector<Bytes>) override;
  Task<Result<void>> put(Bytes key, Bytes value) override;
  Task<Result<void>> put_many(std::vector<KvEntry>) override;
  Task<Result<void>> erase(std::vector<Bytes> keys) override;
  Task<Result<std::vector<KvEntry>>> list_prefix(Bytes prefix, KvListOptions) override;
  Task<Result<std::vector<KvEntry>>> list_range(Bytes, Bytes, KvListOptions) override;
  Task<Result<void>> erase_range(Bytes, Bytes) override;

  std::map<Bytes, Bytes> entries;
};

/// Answers statements from a script and remembers them.
class FakeDatabase final : public Database {
 public:
  class Transaction final : public SqlTransaction {
   public:
    explicit Transaction(FakeDatabase& db) : db_(db) {}
    Task<Result<SqlResult>> execute(std::string sql, SqlParams params) override;
    Task<Result<void>> commit() override;
    Task<Result<void>> rollback() override;

   private:
    FakeDatabase& db_;
  };

  Task<Result<SqlResult>> exec(std::string sql) override { return execute(std::move(sql), {}); }
  Task<Result<SqlResult>> execute(std::string sql, SqlParams params) override;
  Task<Result<std::vector<SqlResult>>> execute_batch(std::vector<SqlStatement> batch) override;
  Task<Result<std::shared_ptr<SqlTransaction>>> begin(std::chrono::milliseconds) override;

  Result<SqlResult> answer = SqlResult();
  std::vector<SqlStatement> statements;
};

/// Messages in a list; nobody waits.
class FakeQueue final : public Queue {
 public:
  class Completion final : public QueueCompletion {
   public:
    Completion(FakeQueue& queue, std::uint64_t id) : queue_(queue), id_(id) {}
    Task<Result<void>> complete(std::optional<Bytes> response) override;
    bool completed() const override { return completed_; }

   private:
    FakeQueue& queue_;
    std::uint64_t id_;
    bool completed_ = false;
  };

  Task<Result<QueueMessage>> send(std::string name, Bytes body) override;
  Task<Result<std::vector<QueueMessage>>> receive(QueueReceive wanted) override;
  Task<Result<void>> wait_available(QueueReceive) override;
  Task<Result<std::optional<Bytes>>> send_and_wait(std::string name, Bytes body, std::optional<ms>,
                                                   std::shared_ptr<AbortSignal>) override;
  Task<Result<bool>> complete(std::uint64_t id, std::string, std::optional<Bytes>) override;
  Task<Result<QueueInspection>> inspect(std::size_t) override;
  Task<Result<QueueMessage>> add(std::string name, Bytes body) override;
  Task<Result<void>> reset() override;

  std::uint64_t last_id = 0;
  /// Of the newest receive.
  std::shared_ptr<AbortSignal> last_abort;
  std::vector<QueueMessage> messages;
  std::vector<Value> responses;
};

/// Remembers one-shots; knows no jobs.
class FakeScheduler final : public Scheduler {
 public:
  Result<std::string> at(std::int64_t at_ms, std::string action, Bytes args) override;
  Result<bool> cancel(const std::string&) override { return false; }
  std::optional<ScheduledAction> find(const std::string&) const override { return std::nullopt; }
  std::vector<ScheduledAction> list() const override { return actions; }
  Task<Result<void>> set_cron(CronSpec job) override;
  Result<void> set_interval(IntervalSpec job) override;
  Result<std::optional<ScheduledJob>> job(const std::string&) const override { return std::optional<ScheduledJob>(); }
  std::vector<ScheduledJob> jobs() const override { return {}; }
  Result<bool> erase_job(const std::string&) override { return false; }
  Task<Result<std::vector<JobRun>>> history(std::string, std::int64_t) override;
  Result<void> set_run_wake(std::optional<std::int64_t> at_ms) override;

  std::vector<ScheduledAction> actions;
  std::vector<CronSpec> crons;
  std::vector<IntervalSpec> intervals;
  std::optional<std::int64_t> run_wake;
};

class FakeContext final : public ActorContext {
 public:
  explicit FakeContext(VirtualWorld& world);
  ~FakeContext() override;

  const ActorInfo& info() const override { return info_; }
  Executor executor() const override { return world_.context().get_executor(); }
  std::int64_t now_ms() const override { return world_.now_ms(); }
  Task<Result<void>> delay(std::chrono::milliseconds time, CallScopePtr) override;
  bool aborted() const override { return stopped; }
  Task<void> until_aborted() override;
  void request_save(SaveRequest) override { ++saves; }
  Task<Result<void>> save() override;
  Task<Result<void>> commit_with_state(std::shared_ptr<SqlTransaction> transaction, StateChange& change) override;
  void broadcast(const std::string& event, const Bytes& args) override { events.emplace_back(event, value_of(args)); }
  std::vector<std::shared_ptr<Connection>> connections() const override { return conns; }
  KeyValue& kv() override { return key_value; }
  Database& db() override { return database; }
  Queue& queue() override { return messages; }
  Task<Result<QueueSent>> send(ActorAddress to, QueueSend message) override;
  Scheduler& schedule() override { return scheduler; }
  Task<Result<Bytes>> call(ActorAddress to, std::string action, Bytes args, CallScopePtr) override;
  Result<void> sleep() override;
  Result<void> destroy() override;
  KeepAwake keep_awake() override { return std::make_shared<int>(0); }
  void spawn(std::function<Task<Result<void>>()> task) override;
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
  explicit FakeActor(const ActorDefinition& definition, std::optional<Value> input = std::nullopt);
  ~FakeActor();

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
