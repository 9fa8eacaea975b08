#include "engine/storage/sqlite/sqlite_database.h"

#include "engine/base/errors.h"

namespace troupe {
namespace {

using Kind = SqlOperation::Kind;

struct Session {
  std::shared_ptr<SqliteFile> file;
  std::shared_ptr<SqlSession> session;
};

class Transaction final : public SqlTransaction {
 public:
  Transaction(Session session, std::shared_ptr<SqlTransactionState> state)
      : session_(std::move(session)), state_(std::move(state)) {}
  ~Transaction() override { session_.file->drop(state_); }

  Task<Result<SqlResult>> execute(std::string sql, SqlParams params) override {
    auto run = [sql = std::move(sql), params = std::move(params)](SqliteConnection& connection) {
      return connection.execute(sql, params);
    };
    return call<SqlResult>(Kind::statement, std::move(run));
  }
  Task<Result<void>> commit() override {
    return call<void>(Kind::commit, [](SqliteConnection& connection) { return connection.commit(); });
  }
  Task<Result<void>> rollback() override {
    return call<void>(Kind::rollback, [](SqliteConnection& connection) { return connection.rollback(); });
  }

 private:
  template <class T, class Fn>
  Task<Result<T>> call(Kind kind, Fn fn) {
    return call_sqlite<T>(session_.file, kind, session_.session, state_, std::move(fn));
  }

  const Session session_;
  const std::shared_ptr<SqlTransactionState> state_;
};

Task<Result<std::shared_ptr<SqlTransaction>>> begin_transaction(Session session, Millis timeout) {
  if (timeout <= Millis(0)) {
    co_return make_error("sqlite", "transaction_invalid_argument",
                         Value::object({{"message", "transaction timeout must be greater than zero"}}));
  }
  auto state = std::make_shared<SqlTransactionState>();
  state->timeout = timeout;
  // Before the BEGIN: whatever happens to this coroutine, the handle's end rolls back.
  std::shared_ptr<SqlTransaction> handle = std::make_shared<Transaction>(session, state);
  auto run = [](SqliteConnection& connection) { return connection.begin(); };
  TROUPE_CO_CHECK(co_await call_sqlite<void>(session.file, Kind::begin, session.session, state, std::move(run)));
  co_return handle;
}

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(Session session) : session_(std::move(session)) {}
  ~SqliteDatabase() override { session_.file->close_session(session_.session, std::nullopt); }

  Task<Result<SqlResult>> exec(std::string sql) override {
    return call<SqlResult>([sql = std::move(sql)](SqliteConnection& connection) { return connection.exec(sql); });
  }
  Task<Result<SqlResult>> execute(std::string sql, SqlParams params) override {
    return call<SqlResult>([sql = std::move(sql), params = std::move(params)](SqliteConnection& connection) {
      return connection.execute(sql, params);
    });
  }
  Task<Result<std::vector<SqlResult>>> execute_batch(std::vector<SqlStatement> statements) override {
    return call<std::vector<SqlResult>>([statements = std::move(statements)](SqliteConnection& connection) {
      return connection.execute_batch(statements);
    });
  }
  Task<Result<std::shared_ptr<SqlTransaction>>> begin(Millis timeout) override {
    return begin_transaction(session_, timeout);
  }

 private:
  template <class T, class Fn>
  Task<Result<T>> call(Fn fn) {
    return call_sqlite<T>(session_.file, Kind::statement, session_.session, nullptr, std::move(fn));
  }

  const Session session_;
};

}  // namespace

std::unique_ptr<Database> make_sqlite_database(std::shared_ptr<SqliteFile> file, std::uint32_t generation) {
  auto session = file->open_session(generation);
  return std::make_unique<SqliteDatabase>(Session{std::move(file), std::move(session)});
}

}  // namespace troupe
