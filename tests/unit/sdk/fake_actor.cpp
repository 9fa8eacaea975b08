#include "tests/unit/sdk/fake_actor.h"

namespace troupe::test {

Task<Result<std::optional<Bytes>>> FakeKeyValue::get(Bytes key) {
  auto found = entries.find(key);
  co_return found == entries.end() ? std::optional<Bytes>() : std::optional<Bytes>(found->second);
}

Task<Result<std::vector<std::optional<Bytes>>>> FakeKeyValue::get_many(std::vector<Bytes>) {
  co_return internal_error("not part of the fake");
}

Task<Result<void>> FakeKeyValue::put(Bytes key, Bytes value) {
  entries[key] = value;
  co_return Result<void>();
}

Task<Result<void>> FakeKeyValue::put_many(std::vector<KvEntry>) { co_return internal_error("not part of the fake"); }

Task<Result<void>> FakeKeyValue::erase(std::vector<Bytes> keys) {
  for (const auto& key : keys) entries.erase(key);
  co_return Result<void>();
}

Task<Result<std::vector<KvEntry>>> FakeKeyValue::list_prefix(Bytes prefix, KvListOptions) {
  std::vector<KvEntry> found;
  for (const auto& [key, value] : entries)
    if (as_text(key).starts_with(as_text(prefix))) found.push_back({key, value});
  co_return found;
}

Task<Result<std::vector<KvEntry>>> FakeKeyValue::list_range(Bytes, Bytes, KvListOptions) {
  co_return internal_error("not part of the fake");
}

Task<Result<void>> FakeKeyValue::erase_range(Bytes, Bytes) { co_return internal_error("not part of the fake"); }

Task<Result<SqlResult>> FakeDatabase::Transaction::execute(std::string sql, SqlParams params) {
  return db_.execute("tx " + sql, std::move(params));
}

Task<Result<void>> FakeDatabase::Transaction::commit() {
  db_.statements.push_back({"commit", {}});
  co_return Result<void>();
}

Task<Result<void>> FakeDatabase::Transaction::rollback() {
  db_.statements.push_back({"rollback", {}});
  co_return Result<void>();
}

Task<Result<SqlResult>> FakeDatabase::execute(std::string sql, SqlParams params) {
  statements.push_back({std::move(sql), std::move(params)});
  co_return answer;
}

Task<Result<std::vector<SqlResult>>> FakeDatabase::execute_batch(std::vector<SqlStatement> batch) {
  for (auto& statement : batch) statements.push_back(std::move(statement));
  co_return std::vector<SqlResult>();
}

Task<Result<std::shared_ptr<SqlTransaction>>> FakeDatabase::begin(std::chrono::milliseconds) {
  std::shared_ptr<SqlTransaction> transaction = std::make_shared<Transaction>(*this);
  co_return transaction;
}

Task<Result<void>> FakeQueue::Completion::complete(std::optional<Bytes> response) {
  if (std::exchange(completed_, true)) co_return make_error("queue", "already_completed");
  std::erase_if(queue_.messages, [&](const auto& message) { return message.id == id_; });
  queue_.responses.push_back(response ? value_of(*response) : Value("none"));
  co_return Result<void>();
}

Task<Result<QueueMessage>> FakeQueue::send(std::string name, Bytes body) {
  QueueMessage message;
  message.id = ++last_id;
  message.name = std::move(name);
  message.body = std::move(body);
  messages.push_back(message);
  co_return message;
}

Task<Result<std::vector<QueueMessage>>> FakeQueue::receive(QueueReceive wanted) {
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

Task<Result<void>> FakeQueue::wait_available(QueueReceive) {
  if (messages.empty()) co_return make_error("queue", "timed_out");
  co_return Result<void>();
}

Task<Result<std::optional<Bytes>>> FakeQueue::send_and_wait(std::string name, Bytes body, std::optional<ms>,
                                                            std::shared_ptr<AbortSignal>) {
  responses.push_back(Value("sent " + name));
  co_return std::optional<Bytes>(std::move(body));
}

Task<Result<bool>> FakeQueue::complete(std::uint64_t id, std::string, std::optional<Bytes>) {
  co_return std::erase_if(messages, [&](const auto& message) { return message.id == id; }) > 0;
}

Task<Result<QueueInspection>> FakeQueue::inspect(std::size_t) { co_return QueueInspection(); }

Task<Result<QueueMessage>> FakeQueue::add(std::string name, Bytes body) {
  return send(std::move(name), std::move(body));
}

Task<Result<void>> FakeQueue::reset() {
  messages.clear();
  co_return Result<void>();
}

Result<std::string> FakeScheduler::at(std::int64_t at_ms, std::string action, Bytes args) {
  actions.push_back({"id-" + std::to_string(actions.size()), std::move(action), std::move(args), at_ms});
  return actions.back().id;
}

Task<Result<void>> FakeScheduler::set_cron(CronSpec job) {
  crons.push_back(std::move(job));
  co_return Result<void>();
}

Result<void> FakeScheduler::set_interval(IntervalSpec job) {
  intervals.push_back(std::move(job));
  return {};
}

Task<Result<std::vector<JobRun>>> FakeScheduler::history(std::string, std::int64_t) { co_return std::vector<JobRun>(); }

Result<void> FakeScheduler::set_run_wake(std::optional<std::int64_t> at_ms) {
  run_wake = at_ms;
  return {};
}

FakeContext::FakeContext(VirtualWorld& world) : world_(world), ports_(world.ports()) {}

FakeContext::~FakeContext() = default;

Task<Result<void>> FakeContext::delay(std::chrono::milliseconds time, CallScopePtr) {
  co_await wait_for(ports_.timers, executor(), time);
  if (stopped) co_return make_error("actor", "aborted");
  co_return Result<void>();
}

Task<void> FakeContext::until_aborted() { co_return; }

Task<Result<void>> FakeContext::save() {
  ++saves;
  co_return Result<void>();
}

Task<Result<void>> FakeContext::commit_with_state(std::shared_ptr<SqlTransaction> transaction, StateChange& change) {
  auto state = change.serialize();
  if (!state) co_return state.error();
  auto applied = change.apply();
  if (!applied) co_return applied.error();
  committed_states.push_back(value_of(*state));
  co_return co_await transaction->commit();
}

Task<Result<QueueSent>> FakeContext::send(ActorAddress to, QueueSend message) {
  calls.push_back({std::move(to), "queue " + message.name, value_of(message.body)});
  QueueSent sent;
  if (message.wait) sent.response = reply.value();
  co_return sent;
}

Task<Result<Bytes>> FakeContext::call(ActorAddress to, std::string action, Bytes args, CallScopePtr) {
  calls.push_back({std::move(to), std::move(action), value_of(args)});
  co_return reply;
}

Result<void> FakeContext::sleep() {
  ++sleeps;
  return {};
}

Result<void> FakeContext::destroy() {
  ++destroys;
  return {};
}

void FakeContext::spawn(std::function<Task<Result<void>>()> task) {
  boost::asio::co_spawn(executor(), std::move(task),
                        [this](std::exception_ptr, Result<void> outcome) { spawned.push_back(std::move(outcome)); });
}

FakeActor::FakeActor(const ActorDefinition& definition, std::optional<Value> input)
    : definition_(definition), context(world), behavior(definition.make(context)) {
  std::optional<Bytes> bytes;
  if (input) bytes = cbor(*input);
  created = world.run(behavior->create_state(std::move(bytes)));
}

FakeActor::~FakeActor() = default;

}  // namespace troupe::test
