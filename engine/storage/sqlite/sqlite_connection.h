#pragma once

#include <filesystem>
#include <list>
#include <string>
#include <vector>

#include "engine/storage/open.h"
#include "engine/storage/sqlite/sqlite_statement.h"

namespace troupe {

/// The one connection to one database file. WAL with an exclusive lock: no other process gets in, and the WAL index
/// lives in this process. Closing writes the log back, so that the file alone is complete.
/// Threads: one at a time; `interrupt` from any. Blocks.
class SqliteConnection {
 public:
  /// Errors: `sqlite.unavailable` (damaged, no database, read-only, no space).
  static Result<std::unique_ptr<SqliteConnection>> open(const std::filesystem::path& path, DurabilityMode durability);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  /// As the calls of Database with the same names.
  Result<SqlResult> exec(const std::string& sql);
  Result<SqlResult> execute(const std::string& sql, const SqlParams& params);
  Result<std::vector<SqlResult>> execute_batch(const std::vector<SqlStatement>& statements);

  Result<void> begin() { return control("BEGIN"); }
  /// A commit that fails is rolled back. Errors: `sqlite.commit_undecided` when that is not certain.
  Result<void> commit();
  /// Nothing to do when SQLite has rolled back by itself.
  Result<void> rollback();

  bool in_transaction() const { return sqlite3_get_autocommit(database_) == 0; }
  /// Temporary objects or settings that closing would lose without anybody noticing.
  bool has_session_state() const { return has_session_state_; }
  /// The running statement, if any, fails soon.
  void interrupt() { sqlite3_interrupt(database_); }

 private:
  explicit SqliteConnection(sqlite3* database) : database_(database) {}

  struct Cached {
    std::string sql;
    SqliteStatement statement;
  };

  Result<void> configure(DurabilityMode durability);
  Result<void> control(const char* sql);
  /// Null for SQL without a statement (empty, comments).
  Result<SqliteStatement> prepare_single(const std::string& sql);
  SqliteStatement take_cached(const std::string& sql);
  void give_back(const std::string& sql, SqliteStatement statement);
  static int authorize(void* self, int action, const char* first, const char* second, const char* schema,
                       const char* trigger);

  sqlite3* const database_;
  /// Most recently used first.
  std::list<Cached> cache_;
  bool has_session_state_ = false;
};

}  // namespace troupe
