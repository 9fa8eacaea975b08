#include "engine/storage/sqlite/sqlite_statement.h"

#include <algorithm>

#include "engine/base/errors.h"

namespace troupe {
namespace {

/// Rough cost of one value in memory besides its bytes.
constexpr std::size_t kValueOverheadBytes = sizeof(SqlValue);

/// A pointer that is never null: SQLite takes null for NULL, even with length 0.
template <class Data>
const void* address_of(const Data& data) {
  return data.empty() ? static_cast<const void*>("") : static_cast<const void*>(data.data());
}

int bind_value(sqlite3_stmt* statement, int index, const SqlValue& value) {
  if (const auto* n = std::get_if<std::int64_t>(&value)) return sqlite3_bind_int64(statement, index, *n);
  if (const auto* d = std::get_if<double>(&value)) return sqlite3_bind_double(statement, index, *d);
  if (const auto* text = std::get_if<std::string>(&value)) {
    return sqlite3_bind_text64(statement, index, static_cast<const char*>(address_of(*text)), text->size(),
                               SQLITE_TRANSIENT, SQLITE_UTF8);
  }
  if (const auto* blob = std::get_if<Bytes>(&value)) {
    return sqlite3_bind_blob64(statement, index, address_of(*blob), blob->size(), SQLITE_TRANSIENT);
  }
  return sqlite3_bind_null(statement, index);
}

SqlValue column_value(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return static_cast<std::int64_t>(sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, column);
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
      return std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
    }
    case SQLITE_BLOB: {
      const auto* blob = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, column));
      return Bytes(blob, blob + sqlite3_column_bytes(statement, column));
    }
    default:
      return std::monostate();
  }
}

std::size_t size_of(const SqlValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return kValueOverheadBytes + text->size();
  if (const auto* blob = std::get_if<Bytes>(&value)) return kValueOverheadBytes + blob->size();
  return kValueOverheadBytes;
}

const SqlValue* find_named(const SqlParams& params, std::string_view name) {
  const auto matches = [&](const auto& param) { return param.first == name || param.first == name.substr(1); };
  const auto found = std::find_if(params.named.begin(), params.named.end(), matches);
  return found == params.named.end() ? nullptr : &found->second;
}

}  // namespace

Error sqlite_failure(std::string text) {
  std::string detail = text;
  return make_error("core", "internal_error", Value::object({{"error", std::move(text)}}), std::move(detail));
}

Error sqlite_failure(std::string_view doing, sqlite3* database) {
  std::string text(doing);
  text += ": ";
  text += sqlite3_errmsg(database);
  return sqlite_failure(std::move(text));
}

Result<void> bind_params(sqlite3* database, sqlite3_stmt* statement, const SqlParams& params) {
  constexpr std::string_view kDoing = "failed to bind sqlite parameter";
  int index = 0;
  for (const SqlValue& value : params.positional) {
    if (bind_value(statement, ++index, value) != SQLITE_OK) return sqlite_failure(kDoing, database);
  }
  if (params.named.empty()) return {};
  const int count = sqlite3_bind_parameter_count(statement);
  for (index = 1; index <= count; ++index) {
    const char* name = sqlite3_bind_parameter_name(statement, index);
    if (!name || name[0] == '?') continue;
    const SqlValue* value = find_named(params, name);
    if (!value) return sqlite_failure(std::string("missing bind parameter: ") + name);
    if (bind_value(statement, index, *value) != SQLITE_OK) return sqlite_failure(kDoing, database);
  }
  return {};
}

Result<SqlResult> step_to_end(sqlite3* database, sqlite3_stmt* statement, std::string_view doing) {
  SqlResult result;
  const std::int64_t changes_before = sqlite3_total_changes64(database);
  std::size_t bytes = 0;
  int code = sqlite3_step(statement);
  // After the first step: a cached statement learns of a changed schema there.
  const int columns = sqlite3_column_count(statement);
  for (int column = 0; column < columns; ++column) {
    const char* name = sqlite3_column_name(statement, column);
    result.columns.emplace_back(name ? name : "");
  }
  for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
    std::vector<SqlValue>& row = result.rows.emplace_back();
    row.reserve(static_cast<std::size_t>(columns));
    for (int column = 0; column < columns; ++column) {
      row.push_back(column_value(statement, column));
      bytes += size_of(row.back());
    }
    if (bytes > kSqlResultBytesMax) {
      return make_error("sqlite", "result_too_large", Value::object({{"limit", kSqlResultBytesMax}}));
    }
  }
  if (code != SQLITE_DONE) return sqlite_failure(doing, database);
  if (sqlite3_total_changes64(database) != changes_before) {
    result.changes = sqlite3_changes64(database);
    if (result.changes > 0) result.last_insert_rowid = sqlite3_last_insert_rowid(database);
  }
  return result;
}

}  // namespace troupe
