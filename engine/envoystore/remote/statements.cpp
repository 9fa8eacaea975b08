#include "engine/envoystore/remote/statements.h"

#include "engine/base/codec/utf8.h"
#include "engine/base/errors.h"
#include "engine/storage/sqlite/sqlite_statement.h"

namespace troupe::remote {
namespace {

using namespace envoyproto;

using Row = std::vector<SqliteValue>;

/// Cost of one value in memory besides its bytes.
constexpr std::size_t kValueOverheadBytes = sizeof(SqliteValue);

struct Rows {
  std::vector<std::string> columns;
  std::vector<Row> rows;
};

Error failure(const char* doing, PageConnection& connection) {
  // A read from the page store that failed says more than "disk I/O error".
  if (connection.file().failure()) return *connection.file().failure();
  return sqlite_failure(doing, connection.database());
}

std::size_t size_of(const SqliteValue& value) {
  if (std::holds_alternative<SqliteNull>(value)) return 0;
  if (const auto* text = std::get_if<std::string>(&value)) return text->size();
  if (const auto* blob = std::get_if<Bytes>(&value)) return blob->size();
  return 8;
}

int bind(sqlite3_stmt* statement, int index, const SqliteValue& value) {
  if (const auto* n = std::get_if<std::int64_t>(&value)) return sqlite3_bind_int64(statement, index, *n);
  if (const auto* d = std::get_if<double>(&value)) return sqlite3_bind_double(statement, index, *d);
  if (const auto* text = std::get_if<std::string>(&value)) {
    return sqlite3_bind_text64(statement, index, text->c_str(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  }
  if (const auto* blob = std::get_if<Bytes>(&value)) {
    // A null pointer would be NULL, not an empty blob.
    if (blob->empty()) return sqlite3_bind_zeroblob(statement, index, 0);
    return sqlite3_bind_blob64(statement, index, blob->data(), blob->size(), SQLITE_TRANSIENT);
  }
  return sqlite3_bind_null(statement, index);
}

SqliteValue value_of(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return static_cast<std::int64_t>(sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, column);
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
      return to_valid_utf8({text, static_cast<std::size_t>(sqlite3_column_bytes(statement, column))});
    }
    case SQLITE_BLOB: {
      const auto* blob = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, column));
      return Bytes(blob, blob + sqlite3_column_bytes(statement, column));
    }
    default:
      return SqliteNull();
  }
}

/// `bytes` counts what the whole answer holds so far.
Result<Rows> step_all(PageConnection& connection, sqlite3_stmt* statement, const char* doing, std::size_t& bytes) {
  Rows result;
  const int columns = sqlite3_column_count(statement);
  for (int column = 0; column < columns; ++column) {
    const char* name = sqlite3_column_name(statement, column);
    result.columns.push_back(to_valid_utf8(name ? name : ""));
  }
  int code = sqlite3_step(statement);
  for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
    Row& row = result.rows.emplace_back();
    row.reserve(static_cast<std::size_t>(columns));
    for (int column = 0; column < columns; ++column) {
      row.push_back(value_of(statement, column));
      bytes += kValueOverheadBytes + size_of(row.back());
    }
    if (bytes > kResultBytesMax) {
      return make_error("sqlite", "result_too_large", Value::object({{"limit", kResultBytesMax}}));
    }
  }
  if (code != SQLITE_DONE) return failure(doing, connection);
  return result;
}

Result<SqliteStatement> prepare(PageConnection& connection, const char* sql, const char** tail, const char* doing) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v2(connection.database(), sql, -1, &raw, tail);
  SqliteStatement statement(raw);
  if (code != SQLITE_OK) return failure(doing, connection);
  return statement;
}

Result<void> check_text(const std::string& sql) {
  if (sql.find('\0') != std::string::npos) return sqlite_failure("sqlite statement contains a NUL character");
  return {};
}

/// Comments and blanks prepare to nothing; anything else is one statement too many, valid or not.
Result<void> check_single(PageConnection& connection, const char* rest) {
  while (*rest != '\0') {
    sqlite3_stmt* raw = nullptr;
    const bool is_bad = sqlite3_prepare_v2(connection.database(), rest, -1, &raw, &rest) != SQLITE_OK;
    const SqliteStatement second(raw);
    if (is_bad || second) return sqlite_failure("sqlite execute only supports a single statement");
  }
  return {};
}

