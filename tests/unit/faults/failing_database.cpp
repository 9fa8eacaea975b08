#include "engine/base/errors.h"
#include "tests/unit/faults/failing_store.h"

namespace troupe::faults {
namespace {

using Plan = std::shared_ptr<FaultPlan>;
using Verdict = FaultPlan::Verdict;

Error io_error() { return make_error("core", "internal_error", Value::object({{"error", "disk I/O error"}})); }

template <class T>
Task<Result<T>> run(Plan plan, Task<Result<T>> work) {
  if (plan->next_call() != Verdict::pass) co_return io_error();
  co_return co_await std::move(work);
}

Task<Result<void>> commit(Plan plan, std::shared_ptr<SqlTransaction> transaction) {
  const Verdict verdict = plan->next_call();
  Result<void> done;
  if (verdict == Verdict::fail) {
    done = co_await transaction->rollback();
  } else {
    done = co_await transaction->commit();
  }
  if (verdict != Verdict::pass) co_return make_error("sqlite", "commit_undecided");
  co_return done;
}

class FailingTransaction final : public SqlTransaction {
 public:
  FailingTransaction(std::shared_ptr<SqlTransaction> inner, Plan plan)
      : inner_(std::move(inner)), plan_(std::move(plan)) {}
  Task<Result<SqlResult>> execute(std::string sql, SqlParams params) override {
    return run(plan_, inner_->execute(std::move(sql), std::move(params)));
  }
  Task<Result<void>> commit() override { return faults::commit(plan_, inner_); }
  Task<Result<void>> rollback() override { return inner_->rollback(); }

 private:
  const std::shared_ptr<SqlTransaction> inner_;
  const Plan plan_;
};

Task<Result<std::shared_ptr<SqlTransaction>>> begin_failing(Plan plan,
                                                            Task<Result<std::shared_ptr<SqlTransaction>>> begin) {
  if (plan->next_call() != Verdict::pass) co_return io_error();
  auto begun = co_await std::move(begin);
  if (!begun) co_return begun;
  std::shared_ptr<SqlTransaction> wrapped = std::make_shared<FailingTransaction>(std::move(*begun), std::move(plan));
  co_return wrapped;
}

class FailingDatabase final : public Database {
 public:
  FailingDatabase(std::unique_ptr<Database> inner, Plan plan) : inner_(std::move(inner)), plan_(std::move(plan)) {}
  Task<Result<SqlResult>> exec(std::string sql) override { return run(plan_, inner_->exec(std::move(sql))); }
  Task<Result<SqlResult>> execute(std::string sql, SqlParams params) override {
    return run(plan_, inner_->execute(std::move(sql), std::move(params)));
  }
  Task<Result<std::vector<SqlResult>>> execute_batch(std::vector<SqlStatement> statements) override {
    return run(plan_, inner_->execute_batch(std::move(statements)));
  }
  Task<Result<std::shared_ptr<SqlTransaction>>> begin(std::chrono::milliseconds timeout) override {
    return begin_failing(plan_, inner_->begin(timeout));
  }

 private:
  const std::unique_ptr<Database> inner_;
  const Plan plan_;
};

class FailingActorStore final : public ActorStore {
 public:
  FailingActorStore(std::unique_ptr<ActorStore> inner, Plan plan) : inner_(std::move(inner)), plan_(std::move(plan)) {}

  Task<Result<std::optional<Bytes>>> load_state(ActorId id) override { return inner_->load_state(id); }
  Task<Result<void>> save(ActorId id, std::uint32_t generation, ActorSave save, Ack ack) override {
    return inner_->save(id, generation, std::move(save), ack);
  }
  Task<Result<std::vector<ActorSave::ConnectionRow>>> load_connections(ActorId id) override {
    return inner_->load_connections(id);
  }
  Task<Result<std::optional<Bytes>>> load_row(Bytes key) override { return inner_->load_row(std::move(key)); }
  Task<Result<std::vector<StoreEntry>>> load_rows(keys::Range range, ScanOptions options) override {
    return inner_->load_rows(std::move(range), options);
  }
  std::unique_ptr<KeyValue> key_value(ActorId id, std::uint32_t generation) override {
    return inner_->key_value(id, generation);
  }
  std::unique_ptr<Database> database(ActorId id, std::uint32_t generation, Executor executor) override {
    return std::make_unique<FailingDatabase>(inner_->database(id, generation, std::move(executor)), plan_);
  }
  Task<void> close_database(ActorId id, std::uint32_t generation) override {
    return inner_->close_database(id, generation);
  }
  void set_generation(ActorId id, std::uint32_t generation) override { inner_->set_generation(id, generation); }
  void forget_generation(ActorId id, std::uint32_t generation) override { inner_->forget_generation(id, generation); }
  void erase_all(ActorId id, WriteBatch& batch) override { inner_->erase_all(id, batch); }
  Task<void> remove_files(ActorId id) override { return inner_->remove_files(id); }
  PageStore* pages() override { return inner_->pages(); }

 private:
  const std::unique_ptr<ActorStore> inner_;
  const Plan plan_;
};

}  // namespace

std::unique_ptr<ActorStore> make_failing_actor_store(std::unique_ptr<ActorStore> inner, Plan plan) {
  return std::make_unique<FailingActorStore>(std::move(inner), std::move(plan));
}

}  // namespace troupe::faults
