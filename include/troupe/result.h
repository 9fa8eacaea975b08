#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>
#include <exception>

#include "troupe/error.h"

namespace troupe {

/// Thrown only when `value()` is called on a failed Result: a bug of the caller.
class BadResult : public std::exception {
 public:
  explicit BadResult(Error error) : error_(std::move(error)), what_(error_.id() + ": " + error_.message()) {}
  const Error& error() const { return error_; }
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  Error error_;
  std::string what_;
};

[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw BadResult(error);
}

/// A value or an Error. `std::expected` needs C++23; this alias is the one place to change.
template <class T = void>
using Result = boost::system::result<T, Error>;

/// A lazily started coroutine, run by the executor that awaits or spawns it.
template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace troupe

/// Evaluates `expr` (a Result), returns its error from the enclosing function or continues with the value.
#define TROUPE_CONCAT_IMPL(a, b) a##b
#define TROUPE_CONCAT(a, b) TROUPE_CONCAT_IMPL(a, b)
#define TROUPE_TRY_IMPL(tmp, decl, expr)   \
  auto tmp = (expr);                       \
  if (!tmp) return std::move(tmp).error(); \
  decl = std::move(tmp).value()
#define TROUPE_TRY(decl, expr) TROUPE_TRY_IMPL(TROUPE_CONCAT(troupe_try_, __LINE__), decl, expr)
#define TROUPE_CHECK(expr)                                                                       \
  do {                                                                                           \
    if (auto troupe_checked = (expr); !troupe_checked) return std::move(troupe_checked).error(); \
  } while (false)
/// The same inside a coroutine: `expr` may contain `co_await`.
#define TROUPE_CO_TRY_IMPL(tmp, decl, expr)   \
  auto tmp = (expr);                          \
  if (!tmp) co_return std::move(tmp).error(); \
  decl = std::move(tmp).value()
#define TROUPE_CO_TRY(decl, expr) TROUPE_CO_TRY_IMPL(TROUPE_CONCAT(troupe_try_, __LINE__), decl, expr)
#define TROUPE_CO_CHECK_IMPL(tmp, expr) \
  auto tmp = (expr);                    \
  if (!tmp) co_return std::move(tmp).error()
#define TROUPE_CO_CHECK(expr) TROUPE_CO_CHECK_IMPL(TROUPE_CONCAT(troupe_try_, __LINE__), expr)
