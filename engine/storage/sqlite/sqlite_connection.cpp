#include "engine/storage/sqlite/sqlite_connection.h"

#include <strings.h>

#include <algorithm>
#include <array>

#include "engine/base/errors.h"

namespace troupe {
namespace {

constexpr std::size_t kCachedStatementsMax = 8;
constexpr std::size_t kCachedSqlBytesMax = 4u << 10;
/// Per connection; there are many.
constexpr int kLookasideSlotBytes = 128;
constexpr int kLookasideSlots = 64;
constexpr std::size_t kSqlBytesMax = 1u << 30;

bool equal(const char* text, const char* other) { return text && ::strcasecmp(text, other) == 0; }

/// Settings of these end up in the file, or are none.
bool is_lasting_pragma(const char* name) {
  constexpr std::array kNames{"application_id",   "user_version",      "table_info",  "table_xinfo",
                              "table_list",       "index_info",        "index_list",  "index_xinfo",
                              "foreign_key_list", "foreign_key_check", "optimize",    "integrity_check",
                              "quick_check",      "wal_checkpoint",    "journal_mode"};
  return std::any_of(kNames.begin(), kNames.end(), [&](const char* known) { return equal(name, known); });
}

Error open_failure(const std::filesystem::path& path, std::string_view text) {
  return make_error("sqlite", "unavailable", std::nullopt, "cannot open " + path.string() + ": " + std::string(text));
}

Result<void> check_text(const std::string& sql) {
  if (sql.find('\0') != std::string::npos) return sqlite_failure("sqlite statement contains a NUL character");
  if (sql.size() > kSqlBytesMax) return sqlite_failure("sqlite statement is too long");
  return {};
}

}  // namespace

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const std::filesystem::path& path,
                                                                 DurabilityMode durability) {
  sqlite3* database = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &database, kFlags, nullptr);
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(database));
  if (code != SQLITE_OK) return open_failure(path, database ? sqlite3_errmsg(database) : "out of memory");
  if (sqlite3_db_readonly(database, "main") == 1) return open_failure(path, "the file is read-only");
  if (auto configured = connection->configure(durability); !configured) {
    return open_failure(path, configured.error().detail());
  }
  return connection;
}

SqliteConnection::~SqliteConnection() {
  cache_.clear();
  sqlite3_close_v2(database_);
}

