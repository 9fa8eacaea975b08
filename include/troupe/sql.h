#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "troupe/detail/instance.h"

/// An actor's SQLite database with C++ types: parameters are bound by position, rows become structs with TROUPE_FIELDS
/// (by column name), tuples (by position) or single values (first column).
namespace troupe {

namespace detail {

SqlValue to_sql(std::nullptr_t);
SqlValue to_sql(std::string_view text);
SqlValue to_sql(const Bytes& bytes);
SqlValue to_sql(double number);
SqlValue to_sql(std::int64_t number);
template <std::integral T>
SqlValue to_sql(T number) {
  return to_sql(static_cast<std::int64_t>(number));
}
template <class T>
SqlValue to_sql(const std::optional<T>& value) {
  return value ? to_sql(*value) : SqlValue();
}
template <std::same_as<SqlValue> T>
SqlValue to_sql(const T& value) {
  return value;
}

/// Throws BadResult (`core.internal_error`) when the column has another type.
void from_sql(const SqlValue& from, std::string& to);
void from_sql(const SqlValue& from, Bytes& to);
void from_sql(const SqlValue& from, double& to);
void from_sql(const SqlValue& from, bool& to);
void from_sql(const SqlValue& from, SqlValue& to);
std::int64_t integer_from_sql(const SqlValue& from, std::int64_t min, std::int64_t max);
template <PlainInteger T>
void from_sql(const SqlValue& from, T& to) {
  constexpr auto kMax = sizeof(T) == 8 ? std::numeric_limits<std::int64_t>::max()
                                       : static_cast<std::int64_t>(std::numeric_limits<T>::max());
  to = static_cast<T>(integer_from_sql(from, static_cast<std::int64_t>(std::numeric_limits<T>::min()), kMax));
}
template <class T>
void from_sql(const SqlValue& from, std::optional<T>& to) {
  if (std::holds_alternative<std::monostate>(from))
    to.reset();
  else
    from_sql(from, to.emplace());
}

void require_columns(const SqlResult& result, std::size_t count);

template <class Row>
struct RowReader {
  explicit RowReader(const SqlResult& result) { require_columns(result, 1); }
  void read(const std::vector<SqlValue>& columns, Row& row) const { from_sql(columns[0], row); }
};

template <class... T>
struct RowReader<std::tuple<T...>> {
  explicit RowReader(const SqlResult& result) { require_columns(result, sizeof...(T)); }
  void read(const std::vector<SqlValue>& columns, std::tuple<T...>& row) const {
    std::size_t index = 0;
    std::apply([&](auto&... value) { (from_sql(columns[index++], value), ...); }, row);
  }
};

template <HasFields Row>
struct RowReader<Row> {
  static constexpr std::size_t kAbsent = SIZE_MAX;
  std::array<std::size_t, kFieldCount<Row>> column_of;

  explicit RowReader(const SqlResult& result) {
    constexpr auto kNames = field_names<Row>();
    column_of.fill(kAbsent);
    for (std::size_t field = 0; field < kNames.size(); ++field)
      for (std::size_t column = 0; column < result.columns.size(); ++column)
        if (result.columns[column] == kNames[field]) column_of[field] = column;
  }
  void read(const std::vector<SqlValue>& columns, Row& row) const {
    std::size_t field = 0;
    auto assign = [&](auto& member) {
      if (const auto column = column_of[field++]; column != kAbsent) from_sql(columns[column], member);
    };
    std::apply([&](auto&... member) { (assign(member), ...); }, row.troupe_fields());
  }
};

template <class Row>
Result<std::vector<Row>> read_rows(const SqlResult& result) {
  try {
    std::vector<Row> rows;
    rows.reserve(result.rows.size());
    if (result.rows.empty()) return rows;
    const RowReader<Row> reader(result);
    for (const auto& columns : result.rows) reader.read(columns, rows.emplace_back());
    return rows;
  } catch (const BadResult& bad) {
    return bad.error();
  }
}

}  // namespace detail

/// Parameters by position.
template <class... B>
SqlParams sql_params(const B&... binds) {
  SqlParams params;
  params.positional.reserve(sizeof...(B));
  (params.positional.push_back(detail::to_sql(binds)), ...);
  return params;
}
inline SqlParams sql_params(SqlParams params) { return params; }

template <class... B>
SqlStatement sql_statement(std::string sql, const B&... binds) {
  return {std::move(sql), sql_params(binds...)};
}

/// What a database and a transaction have in common: one statement at a time.
class SqlRunner {
 public:
  virtual ~SqlRunner() = default;

