#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/base/async.h"
#include "engine/base/id.h"
#include "engine/storage/actors/generation_fences.h"
#include "engine/storage/job_gate.h"
#include "engine/storage/rocks/delayed_job.h"
#include "engine/storage/sqlite/sqlite_connection.h"

namespace troupe {

class SqliteFiles;

/// Operations of one actor that may wait at a time, and as many inside its open transaction.
inline constexpr std::size_t kSqlParkedMax = 128;
/// A statement that still runs this long after its transaction expired or its database was closed is interrupted.
inline constexpr Millis kSqlRunawayGrace{5'000};

/// What all files share. Lifetime: shared by the files and their jobs.
struct SqliteShared {
  Ports ports;
  DurabilityMode durability = DurabilityMode::sync;
  std::shared_ptr<const GenerationFences> fences;
  std::shared_ptr<JobGate> gate = std::make_shared<JobGate>();
};

/// One generation's use of a file; the members are guarded by the file.
struct SqlSession {
  std::uint32_t generation = 0;
  bool closed = false;
};

/// One transaction as its handle knows it; the members are guarded by the file.
struct SqlTransactionState {
  enum class End { none, committed, rolled_back, expired, closed };
  Millis timeout{0};
  End end = End::none;
};

/// One call on the connection, and the coroutine that waits for it.
class SqlOperation {
 public:
  enum class Kind { statement, begin, commit, rollback };

  SqlOperation(Kind op_kind, std::shared_ptr<SqlSession> op_session,
               std::shared_ptr<SqlTransactionState> op_transaction)
      : kind(op_kind), session(std::move(op_session)), transaction(std::move(op_transaction)) {}
  virtual ~SqlOperation() = default;
  /// On the storage pool. Whether it succeeded.
  virtual bool run(SqliteConnection& connection) = 0;
  /// Gives the result of `run` to the caller.
  virtual void answer() = 0;
  /// Instead of `run` and `answer`.
  virtual void fail(Error error) = 0;

  const Kind kind;
  const std::shared_ptr<SqlSession> session;
  /// The transaction that it opens, ends or is part of. Null: none.
  const std::shared_ptr<SqlTransactionState> transaction;
};

/// An actor's database file: the one connection to it and the order of the calls on it.
///
/// Calls run one at a time, in order of arrival. While a transaction is open only its own calls run and everything
/// else waits. A job on the storage pool exists exactly while there is something to do (`running_`); it alone touches
/// the connection. What cannot be done under the mutex (rolling back, closing) is noted and done by that job.
/// Threads: any. Bound: kSqlParkedMax. Lifetime: shared; kept by SqliteFiles while open.
class SqliteFile : public std::enable_shared_from_this<SqliteFile> {
 public:
  SqliteFile(std::weak_ptr<SqliteFiles> files, std::shared_ptr<SqliteShared> shared, ActorId id,
             std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }

  /// Ends the sessions of older generations.
  std::shared_ptr<SqlSession> open_session(std::uint32_t generation);
  using Closed = Continuation<Done>;
  /// Fails what waits, lets the running statement end, rolls back, and closes the file when no session is left.
  /// Null: the current one of `generation`, when there is one.
  void close_session(const std::shared_ptr<SqlSession>& session, std::optional<Closed> closed);
  void close_generation(std::uint32_t generation, Closed closed);
  /// All sessions, for good.
  void close_all(Closed closed);

  void submit(std::unique_ptr<SqlOperation> operation);
  /// The handle is gone: rolls back unless the transaction has ended.
  void drop(const std::shared_ptr<SqlTransactionState>& transaction);

  /// Closes the file unless it is in use or closing it would lose something. Blocks.
  bool close_if_idle();
  /// After the gate was closed: fails everything and closes. Blocks.
  void abandon();

 private:
  struct Transaction {
    std::shared_ptr<SqlTransactionState> state;
    std::shared_ptr<SqlSession> session;
    std::deque<std::unique_ptr<SqlOperation>> queue;
    std::shared_ptr<DelayedJob> expiry;
    /// Set: to be rolled back, for this reason.
    SqlTransactionState::End ending = SqlTransactionState::End::none;
  };
  using Operations = std::vector<std::unique_ptr<SqlOperation>>;
  using Lock = std::unique_lock<std::mutex>;

  bool has_work() const;
  /// Starts the job if there is work for one.
  void start_job();
  void run_job();
  /// One step of the job; false when there is nothing left to do.
  bool run_step();
  void run_operation(std::unique_ptr<SqlOperation> operation);
  Result<void> ensure_open();
  void settle(const SqlOperation& operation, bool succeeded);
  void begin_transaction(const SqlOperation& operation);
  void roll_back_ending(Lock lock);
  void close_connection(Lock lock);
  void end_transaction(SqlTransactionState::End end);
  void end_session(SqlSession& session, Operations& failed);
  void expire(const std::shared_ptr<SqlTransactionState>& transaction);
  /// Gives the running operation kSqlRunawayGrace to end.
  void guard_against_runaway();
  void interrupt_runaway();
  static void move_all(std::deque<std::unique_ptr<SqlOperation>>& from, Operations& to);
  static void fail_all(Operations operations, const Error& error);

  const std::weak_ptr<SqliteFiles> files_;
  const std::shared_ptr<SqliteShared> shared_;
  const ActorId id_;
  const std::filesystem::path path_;

  std::mutex mutex_;
  /// Written by whoever set `running_`, under the mutex.
  std::unique_ptr<SqliteConnection> connection_;
  bool running_ = false;
  /// Counts operations, so that the runaway guard knows the one it was set for.
  std::uint64_t serial_ = 0;
  std::uint64_t guarded_serial_ = 0;
  std::chrono::nanoseconds guarded_since_{0};
  std::shared_ptr<DelayedJob> runaway_guard_;
  std::deque<std::unique_ptr<SqlOperation>> queue_;
  std::optional<Transaction> transaction_;
  std::vector<std::shared_ptr<SqlSession>> sessions_;
  bool abandoned_ = false;
  /// The last session has gone: close the connection.
  bool close_wanted_ = false;
  std::vector<Closed> closed_waiters_;
};

template <class T, class Fn>
class TypedSqlOperation final : public SqlOperation {
 public:
  TypedSqlOperation(Kind op_kind, std::shared_ptr<SqlSession> op_session,
                    std::shared_ptr<SqlTransactionState> op_transaction, Fn fn, Continuation<Result<T>> done)
      : SqlOperation(op_kind, std::move(op_session), std::move(op_transaction)),
        fn_(std::move(fn)),
        done_(std::move(done)) {}

  bool run(SqliteConnection& connection) override {
    result_.emplace(fn_(connection));
    return result_->has_value();
  }
  void answer() override { done_.post(std::move(*result_)); }
  void fail(Error error) override { done_.post(std::move(error)); }

 private:
  Fn fn_;
  Continuation<Result<T>> done_;
  std::optional<Result<T>> result_;
};

/// Has `fn(SqliteConnection&)`, which returns Result<T>, run in its turn.
template <class T, class Fn>
Task<Result<T>> call_sqlite(std::shared_ptr<SqliteFile> file, SqlOperation::Kind kind,
                            std::shared_ptr<SqlSession> session, std::shared_ptr<SqlTransactionState> transaction,
                            Fn fn) {
  auto start = [file = std::move(file), kind, session = std::move(session), transaction = std::move(transaction),
                fn = std::move(fn)](Continuation<Result<T>> done) mutable {
    file->submit(std::make_unique<TypedSqlOperation<T, Fn>>(kind, std::move(session), std::move(transaction),
                                                            std::move(fn), std::move(done)));
  };
  return suspend<Result<T>>(std::move(start));
}

}  // namespace troupe
