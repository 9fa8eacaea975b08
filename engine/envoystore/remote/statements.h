#pragma once

#include <string>
#include <vector>

#include "engine/envoyproto/messages/sqlite_remote.h"
#include "engine/storage/pages/sqlite/page_connection.h"

/// Statements as envoys send them. Errors: `core.internal_error` whose detail says what failed and what SQLite says,
/// `sqlite.result_too_large`. Threads and blocking as PageConnection.
namespace troupe::remote {

/// Texts and blobs by their length, numbers as 8.
inline constexpr std::size_t kParamBytesMax = 131'072;
/// Rows of one answer.
inline constexpr std::size_t kResultBytesMax = 16u << 20;

/// Any number of statements; the rows of the last one that has columns.
Result<envoyproto::SqliteQueryResult> exec(PageConnection& connection, const std::string& sql);
/// One statement.
Result<envoyproto::SqliteExecuteResult> execute(PageConnection& connection,
                                                const envoyproto::SqliteBatchStatement& one);
/// All or none, in a transaction of its own.
Result<std::vector<envoyproto::SqliteExecuteResult>> execute_batch(
    PageConnection& connection, const std::vector<envoyproto::SqliteBatchStatement>& statements);

}  // namespace troupe::remote