  template <class... B>
  Task<Result<SqlResult>> execute(std::string sql, const B&... binds) const {
    return run(std::move(sql), sql_params(binds...));
  }
  template <class Row, class... B>
  Task<Result<std::vector<Row>>> query(std::string sql, const B&... binds) const {
    return all<Row>(run(std::move(sql), sql_params(binds...)));
  }
  /// The first row, if any.
  template <class Row, class... B>
  Task<Result<std::optional<Row>>> first(std::string sql, const B&... binds) const {
    return one<Row>(run(std::move(sql), sql_params(binds...)));
  }
  /// The first row; an error when there is none.
  template <class Row, class... B>
  Task<Result<Row>> single(std::string sql, const B&... binds) const {
    return must<Row>(run(std::move(sql), sql_params(binds...)));
  }

 private:
  virtual Task<Result<SqlResult>> run(std::string sql, SqlParams params) const = 0;

  template <class Row>
  static Task<Result<std::vector<Row>>> all(Task<Result<SqlResult>> running) {
    auto result = co_await std::move(running);
    if (!result) co_return std::move(result).error();
    co_return detail::read_rows<Row>(*result);
  }
  template <class Row>
  static Task<Result<std::optional<Row>>> one(Task<Result<SqlResult>> running) {
    auto result = co_await std::move(running);
    if (!result) co_return std::move(result).error();
    if (result->rows.size() > 1) result->rows.resize(1);
    auto rows = detail::read_rows<Row>(*result);
    if (!rows) co_return std::move(rows).error();
    if (rows->empty()) co_return std::optional<Row>();
    co_return std::optional<Row>(std::move(rows->front()));
  }
  template <class Row>
  static Task<Result<Row>> must(Task<Result<SqlResult>> running) {
    auto row = co_await one<Row>(std::move(running));
    if (!row) co_return std::move(row).error();
    if (!*row) co_return internal_error("the query returned no row");
    co_return std::move(**row);
  }
};

/// Statements of an open transaction.
class SqlTransactionRunner final : public SqlRunner {
 public:
  explicit SqlTransactionRunner(std::shared_ptr<SqlTransaction> transaction) : transaction_(std::move(transaction)) {}

 private:
  Task<Result<SqlResult>> run(std::string sql, SqlParams params) const final {
    return transaction_->execute(std::move(sql), std::move(params));
  }
  std::shared_ptr<SqlTransaction> transaction_;
};

/// The actor's own database. Durability and errors: Database. Threads: the actor's executor only.
class Sql final : public SqlRunner {
 public:
  explicit Sql(detail::Instance& instance) : instance_(&instance) {}

  /// Any number of statements without parameters.
  Task<Result<void>> exec(std::string sql) const;
  /// All or none.
  Task<Result<std::vector<SqlResult>>> batch(std::vector<SqlStatement> statements) const {
    return raw().execute_batch(std::move(statements));
  }
  /// Runs `body(SqlTransactionRunner&)`, a coroutine that returns Task<Result<T>>; commits when it succeeds, rolls back
  /// on an error or exception. Inside, use the transaction only: the database itself waits for its end.
  template <class F>
  auto transaction(F body) const -> std::invoke_result_t<F&, const SqlTransactionRunner&> {
    return within(std::move(body), raw().begin());
  }

  Database& raw() const {
    instance_->before_wait();
    return instance_->context().db();
  }

 private:
  Task<Result<SqlResult>> run(std::string sql, SqlParams params) const final {
    return raw().execute(std::move(sql), std::move(params));
  }

  template <class F>
  static auto within(F body, Task<Result<std::shared_ptr<SqlTransaction>>> begin)
      -> std::invoke_result_t<F&, const SqlTransactionRunner&> {
    using Outcome = typename std::invoke_result_t<F&, const SqlTransactionRunner&>::value_type;
    auto begun = co_await std::move(begin);
    if (!begun) co_return std::move(begun).error();
    const auto transaction = *begun;
    const SqlTransactionRunner runner(transaction);
    std::optional<Outcome> outcome;
    try {
      auto result = co_await body(runner);
      outcome.emplace(std::move(result));
    } catch (...) {
      outcome.emplace(error_of_current_exception());
    }
    if (!*outcome) {
      (void)co_await transaction->rollback();
      co_return std::move(*outcome);
    }
    auto committed = co_await transaction->commit();
    if (!committed) co_return std::move(committed).error();
    co_return std::move(*outcome);
  }

  detail::Instance* instance_;
};

}  // namespace troupe
