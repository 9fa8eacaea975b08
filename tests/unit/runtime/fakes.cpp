#include "tests/unit/runtime/fakes.h"

namespace troupe {
namespace {

class FakeKeyValue final : public KeyValue {
 public:
  explicit FakeKeyValue(FakeActorStore& store) : store_(store) {}

  Task<Result<std::optional<Bytes>>> get(Bytes key) override {
    auto it = store_.entries.find(to_string(key));
    std::optional<Bytes> found;
    if (it != store_.entries.end()) found = it->second;
    co_return found;
  }
  Task<Result<std::vector<std::optional<Bytes>>>> get_many(std::vector<Bytes> keys) override {
    co_return std::vector<std::optional<Bytes>>(keys.size());
  }
  Task<Result<void>> put(Bytes key, Bytes value) override {
    store_.entries[to_string(key)] = std::move(value);
    co_return Result<void>();
  }
  Task<Result<void>> put_many(std::vector<KvEntry>) override { co_return Result<void>(); }
  Task<Result<void>> erase(std::vector<Bytes>) override { co_return Result<void>(); }
  Task<Result<std::vector<KvEntry>>> list_prefix(Bytes, KvListOptions) override { co_return std::vector<KvEntry>(); }
  Task<Result<std::vector<KvEntry>>> list_range(Bytes, Bytes, KvListOptions) override {
    co_return std::vector<KvEntry>();
  }
  Task<Result<void>> erase_range(Bytes, Bytes) override { co_return Result<void>(); }

 private:
  FakeActorStore& store_;
};

class FakeDatabase final : public Database {
 public:
  Task<Result<SqlResult>> exec(std::string) override { co_return SqlResult(); }
  Task<Result<SqlResult>> execute(std::string, SqlParams) override { co_return SqlResult(); }
  Task<Result<std::vector<SqlResult>>> execute_batch(std::vector<SqlStatement>) override {
    co_return std::vector<SqlResult>();
  }
  Task<Result<std::shared_ptr<SqlTransaction>>> begin(std::chrono::milliseconds) override {
    co_return std::shared_ptr<SqlTransaction>();
  }
};

class Scripted final : public Behavior {
 public:
  explicit Scripted(std::shared_ptr<Script> script) : script_(std::move(script)) {}

  Task<Result<void>> on_migrate(bool is_new) override {
    script_->log.push_back(is_new ? "onMigrate new" : "onMigrate");
    return script_->on_migrate(is_new);
  }
  Task<Result<Bytes>> create_state(std::optional<Bytes> input) override {
    script_->log.push_back("createState");
    return script_->create_state(std::move(input));
  }
  Result<void> load_state(Bytes cbor) override {
    script_->log.push_back("loadState");
    if (script_->load_state) return script_->load_state(std::move(cbor));
    script_->state = std::move(cbor);
    return {};
  }
  Task<Result<void>> on_create(std::optional<Bytes> input) override {
    script_->log.push_back("onCreate");
    return script_->on_create(std::move(input));
  }
  Task<Result<void>> create_vars() override { return call("createVars", script_->create_vars); }
  Task<Result<void>> on_wake() override { return call("onWake", script_->on_wake); }
  Task<Result<void>> on_before_actor_start() override {
    return call("onBeforeActorStart", script_->on_before_actor_start);
  }
  Task<Result<void>> run() override { return call("run", script_->run); }
  Task<Result<void>> on_sleep() override { return call("onSleep", script_->on_sleep); }
  Task<Result<void>> on_destroy() override { return call("onDestroy", script_->on_destroy); }

  Task<Result<void>> on_before_connect(const Bytes& params, const HttpRequest& request) override {
    script_->log.push_back("onBeforeConnect");
    return script_->on_before_connect(params, request.target);
  }
  Task<Result<Bytes>> create_conn_state(const Bytes& params, const HttpRequest&) override {
    script_->log.push_back("createConnState");
    return script_->create_conn_state(params);
  }
  Task<Result<void>> on_connect(std::shared_ptr<Connection> conn) override {
    script_->log.push_back("onConnect");
    return script_->on_connect(std::move(conn));
  }
  Task<Result<void>> on_disconnect(std::shared_ptr<Connection> conn) override {
    script_->log.push_back("onDisconnect");
    return script_->on_disconnect(std::move(conn));
  }
  Task<Result<bool>> can_subscribe(std::shared_ptr<Connection> conn, std::string event) override {
    script_->log.push_back("canSubscribe");
    return script_->can_subscribe(std::move(conn), std::move(event));
  }
  Task<Result<bool>> can_publish(std::shared_ptr<Connection> conn, std::string queue, const Bytes&) override {
    script_->log.push_back("canPublish " + queue);
    return script_->can_publish(std::move(conn), std::move(queue));
  }
  Task<Result<Bytes>> action(ActionCall call) override {
    if (script_->action) return script_->action(std::move(call));
    return Behavior::action(std::move(call));
  }
  Task<Result<Bytes>> on_before_action_response(std::string name, Bytes args, Bytes output) override {
    return script_->on_before_action_response(std::move(name), std::move(args), std::move(output));
  }
  Task<Result<HttpResponse>> on_request(HttpRequest request, std::shared_ptr<Connection> conn,
                                        CallScopePtr scope) override {
    script_->request_scope = std::move(scope);
    return while_handled(script_, std::move(request), std::move(conn));
  }
  /// The scope refers to the actor, which refers to the script.
  static Task<Result<HttpResponse>> while_handled(std::shared_ptr<Script> script, HttpRequest request,
                                                  std::shared_ptr<Connection> conn) {
    struct Handled {
      Script& script;
      ~Handled() { script.request_scope.reset(); }
    };
    const Handled handled{*script};
    auto answering = script->on_request(std::move(request), std::move(conn));
    co_return co_await std::move(answering);
  }
  Task<Result<void>> on_websocket(std::shared_ptr<ActorWebSocket> socket, std::shared_ptr<Connection> conn) override {
    return script_->on_websocket(std::move(socket), std::move(conn));
  }
  Result<Bytes> serialize_state() override {
    return script_->serialize_state ? script_->serialize_state() : Result<Bytes>(script_->state);
  }
  bool may_have_changed() const override { return script_->untold; }
  void note_changes() override {
    if (std::exchange(script_->untold, false)) script_->context->request_save();
  }

