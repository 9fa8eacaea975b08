#include "engine/storage/sqlite/sqlite_file.h"

#include <algorithm>

#include "engine/base/errors.h"
#include "engine/storage/sqlite/sqlite_files.h"

namespace troupe {
namespace {

using End = SqlTransactionState::End;

/// Steps that one job does before it lets others have the thread.
constexpr int kStepsPerJob = 32;

Error expired_error(Millis timeout) {
  return make_error("sqlite", "transaction_expired",
                    Value::object({{"timeout_ms", static_cast<std::int64_t>(timeout.count())}}));
}

Error ended_error(const SqlTransactionState& transaction, End end) {
  switch (end) {
    case End::expired:
      return expired_error(transaction.timeout);
    case End::closed:
      return make_error("sqlite", "transaction_closed");
    case End::committed:
      return make_error("sqlite", "transaction_terminal", Value::object({{"state", "committed"}}));
    default:
      return make_error("sqlite", "transaction_terminal", Value::object({{"state", "rolled back"}}));
  }
}

}  // namespace

SqliteFile::SqliteFile(std::weak_ptr<SqliteFiles> files, std::shared_ptr<SqliteShared> shared, ActorId id,
                       std::filesystem::path path)
    : files_(std::move(files)), shared_(std::move(shared)), id_(id), path_(std::move(path)) {}

// -- sessions
// -----------------------------------------------------------------------------------------------------------

std::shared_ptr<SqlSession> SqliteFile::open_session(std::uint32_t generation) {
  Operations failed;
  auto session = std::make_shared<SqlSession>();
  session->generation = generation;
  {
    std::lock_guard lock(mutex_);
    session->closed = abandoned_;
    std::erase_if(sessions_, [&](const auto& other) {
      if (other->generation >= generation) return false;
      end_session(*other, failed);
      return true;
    });
    if (!abandoned_) sessions_.push_back(session);
    // A close that has not happened yet is overtaken: the new session needs the connection.
    close_wanted_ = false;
    start_job();
  }
  fail_all(std::move(failed), make_error("actor", "fenced"));
  return session;
}

void SqliteFile::end_session(SqlSession& session, Operations& failed) {
  session.closed = true;
  const auto is_other = [&](const auto& operation) { return operation->session.get() != &session; };
  const auto gone = std::stable_partition(queue_.begin(), queue_.end(), is_other);
  std::move(gone, queue_.end(), std::back_inserter(failed));
  queue_.erase(gone, queue_.end());
  if (transaction_ && transaction_->session.get() == &session && transaction_->ending == End::none) {
    transaction_->ending = End::closed;
    move_all(transaction_->queue, failed);
  }
}

void SqliteFile::close_session(const std::shared_ptr<SqlSession>& session, std::optional<Closed> closed) {
  Operations failed;
  bool in_transaction = false;
  {
    std::lock_guard lock(mutex_);
    if (std::erase(sessions_, session) > 0) {
      in_transaction = transaction_.has_value();
      end_session(*session, failed);
      close_wanted_ = sessions_.empty();
    }
    if (closed && (abandoned_ || (!running_ && !has_work()))) {
      closed->post({});
    } else if (closed) {
      closed_waiters_.push_back(std::move(*closed));
    }
    if (running_) guard_against_runaway();
    start_job();
  }
  fail_all(std::move(failed), make_error("sqlite", in_transaction ? "transaction_closed" : "closed"));
}

void SqliteFile::close_generation(std::uint32_t generation, Closed closed) {
  std::shared_ptr<SqlSession> session;
  {
    std::lock_guard lock(mutex_);
    const auto found = std::find_if(sessions_.begin(), sessions_.end(),
                                    [&](const auto& other) { return other->generation == generation; });
    if (found != sessions_.end()) session = *found;
  }
  if (!session) return closed.post({});
  close_session(session, std::move(closed));
}

void SqliteFile::close_all(Closed closed) {
  Operations failed;
  {
    std::lock_guard lock(mutex_);
    for (const auto& session : sessions_) end_session(*session, failed);
    sessions_.clear();
    close_wanted_ = true;
    if (abandoned_ || (!running_ && !has_work())) {
      closed.post({});
    } else {
      closed_waiters_.push_back(std::move(closed));
    }
    if (running_) guard_against_runaway();
    start_job();
  }
  fail_all(std::move(failed), make_error("sqlite", "closed"));
}

// -- operations
// ---------------------------------------------------------------------------------------------------------

void SqliteFile::submit(std::unique_ptr<SqlOperation> operation) {
  std::optional<Error> error;
  {
    std::lock_guard lock(mutex_);
    const bool inside = operation->transaction && operation->kind != SqlOperation::Kind::begin;
    const bool is_open = !abandoned_ && !operation->session->closed;
    if (!inside) {
      if (!is_open) {
        error = make_error("sqlite", "closed");
      } else if (queue_.size() >= kSqlParkedMax) {
        error = make_error("sqlite", "transaction_queue_full");
      } else {
        queue_.push_back(std::move(operation));
      }
    } else if (!is_open || !transaction_ || transaction_->state != operation->transaction) {
      const End end = operation->transaction->end;
      error = ended_error(*operation->transaction, end == End::none ? End::closed : end);
    } else if (transaction_->ending != End::none) {
      error = ended_error(*operation->transaction, transaction_->ending);
    } else if (transaction_->queue.size() >= kSqlParkedMax) {
      error = make_error("sqlite", "transaction_queue_full");
    } else {
      transaction_->queue.push_back(std::move(operation));
    }
    start_job();
  }
  if (error) operation->fail(std::move(*error));
}

void SqliteFile::drop(const std::shared_ptr<SqlTransactionState>& transaction) {
  Operations failed;
  {
    std::lock_guard lock(mutex_);
    if (transaction->end != End::none) return;
    if (!transaction_ || transaction_->state != transaction) {
      // Its BEGIN has not run or has failed; it must not open a transaction that nobody holds.
      transaction->end = End::rolled_back;
      return;
    }
    if (transaction_->ending == End::none) transaction_->ending = End::rolled_back;
    move_all(transaction_->queue, failed);
    start_job();
  }
  fail_all(std::move(failed), ended_error(*transaction, End::rolled_back));
}

// -- the job
// ------------------------------------------------------------------------------------------------------------

bool SqliteFile::has_work() const {
  if (transaction_) return transaction_->ending != End::none || !transaction_->queue.empty();
  return !queue_.empty() || (close_wanted_ && connection_);
}

void SqliteFile::start_job() {
  if (running_ || abandoned_ || !has_work()) return;
  running_ = true;
  boost::asio::post(shared_->ports.storage, [self = shared_from_this()] { self->run_job(); });
}

void SqliteFile::run_job() {
  // Once the gate is closed, `abandon` takes over.
  const JobGate::Pass pass(shared_->gate);
  if (!pass) return;
  for (int step = 0; step < kStepsPerJob; ++step) {
    if (!run_step()) return;
  }
  boost::asio::post(shared_->ports.storage, [self = shared_from_this()] { self->run_job(); });
}

bool SqliteFile::run_step() {
  Lock lock(mutex_);
  if (transaction_ && transaction_->ending != End::none) {
    roll_back_ending(std::move(lock));
    return true;
  }
  auto& queue = transaction_ ? transaction_->queue : queue_;
  if (!queue.empty()) {
    std::unique_ptr<SqlOperation> operation = std::move(queue.front());
    queue.pop_front();
    ++serial_;
    lock.unlock();
    run_operation(std::move(operation));
    return true;
  }
  if (close_wanted_ && connection_) {
    close_connection(std::move(lock));
    return true;
  }
  running_ = false;
  const bool is_open = connection_ != nullptr;
  std::vector<Closed> waiters = std::exchange(closed_waiters_, {});
  lock.unlock();
  for (Closed& waiter : waiters) waiter.post({});
  if (const auto files = files_.lock(); files && is_open) files->used(this);
  return false;
}

void SqliteFile::run_operation(std::unique_ptr<SqlOperation> operation) {
  // A newer generation may have been started since the call was made.
  Result<void> allowed = shared_->fences->check(id_, operation->session->generation);
  if (allowed) allowed = ensure_open();
  if (!allowed) return operation->fail(std::move(allowed).error());

  const bool succeeded = operation->run(*connection_);
  settle(*operation, succeeded);
  // After the bookkeeping: the caller's next call must find the transaction as this one left it.
  operation->answer();
}

Result<void> SqliteFile::ensure_open() {
  if (connection_) return {};
  const auto files = files_.lock();
  if (!files) return make_error("sqlite", "closed");
  TROUPE_TRY(auto connection, files->open_connection(shared_from_this()));
  std::lock_guard lock(mutex_);
  connection_ = std::move(connection);
  return {};
}

void SqliteFile::settle(const SqlOperation& operation, bool succeeded) {
  std::lock_guard lock(mutex_);
  switch (operation.kind) {
    case SqlOperation::Kind::begin:
      if (succeeded) begin_transaction(operation);
      return;
    case SqlOperation::Kind::commit:
    case SqlOperation::Kind::rollback:
      if (!connection_->in_transaction()) {
        end_transaction(succeeded && operation.kind == SqlOperation::Kind::commit ? End::committed : End::rolled_back);
      } else if (transaction_->ending == End::none) {
        transaction_->ending = End::rolled_back;
      }
      return;
    case SqlOperation::Kind::statement:
      // SQLite or the statement itself has ended the transaction; what comes next must not run outside of it.
      if (operation.transaction && !connection_->in_transaction()) end_transaction(End::rolled_back);
      return;
  }
}

void SqliteFile::begin_transaction(const SqlOperation& operation) {
  Transaction& opened = transaction_.emplace();
  opened.state = operation.transaction;
  opened.session = operation.session;
  if (operation.session->closed) opened.ending = End::closed;
  if (operation.transaction->end != End::none) opened.ending = operation.transaction->end;
  opened.expiry = DelayedJob::make(shared_->ports, [weak = weak_from_this(), state = operation.transaction] {
    if (const auto file = weak.lock()) file->expire(state);
  });
  opened.expiry->request(operation.transaction->timeout);
}

void SqliteFile::end_transaction(End end) {
  if (!transaction_) return;
  transaction_->state->end = end;
  transaction_->expiry->close();
  Operations failed;
  move_all(transaction_->queue, failed);
  const Error error = ended_error(*transaction_->state, end);
  transaction_.reset();
  fail_all(std::move(failed), error);
}

void SqliteFile::roll_back_ending(Lock lock) {
  lock.unlock();
  const Result<void> rolled_back = connection_ ? connection_->rollback() : Result<void>();
  lock.lock();
  end_transaction(transaction_->ending);
  if (rolled_back || !connection_->in_transaction()) return;
  // Closing rolls back for certain. The actor's next call gets a fresh connection.
  close_connection(std::move(lock));
}

void SqliteFile::close_connection(Lock lock) {
  std::unique_ptr<SqliteConnection> closing = std::move(connection_);
  lock.unlock();
  closing.reset();
  if (const auto files = files_.lock()) files->closed(this);
}

// -- time and the end
// ---------------------------------------------------------------------------------------------------

void SqliteFile::expire(const std::shared_ptr<SqlTransactionState>& transaction) {
  Operations failed;
  {
    std::lock_guard lock(mutex_);
    if (!transaction_ || transaction_->state != transaction || transaction_->ending != End::none) return;
    transaction_->ending = End::expired;
    // Whatever waits was most likely waiting because of a deadlock: it fails too, and is not run late.
    move_all(transaction_->queue, failed);
    move_all(queue_, failed);
    if (running_) guard_against_runaway();
    start_job();
  }
  fail_all(std::move(failed), expired_error(transaction->timeout));
}

void SqliteFile::guard_against_runaway() {
  if (!runaway_guard_) {
    runaway_guard_ = DelayedJob::make(shared_->ports, [weak = weak_from_this()] {
      if (const auto file = weak.lock()) file->interrupt_runaway();
    });
  }
  guarded_serial_ = serial_;
  guarded_since_ = shared_->ports.clock.monotonic();
  runaway_guard_->request(kSqlRunawayGrace);
}

void SqliteFile::interrupt_runaway() {
  std::lock_guard lock(mutex_);
  if (!running_ || serial_ != guarded_serial_) return;
  const auto waited = std::chrono::floor<Millis>(shared_->ports.clock.monotonic() - guarded_since_);
  if (waited < kSqlRunawayGrace) return runaway_guard_->request(kSqlRunawayGrace - waited);
  // An interrupt before the operation has come to its statement is lost, so another one follows.
  if (connection_) connection_->interrupt();
  runaway_guard_->request(kSqlRunawayGrace);
}

bool SqliteFile::close_if_idle() {
  Lock lock(mutex_);
  if (!connection_ || running_ || abandoned_ || has_work() || transaction_) return false;
  if (connection_->has_session_state() || connection_->in_transaction()) return false;
  running_ = true;
  close_connection(std::move(lock));
  lock = Lock(mutex_);
  running_ = false;
  std::vector<Closed> waiters = std::exchange(closed_waiters_, {});
  start_job();
  lock.unlock();
  for (Closed& waiter : waiters) waiter.post({});
  return true;
}

void SqliteFile::abandon() {
  Operations failed;
  std::vector<Closed> waiters;
  std::unique_ptr<SqliteConnection> closing;
  {
    std::lock_guard lock(mutex_);
    abandoned_ = true;
    for (const auto& session : sessions_) session->closed = true;
    sessions_.clear();
    move_all(queue_, failed);
    if (transaction_) end_transaction(End::closed);
    waiters = std::exchange(closed_waiters_, {});
    closing = std::move(connection_);
  }
  closing.reset();
  fail_all(std::move(failed), make_error("sqlite", "closed"));
  for (Closed& waiter : waiters) waiter.post({});
}

void SqliteFile::move_all(std::deque<std::unique_ptr<SqlOperation>>& from, Operations& to) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
  from.clear();
}

void SqliteFile::fail_all(Operations operations, const Error& error) {
  for (auto& operation : operations) operation->fail(error);
}

}  // namespace troupe
