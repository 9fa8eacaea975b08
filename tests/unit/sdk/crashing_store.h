#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/async.h"
#include "engine/base/errors.h"
#include "engine/storage/actors/actor_store.h"

namespace troupe::test {

/// What becomes of the steps of a store: each save and each call on a database is one.
struct Steps {
  enum class Fault {
    none,
    crash_before,
    crash_after,
    fail,
    /// Fails like a commit of SQL whose end is not known: nothing of it happens, or all of it.
    undecided,
    undecided_after,
  };

  std::vector<std::string> log;
  /// Of the step with that place in the log.
  Fault fault = Fault::none;
  std::size_t fault_at = 0;
  bool crashed = false;
  /// Steps of that name wait until they are let go.
  std::optional<std::string> hold;
  Signal let_go;

  /// As far as a process comes that ends here. What waits here goes on when the test takes the process apart, and then
  /// everything fails without reaching the data.
  Task<Result<void>> end_here() {
    crashed = true;
    if (!taken_apart_) (void)co_await take_apart_.wait();
    co_return make_error("storage", "unavailable");
  }
  void take_apart() {
    taken_apart_ = true;
    take_apart_.notify_all();
  }

 private:
  bool taken_apart_ = false;
  Signal take_apart_;
};

template <class T>
Task<Result<T>> run_step(std::shared_ptr<Steps> steps, std::string name, std::function<Task<Result<T>>()> work) {
  const bool chosen = steps->fault != Steps::Fault::none && steps->log.size() == steps->fault_at;
  steps->log.push_back(name);
  if (steps->crashed || (chosen && steps->fault == Steps::Fault::crash_before)) {
    TROUPE_CO_CHECK(co_await steps->end_here());
  }
  while (steps->hold == name) (void)co_await steps->let_go.wait();
  if (chosen && steps->fault == Steps::Fault::fail) co_return make_error("storage", "unavailable");
  if (chosen && steps->fault == Steps::Fault::undecided) co_return make_error("sqlite", "commit_undecided");
  auto working = work();
  auto result = co_await std::move(working);
  if (steps->crashed || (chosen && steps->fault == Steps::Fault::crash_after)) {
    TROUPE_CO_CHECK(co_await steps->end_here());
  }
  if (chosen && steps->fault == Steps::Fault::undecided_after) co_return make_error("sqlite", "commit_undecided");
  co_return result;
}

class SteppedTransaction final : public SqlTransaction {
 public:
  SteppedTransaction(std::shared_ptr<Steps> steps, std::shared_ptr<SqlTransaction> inner)
      : steps_(std::move(steps)), inner_(std::move(inner)) {}
  Task<Result<SqlResult>> execute(std::string sql, SqlParams params) override {
    return run_step<SqlResult>(steps_, "execute",
                               [inner = inner_, sql, params] { return inner->execute(sql, params); });
  }
  Task<Result<void>> commit() override {
    return run_step<void>(steps_, "commit", [inner = inner_] { return inner->commit(); });
  }
  Task<Result<void>> rollback() override { return inner_->rollback(); }

 private:
  std::shared_ptr<Steps> steps_;
  std::shared_ptr<SqlTransaction> inner_;
};

class SteppedDatabase final : public Database {
 public:
  SteppedDatabase(std::shared_ptr<Steps> steps, std::shared_ptr<Database> inner)
      : steps_(std::move(steps)), inner_(std::move(inner)) {}
  Task<Result<SqlResult>> exec(std::string sql) override {
    return run_step<SqlResult>(steps_, "exec", [inner = inner_, sql] { return inner->exec(sql); });
  }
  Task<Result<SqlResult>> execute(std::string sql, SqlParams params) override {
    return run_step<SqlResult>(steps_, "exec", [inner = inner_, sql, params] { return inner->execute(sql, params); });
  }
  Task<Result<std::vector<SqlResult>>> execute_batch(std::vector<SqlStatement> statements) override {
    return inner_->execute_batch(std::move(statements));
  }
  Task<Result<std::shared_ptr<SqlTransaction>>> begin(std::chrono::milliseconds timeout) override {
    using Begun = std::shared_ptr<SqlTransaction>;
    auto work = [inner = inner_, timeout] { return inner->begin(timeout); };
    return stepped(steps_, run_step<Begun>(steps_, "begin", std::move(work)));
  }

 private:
  static Task<Result<std::shared_ptr<SqlTransaction>>> stepped(std::shared_ptr<Steps> steps,
                                                               Task<Result<std::shared_ptr<SqlTransaction>>> begin) {
    auto begun = co_await std::move(begin);
    if (!begun) co_return begun;
    std::shared_ptr<SqlTransaction> wrapped = std::make_shared<SteppedTransaction>(std::move(steps), std::move(*begun));
    co_return wrapped;
  }

  std::shared_ptr<Steps> steps_;
  std::shared_ptr<Database> inner_;
};

/// The data of actors, step by step.
class SteppedStore final : public ActorStore {
 public:
  SteppedStore(ActorStore& inner, std::shared_ptr<Steps> steps) : inner_(inner), steps_(std::move(steps)) {}

  Task<Result<std::optional<Bytes>>> load_state(ActorId id) override { return inner_.load_state(id); }
  Task<Result<void>> save(ActorId id, std::uint32_t generation, ActorSave save, Ack ack) override {
    return run_step<void>(steps_, "save",
                          [this, id, generation, save, ack] { return inner_.save(id, generation, save, ack); });
  }
  Task<Result<std::vector<ActorSave::ConnectionRow>>> load_connections(ActorId id) override {
    return inner_.load_connections(id);
  }
  Task<Result<std::optional<Bytes>>> load_row(Bytes key) override { return inner_.load_row(std::move(key)); }
  Task<Result<std::vector<StoreEntry>>> load_rows(keys::Range range, ScanOptions options) override {
    return inner_.load_rows(std::move(range), options);
  }
  std::unique_ptr<KeyValue> key_value(ActorId id, std::uint32_t generation) override {
    return inner_.key_value(id, generation);
  }
  std::unique_ptr<Database> database(ActorId id, std::uint32_t generation, Executor executor) override {
    return std::make_unique<SteppedDatabase>(steps_, inner_.database(id, generation, std::move(executor)));
  }
  Task<void> close_database(ActorId id, std::uint32_t generation) override {
    return inner_.close_database(id, generation);
  }
  void set_generation(ActorId id, std::uint32_t generation) override { inner_.set_generation(id, generation); }
  void forget_generation(ActorId id, std::uint32_t generation) override { inner_.forget_generation(id, generation); }
  void erase_all(ActorId id, WriteBatch& batch) override { inner_.erase_all(id, batch); }
  Task<void> remove_files(ActorId id) override { return inner_.remove_files(id); }

 private:
  ActorStore& inner_;
  std::shared_ptr<Steps> steps_;
};

}  // namespace troupe::test
