#include "troupe/sql.h"

#include <cmath>

#include "engine/base/errors.h"

namespace troupe {
namespace detail {

namespace {

[[noreturn]] void wrong_type(std::string_view wanted, const SqlValue& got) {
  static constexpr std::string_view kNames[] = {"NULL", "INTEGER", "REAL", "TEXT", "BLOB"};
  auto text = "the column is " + std::string(kNames[got.index()]) + ", not " + std::string(wanted);
  throw BadResult(make_error("core", "internal_error", std::nullopt, std::move(text)));
}

}  // namespace

SqlValue to_sql(std::nullptr_t) { return {}; }
SqlValue to_sql(std::string_view text) { return std::string(text); }
SqlValue to_sql(const Bytes& bytes) { return bytes; }
SqlValue to_sql(double number) { return number; }
SqlValue to_sql(std::int64_t number) { return number; }

void from_sql(const SqlValue& from, std::string& to) {
  if (const auto* text = std::get_if<std::string>(&from))
    to = *text;
  else
    wrong_type("TEXT", from);
}

void from_sql(const SqlValue& from, Bytes& to) {
  if (const auto* bytes = std::get_if<Bytes>(&from))
    to = *bytes;
  else
    wrong_type("BLOB", from);
}

void from_sql(const SqlValue& from, double& to) {
  if (const auto* real = std::get_if<double>(&from))
    to = *real;
  else if (const auto* integer = std::get_if<std::int64_t>(&from))
    to = static_cast<double>(*integer);
  else
    wrong_type("a number", from);
}

void from_sql(const SqlValue& from, bool& to) { to = integer_from_sql(from, INT64_MIN, INT64_MAX) != 0; }

void from_sql(const SqlValue& from, SqlValue& to) { to = from; }

std::int64_t integer_from_sql(const SqlValue& from, std::int64_t min, std::int64_t max) {
  const auto* n = std::get_if<std::int64_t>(&from);
  if (!n) wrong_type("INTEGER", from);
  if (*n < min || *n > max) wrong_type("an INTEGER of this size", from);
  return *n;
}

void require_columns(const SqlResult& result, std::size_t count) {
  if (result.columns.size() >= count) return;
  auto text = "the query returned " + std::to_string(result.columns.size()) + " columns, not " + std::to_string(count);
  throw BadResult(make_error("core", "internal_error", std::nullopt, std::move(text)));
}

}  // namespace detail

namespace {

Task<Result<void>> without_rows(Task<Result<SqlResult>> running) {
  auto result = co_await std::move(running);
  if (!result) co_return std::move(result).error();
  co_return Result<void>();
}

}  // namespace

Task<Result<void>> Sql::exec(std::string sql) const { return without_rows(raw().exec(std::move(sql))); }

}  // namespace troupe