 private:
  Task<Result<void>> call(const char* name, const std::function<Task<Result<void>>()>& hook) {
    script_->log.push_back(name);
    return hook();
  }

  std::shared_ptr<Script> script_;
};

}  // namespace

Task<Result<std::optional<Bytes>>> FakeActorStore::load_state(ActorId) {
  if (load_failure) co_return *load_failure;
  co_return stored;
}

Task<Result<void>> FakeActorStore::save(ActorId, std::uint32_t, ActorSave save, Ack ack) {
  if (saves_running++ > 0) ++saves_overlapped;
  if (hold_saves) {
    auto gate = hold_saves;
    co_await gate->wait();
  }
  --saves_running;
  if (save_failure) co_return *save_failure;
  WriteBatch batch;
  if (save.rows) save.rows->append_to(batch);
  const auto changed_rows = batch.changes().size();
  if (save.state) stored = save.state;
  saves.push_back({save.state.value_or(Bytes()), ack, changed_rows});
  auto committed = co_await rows->commit(std::move(batch), ack);
  if (committed && sync_failure) co_return *sync_failure;
  co_return committed;
}

Task<Result<std::vector<ActorSave::ConnectionRow>>> FakeActorStore::load_connections(ActorId id) {
  keys::Range range = keys::actor_connections(id);
  auto found = co_await rows->scan(std::move(range.begin), std::move(range.end));
  if (!found) co_return found.error();
  std::vector<ActorSave::ConnectionRow> connections;
  for (StoreEntry& row : *found)
    connections.push_back({std::string(keys::connection_id_of(row.key)), std::move(row.value)});
  co_return connections;
}

std::unique_ptr<KeyValue> FakeActorStore::key_value(ActorId, std::uint32_t) {
  return std::make_unique<FakeKeyValue>(*this);
}

std::unique_ptr<Database> FakeActorStore::database(ActorId, std::uint32_t, Executor) {
  ++databases_opened;
  return std::make_unique<FakeDatabase>();
}

Task<void> FakeActorStore::close_database(ActorId, std::uint32_t) {
  if (hold_close) {
    auto gate = hold_close;
    co_await gate->wait();
  }
  ++databases_closed;
}

BehaviorHooks hooks_of(const Script& script) {
  auto set = [](const auto& hook) { return static_cast<bool>(hook); };
  BehaviorHooks hooks;
  hooks.on_migrate = set(script.on_migrate);
  hooks.create_state = set(script.create_state);
  hooks.on_create = set(script.on_create);
  hooks.create_vars = set(script.create_vars);
  hooks.on_wake = set(script.on_wake);
  hooks.on_before_actor_start = set(script.on_before_actor_start);
  hooks.run = set(script.run);
  hooks.on_sleep = set(script.on_sleep);
  hooks.on_destroy = set(script.on_destroy);
  hooks.on_before_connect = set(script.on_before_connect);
  hooks.create_conn_state = set(script.create_conn_state);
  hooks.on_connect = set(script.on_connect);
  hooks.on_disconnect = set(script.on_disconnect);
  hooks.can_subscribe = set(script.can_subscribe);
  hooks.can_publish = set(script.can_publish);
  hooks.on_before_action_response = set(script.on_before_action_response);
  hooks.on_request = set(script.on_request);
  hooks.on_websocket = set(script.on_websocket);
  return hooks;
}

std::unique_ptr<Behavior> make_scripted(std::shared_ptr<Script> script, ActorContext& context) {
  script->context = &context;
  return std::make_unique<Scripted>(std::move(script));
}

Task<void> Gate::wait() {
  while (!open_) co_await signal_.wait();
}

Task<Result<Bytes>> FakeHost::call(ActorAddress to, std::string action, Bytes, CallOrigin origin) {
  if (on_call) on_call();
  last_origin = std::move(origin);
  co_return to_bytes(to.name + "." + action);
}

Task<Result<QueueSent>> FakeHost::send(ActorAddress to, QueueSend message) {
  if (on_call) on_call();
  QueueSent sent;
  sent.response = to_bytes(to.name + "." + message.name);
  co_return sent;
}

Task<Result<void>> FakeHost::set_alarm(std::optional<std::int64_t> at_ms, Ack) {
  if (alarm_failure) co_return *alarm_failure;
  alarms.push_back(at_ms);
  co_return Result<void>();
}

Task<Result<void>> succeed() { co_return Result<void>(); }

Task<Result<void>> fail(Error error) { co_return error; }

Task<Result<void>> never() {
  auto lost = [](Continuation<Done> waiter) {
    // Kept where nobody resumes it; freed with the process.
    static std::vector<Continuation<Done>>& kept = *new std::vector<Continuation<Done>>();
    kept.push_back(std::move(waiter));
  };
  co_await suspend<Done>(std::move(lost));
  co_return Result<void>();
}

}  // namespace troupe
