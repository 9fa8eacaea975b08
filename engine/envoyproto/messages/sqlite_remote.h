#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/envoyproto/messages/sqlite_pages.h"

/// Statements that the engine runs for envoys without a database of their own.
namespace troupe::envoyproto {

struct SqliteNull {
  friend bool operator==(const SqliteNull&, const SqliteNull&) = default;
};

/// Parameters and column values: NULL, INTEGER, FLOAT, TEXT, BLOB.
using SqliteValue = std::variant<SqliteNull, std::int64_t, double, std::string, Bytes>;

struct SqliteExecRequest {
  /// The name of the namespace.
  std::string namespace_id;
  std::string actor_id;
  std::uint64_t generation = 0;
  std::string sql;
  friend bool operator==(const SqliteExecRequest&, const SqliteExecRequest&) = default;
};

struct SqliteExecuteRequest {
  /// The name of the namespace.
  std::string namespace_id;
  std::string actor_id;
  std::uint64_t generation = 0;
  std::string sql;
  std::optional<std::vector<SqliteValue>> params;
  friend bool operator==(const SqliteExecuteRequest&, const SqliteExecuteRequest&) = default;
};

struct SqliteBatchStatement {
  std::string sql;
  std::optional<std::vector<SqliteValue>> params;
  friend bool operator==(const SqliteBatchStatement&, const SqliteBatchStatement&) = default;
};

struct SqliteExecuteBatchRequest {
  /// The name of the namespace.
  std::string namespace_id;
  std::string actor_id;
  std::uint64_t generation = 0;
  std::vector<SqliteBatchStatement> statements;
  friend bool operator==(const SqliteExecuteBatchRequest&, const SqliteExecuteBatchRequest&) = default;
};

struct SqliteQueryResult {
  std::vector<std::string> columns;
  std::vector<std::vector<SqliteValue>> rows;
  friend bool operator==(const SqliteQueryResult&, const SqliteQueryResult&) = default;
};

struct SqliteExecuteResult {
  std::vector<std::string> columns;
  std::vector<std::vector<SqliteValue>> rows;
  std::int64_t changes = 0;
  std::optional<std::int64_t> last_insert_row_id;
  friend bool operator==(const SqliteExecuteResult&, const SqliteExecuteResult&) = default;
};

struct SqliteExecOk {
  SqliteQueryResult result;
  friend bool operator==(const SqliteExecOk&, const SqliteExecOk&) = default;
};

struct SqliteExecuteOk {
  SqliteExecuteResult result;
  friend bool operator==(const SqliteExecuteOk&, const SqliteExecuteOk&) = default;
};

struct SqliteExecuteBatchOk {
  std::vector<SqliteExecuteResult> results;
  friend bool operator==(const SqliteExecuteBatchOk&, const SqliteExecuteBatchOk&) = default;
};

using SqliteExecResponse = std::variant<SqliteExecOk, SqliteErrorResponse>;
using SqliteExecuteResponse = std::variant<SqliteExecuteOk, SqliteErrorResponse>;
using SqliteExecuteBatchResponse = std::variant<SqliteExecuteBatchOk, SqliteErrorResponse>;

}  // namespace troupe::envoyproto
