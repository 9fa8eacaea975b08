#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "troupe/bytes.h"

namespace troupe {

class Value;

struct Undefined {
  friend bool operator==(Undefined, Undefined) = default;
};
struct Null {
  friend bool operator==(Null, Null) = default;
};
/// An integer of any size, as the decimal text JavaScript prints ("-12"); written `["$BigInt","-12"]`.
struct BigInt {
  std::string decimal;
  friend bool operator==(const BigInt&, const BigInt&) = default;
};
/// A JavaScript ArrayBuffer; plain `Bytes` stand for a Uint8Array.
struct ArrayBuffer {
  Bytes data;
  friend bool operator==(const ArrayBuffer&, const ArrayBuffer&) = default;
};

/// A dynamic value of the kind that travels between actors and their clients: what JSON has, plus the JavaScript
/// types of the JSON-compat encoding. A value type; copies are deep.
///
/// Numbers: an integral number is held as `std::int64_t` when it fits, everything else as `double`; `as_double()`
/// reads both. Objects keep the order of insertion and have text keys.
class Value {
 public:
  using Array = std::vector<Value>;
  using Member = std::pair<std::string, Value>;
  using Object = std::vector<Member>;
  /// A JavaScript Set.
  struct Set {
    Array items;
  };
  /// A CBOR tag that has no JSON form (1 = Date as seconds, 259 = Map, RFC 8746 typed arrays).
  struct Tagged {
    std::uint64_t tag = 0;
    std::shared_ptr<const Value> content;
  };
  using Variant = std::variant<Undefined, Null, bool, std::int64_t, double, std::string, Bytes, Array, Object, BigInt,
                               ArrayBuffer, Set, Tagged>;

  Value() : data_(Null{}) {}
  Value(Undefined) : data_(Undefined{}) {}
  Value(Null) : data_(Null{}) {}
  Value(std::nullptr_t) : data_(Null{}) {}
  Value(bool b) : data_(b) {}
  Value(int n) : data_(std::int64_t{n}) {}
  Value(unsigned n) : data_(std::int64_t{n}) {}
  Value(long n) : data_(std::int64_t{n}) {}
  Value(long long n) : data_(std::int64_t{n}) {}
  /// Above INT64_MAX the value becomes a BigInt.
  Value(unsigned long n);
  Value(unsigned long long n) : Value(static_cast<unsigned long>(n)) {}
  Value(double d) : data_(d) {}
  Value(const char* text) : data_(std::string(text)) {}
  Value(std::string_view text) : data_(std::string(text)) {}
  Value(std::string text) : data_(std::move(text)) {}
  Value(Bytes bytes) : data_(std::move(bytes)) {}
  Value(Array items) : data_(std::move(items)) {}
  Value(Object members) : data_(std::move(members)) {}
  Value(BigInt n) : data_(std::move(n)) {}
  Value(ArrayBuffer b) : data_(std::move(b)) {}
  Value(Set s) : data_(std::move(s)) {}
  Value(Tagged t) : data_(std::move(t)) {}

  static Value object(std::initializer_list<Member> members) { return Value(Object(members)); }
  static Value array(std::initializer_list<Value> items) { return Value(Array(items)); }

  const Variant& variant() const { return data_; }

  bool is_undefined() const { return std::holds_alternative<Undefined>(data_); }
  bool is_null() const { return std::holds_alternative<Null>(data_); }
  bool is_object() const { return std::holds_alternative<Object>(data_); }
  bool is_array() const { return std::holds_alternative<Array>(data_); }
  bool is_string() const { return std::holds_alternative<std::string>(data_); }

  /// The held alternative, or nullptr.
  template <class T>
  const T* get_if() const {
    return std::get_if<T>(&data_);
  }
  template <class T>
  T* get_if() {
    return std::get_if<T>(&data_);
  }

  std::optional<bool> as_bool() const;
  /// Integers, and doubles with an integral value that fits.
  std::optional<std::int64_t> as_int() const;
  std::optional<double> as_double() const;
  std::optional<std::string_view> as_string() const;

  /// Member of an object; nullptr when this is no object or has no such member.
  const Value* find(std::string_view key) const;

  friend bool operator==(const Value& a, const Value& b);

 private:
  Variant data_;
};

}  // namespace troupe
