#include "troupe/value.h"

#include <cmath>
#include <limits>

namespace troupe {
namespace {

/// Numbers are equal by value, whichever alternative holds them.
bool equal_numbers(std::int64_t n, double d) {
  auto integral = Value(d).as_int();
  return integral && *integral == n;
}

bool equal_objects(const Value& a, const Value::Object& left, const Value& b, const Value::Object& right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i] == right[i]) continue;
    // The order of members does not matter.
    const auto* in_a = a.find(left[i].first);
    const auto* in_b = b.find(left[i].first);
    if (!in_b || !(*in_a == *in_b) || !a.find(right[i].first)) return false;
  }
  return true;
}

}  // namespace

Value::Value(unsigned long n) {
  if (n <= static_cast<unsigned long>(std::numeric_limits<std::int64_t>::max()))
    data_ = static_cast<std::int64_t>(n);
  else
    data_ = BigInt{std::to_string(n)};
}

std::optional<bool> Value::as_bool() const {
  if (const auto* b = get_if<bool>()) return *b;
  return std::nullopt;
}

std::optional<std::int64_t> Value::as_int() const {
  if (const auto* n = get_if<std::int64_t>()) return *n;
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (const auto* d = get_if<double>(); d && *d >= -kTwoTo63 && *d < kTwoTo63 && std::trunc(*d) == *d)
    return static_cast<std::int64_t>(*d);
  return std::nullopt;
}

std::optional<double> Value::as_double() const {
  if (const auto* d = get_if<double>()) return *d;
  if (const auto* n = get_if<std::int64_t>()) return static_cast<double>(*n);
  return std::nullopt;
}

std::optional<std::string_view> Value::as_string() const {
  if (const auto* text = get_if<std::string>()) return *text;
  return std::nullopt;
}

const Value* Value::find(std::string_view key) const {
  const auto* members = get_if<Object>();
  if (!members) return nullptr;
  // Of members with the same name the last one counts, as in JavaScript.
  for (auto it = members->rbegin(); it != members->rend(); ++it)
    if (it->first == key) return &it->second;
  return nullptr;
}

bool operator==(const Value& a, const Value& b) {
  if (a.data_.index() != b.data_.index()) {
    if (const auto* n = a.get_if<std::int64_t>(), *m = b.get_if<std::int64_t>(); n || m) {
      const auto* d = n ? b.get_if<double>() : a.get_if<double>();
      return d && equal_numbers(n ? *n : *m, *d);
    }
    return false;
  }
  return std::visit(
      [&](const auto& left) {
        using T = std::decay_t<decltype(left)>;
        const auto& right = std::get<T>(b.data_);
        if constexpr (std::is_same_v<T, Value::Object>)
          return equal_objects(a, left, b, right);
        else if constexpr (std::is_same_v<T, Value::Set>)
          return left.items == right.items;
        else if constexpr (std::is_same_v<T, Value::Tagged>)
          return left.tag == right.tag &&
                 (left.content == right.content || (left.content && right.content && *left.content == *right.content));
        else
          return left == right;
      },
      a.data_);
}

}  // namespace troupe
