#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "troupe/bytes.h"
#include "troupe/result.h"

namespace troupe {

/// NULL, INTEGER, REAL, TEXT, BLOB: exact both ways.
using SqlValue = std::variant<std::monostate, std::int64_t, double, std::string, Bytes>;

/// Positional parameters, or named ones (`:n`, `@n`, `$n`; a bare name matches any prefix).
struct SqlParams {
  std::vector<SqlValue> positional;
  std::vector<std::pair<std::string, SqlValue>> named;
};

struct SqlStatement {
  std::string sql;
  SqlParams params;
};

struct SqlResult {
  std::vector<std::string> columns;
  std::vector<std::vector<SqlValue>> rows;
  std::int64_t changes = 0;
  std::int64_t last_insert_rowid = 0;
};

/// An open transaction: every other statement of the actor waits until it ends. Dropping it rolls back.
/// Errors: `sqlite.transaction_expired`, `sqlite.transaction_terminal`, `sqlite.transaction_closed`; of `commit` also
/// `sqlite.commit_undecided`: the disk failed, and whether it was committed is known after a restart at the earliest.
class SqlTransaction {
 public:
  virtual ~SqlTransaction() = default;
  virtual Task<Result<SqlResult>> execute(std::string sql, SqlParams params = {}) = 0;
  virtual Task<Result<void>> commit() = 0;
  virtual Task<Result<void>> rollback() = 0;
};

/// An actor's own SQLite database. Opened by the first call. Threads: the actor's executor only.
/// SQL failures are `core.internal_error` with metadata `{error}`; clients see the masked text.
/// Durability: a statement that returned is as durable as the daemon's `durability` setting says.
class Database {
 public:
  virtual ~Database() = default;
  /// Any number of statements without parameters; the rows of the last one that produced any.
  virtual Task<Result<SqlResult>> exec(std::string sql) = 0;
  /// One statement; several are an error.
  virtual Task<Result<SqlResult>> execute(std::string sql, SqlParams params = {}) = 0;
  /// All statements or none, results in order.
  virtual Task<Result<std::vector<SqlResult>>> execute_batch(std::vector<SqlStatement> statements) = 0;
  /// Waits for its turn; the transaction rolls back by itself after `timeout` (default 60 s).
  virtual Task<Result<std::shared_ptr<SqlTransaction>>> begin(
      std::chrono::milliseconds timeout = std::chrono::seconds(60)) = 0;
};

}  // namespace troupe