Result<void> bind_all(PageConnection& connection, sqlite3_stmt* statement, const std::vector<SqliteValue>& params) {
  std::size_t bytes = 0;
  for (const SqliteValue& param : params) bytes += size_of(param);
  if (bytes > kParamBytesMax) {
    return sqlite_failure("remote sqlite bind params had " + std::to_string(bytes) + " bytes, exceeding limit " +
                          std::to_string(kParamBytesMax));
  }
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (bind(statement, static_cast<int>(i) + 1, params[i]) != SQLITE_OK) {
      return failure("failed to bind sqlite parameter", connection);
    }
  }
  return {};
}

Result<void> control(PageConnection& connection, const char* sql) {
  if (sqlite3_exec(connection.database(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return failure("failed to step sqlite execute statement", connection);
}

/// The same error with text before what it says.
Error prefixed(const char* prefix, const Error& error) {
  if (!error.is("core", "internal_error")) return error;
  return sqlite_failure(prefix + error.detail());
}

Result<SqliteExecuteResult> execute_one(PageConnection& connection, const SqliteBatchStatement& one,
                                        std::size_t& bytes) {
  TROUPE_CHECK(check_text(one.sql));
  const char* tail = nullptr;
  TROUPE_TRY(const SqliteStatement statement,
             prepare(connection, one.sql.c_str(), &tail, "failed to prepare sqlite execute statement"));
  TROUPE_CHECK(check_single(connection, tail));
  SqliteExecuteResult result;
  if (!statement) return result;
  if (one.params) TROUPE_CHECK(bind_all(connection, statement.get(), *one.params));
  TROUPE_TRY(Rows rows, step_all(connection, statement.get(), "failed to step sqlite execute statement", bytes));
  result.columns = std::move(rows.columns);
  result.rows = std::move(rows.rows);
  result.changes = sqlite3_changes64(connection.database());
  if (const auto rowid = sqlite3_last_insert_rowid(connection.database()); rowid != 0) {
    result.last_insert_row_id = rowid;
  }
  return result;
}

}  // namespace

Result<SqliteQueryResult> exec(PageConnection& connection, const std::string& sql) {
  TROUPE_CHECK(check_text(sql));
  SqliteQueryResult last;
  const char* rest = sql.c_str();
  while (*rest != '\0') {
    TROUPE_TRY(const SqliteStatement statement,
               prepare(connection, rest, &rest, "failed to prepare sqlite exec statement"));
    if (!statement) continue;
    std::size_t bytes = 0;
    TROUPE_TRY(Rows result, step_all(connection, statement.get(), "failed to step sqlite exec statement", bytes));
    if (result.columns.empty()) continue;
    last.columns = std::move(result.columns);
    last.rows = std::move(result.rows);
  }
  return last;
}

Result<SqliteExecuteResult> execute(PageConnection& connection, const SqliteBatchStatement& one) {
  std::size_t bytes = 0;
  return execute_one(connection, one, bytes);
}

Result<std::vector<SqliteExecuteResult>> execute_batch(PageConnection& connection,
                                                       const std::vector<SqliteBatchStatement>& statements) {
  constexpr const char* kStatement = "execute remote sqlite batch statement: ";
  constexpr const char* kCommit = "commit remote sqlite batch: ";
  std::vector<SqliteExecuteResult> results;
  if (statements.empty()) return results;
  if (auto begun = control(connection, "BEGIN"); !begun) {
    return prefixed("begin remote sqlite batch: ", begun.error());
  }
  std::optional<Error> error;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < statements.size() && !error; ++i) {
    auto result = execute_one(connection, statements[i], bytes);
    if (result) {
      results.push_back(*std::move(result));
    } else {
      error = prefixed(kStatement, result.error());
    }
  }
  if (!error) {
    if (auto committed = control(connection, "COMMIT"); !committed) error = prefixed(kCommit, committed.error());
  }
  if (!error) return results;
  // Some errors have rolled back already.
  if (connection.in_transaction()) TROUPE_CHECK(control(connection, "ROLLBACK"));
  return *std::move(error);
}

}  // namespace troupe::remote
