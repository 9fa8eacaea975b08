#pragma once

#include <sqlite3.h>

#include <memory>
#include <string_view>

#include "troupe/database.h"

namespace troupe {

/// One answer may not hold more than this: an actor must not take the daemon's memory.
inline constexpr std::size_t kSqlResultBytesMax = 64u << 20;

struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using SqliteStatement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

/// `core.internal_error` with metadata {error}: the chain "what was done: what SQLite says".
Error sqlite_failure(std::string text);
Error sqlite_failure(std::string_view doing, sqlite3* database);

/// Binds all parameters of a statement without bindings. Parameters without a value stay NULL, a named one is an
/// error when `params` names any.
Result<void> bind_params(sqlite3* database, sqlite3_stmt* statement, const SqlParams& params);

/// Runs a bound statement to its end. `doing` opens the chain of an error. Errors: `core.internal_error`,
/// `sqlite.result_too_large`.
Result<SqlResult> step_to_end(sqlite3* database, sqlite3_stmt* statement, std::string_view doing);

}  // namespace troupe