Result<void> SqliteConnection::configure(DurabilityMode durability) {
  sqlite3_db_config(database_, SQLITE_DBCONFIG_LOOKASIDE, nullptr, kLookasideSlotBytes, kLookasideSlots);
  // The locking mode comes first: WAL then never makes a shared index.
  TROUPE_CHECK(control("PRAGMA locking_mode = EXCLUSIVE"));
  TROUPE_TRY(const SqlResult mode, exec("PRAGMA journal_mode = WAL"));
  const bool is_wal = !mode.rows.empty() && mode.rows[0].size() == 1 && mode.rows[0][0] == SqlValue(std::string("wal"));
  if (!is_wal) return sqlite_failure("the file cannot be put into WAL mode");
  TROUPE_CHECK(
      control(durability == DurabilityMode::sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"));
  TROUPE_CHECK(control("PRAGMA foreign_keys = ON"));
  TROUPE_CHECK(control("PRAGMA recursive_triggers = ON"));
  TROUPE_CHECK(control("PRAGMA temp_store = MEMORY"));
  TROUPE_CHECK(control("PRAGMA cache_size = -512"));
  // Reads the schema: a damaged file shows here and not in the middle of an action.
  TROUPE_CHECK(exec("SELECT count(*) FROM sqlite_schema"));
  sqlite3_set_authorizer(database_, &SqliteConnection::authorize, this);
  return {};
}

int SqliteConnection::authorize(void* self, int action, const char* first, const char* second, const char*,
                                const char*) {
  auto* connection = static_cast<SqliteConnection*>(self);
  switch (action) {
    case SQLITE_ATTACH:
      // VACUUM attaches a nameless file; a named one may belong to another actor, which has its own connection.
      return first && *first == '\0' ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_PRAGMA:
      // WAL is what makes a commit durable with one sync, and the exclusive lock what keeps other processes out.
      if (second && equal(first, "journal_mode") && !equal(second, "wal")) return SQLITE_IGNORE;
      if (second && equal(first, "locking_mode")) return SQLITE_IGNORE;
      if (second && !is_lasting_pragma(first)) connection->has_session_state_ = true;
      return SQLITE_OK;
    case SQLITE_CREATE_TEMP_INDEX:
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_CREATE_TEMP_VIEW:
      connection->has_session_state_ = true;
      return SQLITE_OK;
    default:
      return SQLITE_OK;
  }
}

Result<void> SqliteConnection::control(const char* sql) {
  if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return sqlite_failure("failed to step sqlite execute statement", database_);
}

Result<void> SqliteConnection::commit() {
  Result<void> result = control("COMMIT");
  if (result) return result;
  if (in_transaction()) {
    TROUPE_CHECK(rollback());
    return result;
  }
  // It failed while the log was written. What was written may be whole, and found after a crash.
  return make_error("sqlite", "commit_undecided", std::nullopt, result.error().detail());
}

Result<void> SqliteConnection::rollback() {
  if (!in_transaction()) return {};
  return control("ROLLBACK");
}

Result<SqlResult> SqliteConnection::exec(const std::string& sql) {
  TROUPE_CHECK(check_text(sql));
  SqlResult last;
  const std::int64_t changes_before = sqlite3_total_changes64(database_);
  const char* rest = sql.c_str();
  while (*rest != '\0') {
    sqlite3_stmt* raw = nullptr;
    const char* tail = nullptr;
    const int code = sqlite3_prepare_v2(database_, rest, -1, &raw, &tail);
    const SqliteStatement statement(raw);
    if (code != SQLITE_OK) return sqlite_failure("failed to prepare sqlite exec statement", database_);
    rest = tail;
    if (!statement) continue;
    TROUPE_TRY(SqlResult result, step_to_end(database_, statement.get(), "failed to step sqlite exec statement"));
    if (!result.columns.empty()) {
      last.columns = std::move(result.columns);
      last.rows = std::move(result.rows);
    }
    if (result.changes > 0) last.last_insert_rowid = result.last_insert_rowid;
  }
  last.changes = sqlite3_total_changes64(database_) - changes_before;
  return last;
}

Result<SqlResult> SqliteConnection::execute(const std::string& sql, const SqlParams& params) {
  TROUPE_TRY(SqliteStatement statement, prepare_single(sql));
  if (!statement) return SqlResult();
  Result<SqlResult> result = [&]() -> Result<SqlResult> {
    TROUPE_CHECK(bind_params(database_, statement.get(), params));
    return step_to_end(database_, statement.get(), "failed to step sqlite execute statement");
  }();
  give_back(sql, std::move(statement));
  return result;
}

Result<SqliteStatement> SqliteConnection::prepare_single(const std::string& sql) {
  if (SqliteStatement cached = take_cached(sql)) return cached;
  TROUPE_CHECK(check_text(sql));
  sqlite3_stmt* raw = nullptr;
  const char* tail = nullptr;
  const int code = sqlite3_prepare_v2(database_, sql.c_str(), -1, &raw, &tail);
  SqliteStatement statement(raw);
  if (code != SQLITE_OK) return sqlite_failure("failed to prepare sqlite execute statement", database_);
  while (*tail != '\0') {
    // Comments and blanks prepare to nothing; anything else is one statement too many, valid or not.
    const char* rest = tail;
    const bool bad = sqlite3_prepare_v2(database_, rest, -1, &raw, &tail) != SQLITE_OK;
    const SqliteStatement second(raw);
    if (bad || second) {
      return sqlite_failure("sqlite execute only supports a single statement");
    }
  }
  return statement;
}

SqliteStatement SqliteConnection::take_cached(const std::string& sql) {
  const auto found =
      std::find_if(cache_.begin(), cache_.end(), [&](const Cached& cached) { return cached.sql == sql; });
  if (found == cache_.end()) return nullptr;
  SqliteStatement statement = std::move(found->statement);
  cache_.erase(found);
  return statement;
}

void SqliteConnection::give_back(const std::string& sql, SqliteStatement statement) {
  sqlite3_reset(statement.get());
  sqlite3_clear_bindings(statement.get());
  if (sql.size() > kCachedSqlBytesMax) return;
  cache_.push_front({sql, std::move(statement)});
  if (cache_.size() > kCachedStatementsMax) cache_.pop_back();
}

Result<std::vector<SqlResult>> SqliteConnection::execute_batch(const std::vector<SqlStatement>& statements) {
  const bool nested = in_transaction();
  TROUPE_CHECK(control("SAVEPOINT _troupe_batch"));
  std::vector<SqlResult> results;
  Result<void> outcome;
  for (std::size_t i = 0; i < statements.size() && outcome; ++i) {
    Result<SqlResult> result = execute(statements[i].sql, statements[i].params);
    if (result) {
      results.push_back(std::move(*result));
    } else {
      outcome = std::move(result).error();
    }
  }
  if (outcome) outcome = control("RELEASE _troupe_batch");
  if (outcome) return results;
  if (!nested) {
    TROUPE_CHECK(rollback());
  } else if (in_transaction()) {
    TROUPE_CHECK(control("ROLLBACK TO _troupe_batch"));
    TROUPE_CHECK(control("RELEASE _troupe_batch"));
  }
  return outcome.error();
}

}  // namespace troupe
