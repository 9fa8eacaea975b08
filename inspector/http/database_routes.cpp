#include <algorithm>

#include "engine/base/codec/json.h"
#include "engine/base/errors.h"
#include "inspector/http/inspector_json.h"
#include "inspector/http/inspector_routes.h"

namespace troupe {
namespace {

constexpr std::uint64_t kRowsDefault = 100;
constexpr std::uint64_t kRowsMax = 500;

// A literal underscore, which LIKE would take for any character.
constexpr const char* kTables =
    "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND substr(name, 1, 7) <> 'sqlite_' "
    "AND substr(name, 1, 10) <> '__drizzle_' AND substr(name, 1, 8) <> '_troupe_' ORDER BY name";

std::string quoted(std::string_view identifier) {
  std::string out = "\"";
  for (const char c : identifier) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
  return out;
}

/// Appends the rows as objects by column name. Errors: `message.outgoing_too_long`.
Result<void> append_rows(std::string& out, const SqlResult& result, std::size_t bytes_max) {
  out += '[';
  bool first_row = true;
  for (const auto& row : result.rows) {
    if (!std::exchange(first_row, false)) out += ',';
    out += '{';
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out += ',';
      append_json_string(out, result.columns[i]);
      out += ':';
      append_plain_json(out, row[i]);
    }
    out += '}';
    if (out.size() > bytes_max) return make_error("message", "outgoing_too_long");
  }
  out += ']';
  return {};
}

Task<Result<void>> append_query(std::string& out, ActorInspection& actor, std::string sql, std::size_t bytes_max) {
  TROUPE_CO_TRY(const auto result, co_await actor.db().execute(std::move(sql)));
  co_return append_rows(out, result, bytes_max);
}

Task<Result<void>> append_table(std::string& out, ActorInspection& actor, std::string name, std::string type,
                                std::size_t bytes_max) {
  out += "{\"table\":{\"schema\":\"main\",\"name\":";
  append_json_string(out, name);
  out += ",\"type\":";
  append_json_string(out, type);
  out += "},\"columns\":";
  const std::string table = quoted(name);
  TROUPE_CO_CHECK(co_await append_query(out, actor, "PRAGMA table_info(" + table + ")", bytes_max));
  out += ",\"foreignKeys\":";
  TROUPE_CO_CHECK(co_await append_query(out, actor, "PRAGMA foreign_key_list(" + table + ")", bytes_max));
  TROUPE_CO_TRY(const auto count, co_await actor.db().execute("SELECT COUNT(*) FROM " + table));
  out += ",\"records\":";
  append_plain_json(out, count.rows.at(0).at(0));
  out += '}';
  co_return Result<void>();
}

Task<Result<std::string>> schema_json(ActorInspection& actor, std::size_t bytes_max) {
  TROUPE_CO_TRY(const auto tables, co_await actor.db().execute(kTables));
  std::string out = "{\"schema\":{\"tables\":[";
  bool first = true;
  for (const auto& row : tables.rows) {
    if (!std::exchange(first, false)) out += ',';
    auto name = std::get<std::string>(row[0]);
    auto type = std::get<std::string>(row[1]);
    TROUPE_CO_CHECK(co_await append_table(out, actor, std::move(name), std::move(type), bytes_max));
  }
  out += "]}}";
  co_return out;
}

/// The parameters of a statement, or why there are none.
std::variant<SqlParams, InspectorAnswer> parameters_of(const Value& body) {
  const Value* args = body.find("args");
  const Value* properties = body.find("properties");
  if (args && properties) return short_error("use either args or properties, not both");
  SqlParams params;
  if (args) {
    const auto* items = args->get_if<Value::Array>();
    if (!items) return short_error("args must be an array");
    for (const Value& item : *items) {
      auto value = to_sql_value(item);
      if (!value) return short_error("args must be null, booleans, numbers, strings or bytes");
      params.positional.push_back(*std::move(value));
    }
  }
  if (properties) {
    const auto* members = properties->get_if<Value::Object>();
    if (!members) return short_error("properties must be an object");
    for (const auto& [name, member] : *members) {
      auto value = to_sql_value(member);
      if (!value) return short_error("properties must be null, booleans, numbers, strings or bytes");
      params.named.emplace_back(name, *std::move(value));
    }
  }
  return params;
}

}  // namespace

Task<InspectorAnswer> inspect_database_schema(ActorInspection& actor, const InspectorRequest& request) {
  auto schema = co_await schema_json(actor, request.answer_bytes_max);
  if (!schema) co_return inspector_error(schema.error());
  co_return InspectorAnswer{200, *std::move(schema)};
}

Task<InspectorAnswer> inspect_database_rows(ActorInspection& actor, const InspectorRequest& request) {
  const auto table = query_value(request.target, "table");
  if (!table || table->empty()) co_return short_error("Missing required table query parameter");
  SqlParams window;
  const auto limit = std::min(query_number(request.target, "limit").value_or(kRowsDefault), kRowsMax);
  const auto offset = query_number(request.target, "offset").value_or(0);
  window.positional.emplace_back(static_cast<std::int64_t>(limit));
  window.positional.emplace_back(static_cast<std::int64_t>(std::min<std::uint64_t>(offset, INT64_MAX)));
  std::string sql = "SELECT * FROM " + quoted(*table) + " LIMIT ? OFFSET ?";
  auto rows = co_await actor.db().execute(std::move(sql), std::move(window));
  if (!rows) co_return inspector_error(rows.error());
  InspectorAnswer answer;
  answer.body = "{\"rows\":";
  auto written = append_rows(answer.body, *rows, request.answer_bytes_max);
  if (!written) co_return inspector_error(written.error());
  answer.body += '}';
  co_return answer;
}

Task<InspectorAnswer> execute_sql(ActorInspection& actor, const InspectorRequest& request) {
  const auto body = json_body(request);
  if (!body) co_return inspector_error(body.error());
  const Value* sql = body->find("sql");
  const auto text = sql ? sql->as_string() : std::nullopt;
  if (!text || text->empty()) co_return short_error("sql is required");
  auto parameters = parameters_of(*body);
  if (auto* refused = std::get_if<InspectorAnswer>(&parameters)) co_return std::move(*refused);
  std::string statement(*text);
  auto rows = co_await actor.db().execute(std::move(statement), std::get<SqlParams>(std::move(parameters)));
  if (!rows) co_return inspector_error(rows.error());
  InspectorAnswer answer;
  answer.body = "{\"rows\":";
  auto written = append_rows(answer.body, *rows, request.answer_bytes_max);
  if (!written) co_return inspector_error(written.error());
  answer.body += '}';
  co_return answer;
}

}  // namespace troupe
