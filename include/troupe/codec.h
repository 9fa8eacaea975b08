#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "troupe/cbor.h"
#include "troupe/fields.h"

/// C++ types to CBOR and back: bool, integers, floating point, text, Bytes (Uint8Array), optional (null), vector,
/// array, tuple, pair, maps with text keys, enums (their number), structs with TROUPE_FIELDS, Value and Raw. Other
/// types specialise `Codec`.
namespace troupe {

/// An item as CBOR, passed on as it is; empty bytes are undefined.
struct Raw {
  Bytes cbor;
  friend bool operator==(const Raw&, const Raw&) = default;
};

/// How a type travels. `read` fills a default-constructed object. A type that also stands for a missing argument has
/// `static constexpr bool kAcceptsMissing = true`.
template <class T>
struct Codec;

template <class T>
inline constexpr bool kAcceptsMissing = requires {
  requires Codec<T>::kAcceptsMissing;
};

/// Writes typed items to a buffer. Lifetime: borrows the buffer.
class Encoder {
 public:
  explicit Encoder(Bytes& out) : out_(out), cbor_(out) {}

  CborWriter& cbor() { return cbor_; }

  template <class T>
  void write(const T& value) {
    Codec<T>::write(*this, value);
  }
  /// An array whose items are written by `item(index)`; escapes a pair that JavaScript would take for a special value.
  template <class F>
  void array(std::size_t size, F&& item) {
    cbor_.array(size);
    for (std::size_t i = 0; i < size; ++i) {
      const auto start = out_.size();
      item(i);
      if (i == 0 && size == 2) escape_text_at(start);
    }
  }
  template <class... T>
  void tuple(const T&... items) {
    cbor_.array(sizeof...(T));
    [[maybe_unused]] const auto start = out_.size();
    [[maybe_unused]] std::size_t index = 0;
    (write_tuple_item(items, index++, sizeof...(T), start), ...);
  }

 private:
  template <class T>
  void write_tuple_item(const T& item, std::size_t index, std::size_t size, std::size_t start) {
    write(item);
    if (index == 0 && size == 2) escape_text_at(start);
  }
  void escape_text_at(std::size_t start);

  Bytes& out_;
  CborWriter cbor_;
};

/// Reads typed items. The first failure sticks and is described with its place (`user.tags[2]: expected text, got
/// null`). Lifetime: borrows the buffer. Bounds: CborLimits, also for the depth of recursive types.
class Decoder {
 public:
  explicit Decoder(BytesView in) : cbor_(in) {}

  CborReader& cbor() { return cbor_; }
  bool ok() const { return !failed_ && cbor_.ok(); }
  /// Place and reason of the failure.
  std::string problem() const;

  template <class T>
  void read(T& out) {
    Codec<T>::read(*this, out);
  }

  /// The next item is not what the type needs.
  void expected(std::string_view what);
  /// The same about an item that has been consumed.
  void expected_before(std::string_view what) { mismatch(what, {}); }
  /// Nothing after a failure.
  std::optional<std::size_t> open_array();
  std::optional<std::size_t> open_map();

  /// Item `index` of an array of `size`. `lenient`: a first text with a single `$` is taken as it is.
  template <class T>
  void item(std::size_t index, std::size_t size, T& out, bool lenient = false) {
    if (!enter()) return;
    std::optional<Bytes> unescaped;
    if (index == 0 && size == 2) unescaped = take_escaped_text(lenient);
    if (unescaped) {
      Decoder inner{BytesView(*unescaped)};
      inner.read(out);
      if (!inner.ok()) adopt(inner);
    } else if (ok()) {
      read(out);
    }
    leave_item(index);
  }
  template <class T>
  void member(std::string_view name, T& out) {
    if (!enter()) return;
    if (kAcceptsMissing<T> || !take_undefined()) read(out);
    leave_member(name);
  }

 private:
  bool enter();
  void leave_item(std::size_t index);
  void leave_member(std::string_view name);
  bool take_undefined();
  std::optional<Bytes> take_escaped_text(bool lenient);
  void adopt(const Decoder& inner);
  void mismatch(std::string_view what, std::string_view got);

  CborReader cbor_;
  std::size_t depth_ = 0;
  bool failed_ = false;
  std::string place_, reason_;
};

/// One value as one CBOR item.
template <class T>
Bytes encode(const T& value) {
  Bytes out;
  Encoder(out).write(value);
  return out;
}

/// `actor.validation_error` about `target` ("Invalid {target}"); the problem is in its metadata and detail.
Error validation_error(std::string target, std::string problem);

/// The whole input is one item of that type; empty input is undefined. Errors: `actor.validation_error`.
template <class T>
Result<T> decode(BytesView cbor, std::string_view target = "value") {
  static constexpr std::uint8_t kUndefined[] = {0xf7};
  Decoder decoder(cbor.empty() ? BytesView(kUndefined) : cbor);
  T out{};
  decoder.read(out);
  if (decoder.ok() && !decoder.cbor().at_end()) decoder.cbor().fail("more than one item");
  if (!decoder.ok()) return validation_error(std::string(target), decoder.problem());
  return out;
}

// -- codecs -----------------------------------------------------------------------------------------------------------

template <>
struct Codec<bool> {
  static void write(Encoder& to, bool value) { to.cbor().boolean(value); }
  static void read(Decoder& from, bool& value);
};

namespace detail {
/// Nothing after a failure, which names the range.
std::optional<std::int64_t> read_integer(Decoder& from, std::int64_t min, std::int64_t max);
std::optional<std::uint64_t> read_unsigned(Decoder& from);
void write_unsigned(Encoder& to, std::uint64_t value);
}  // namespace detail

template <class T>
concept PlainInteger =
    std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
    !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

template <PlainInteger T>
struct Codec<T> {
  static constexpr bool kWide = std::is_unsigned_v<T> && sizeof(T) == 8;
  static void write(Encoder& to, T value) {
    if constexpr (kWide)
      detail::write_unsigned(to, value);
    else
      to.cbor().number(static_cast<std::int64_t>(value));
  }
  static void read(Decoder& from, T& value) {
    if constexpr (kWide) {
      if (auto n = detail::read_unsigned(from)) value = static_cast<T>(*n);
    } else {
      using Limits = std::numeric_limits<T>;
      if (auto n = detail::read_integer(from, Limits::min(), Limits::max())) value = static_cast<T>(*n);
    }
  }
};

template <>
struct Codec<double> {
  static void write(Encoder& to, double value) { to.cbor().number(value); }
  static void read(Decoder& from, double& value);
};
template <std::floating_point T>
struct Codec<T> {
  static void write(Encoder& to, T value) { to.cbor().number(static_cast<double>(value)); }
  static void read(Decoder& from, T& value) {
    double number = 0;
    Codec<double>::read(from, number);
    value = static_cast<T>(number);
  }
};

template <class T>
requires std::is_enum_v<T>
struct Codec<T> {
  using Number = std::underlying_type_t<T>;
  static void write(Encoder& to, T value) { to.write(static_cast<Number>(value)); }
  static void read(Decoder& from, T& value) {
    Number number{};
    from.read(number);
    value = static_cast<T>(number);
  }
};

template <>
struct Codec<std::string> {
  static void write(Encoder& to, const std::string& value) { to.cbor().text(value); }
  static void read(Decoder& from, std::string& value);
};
template <>
struct Codec<std::string_view> {
  static void write(Encoder& to, std::string_view value) { to.cbor().text(value); }
};
template <>
struct Codec<const char*> {
  static void write(Encoder& to, const char* value) { to.cbor().text(value); }
};
template <std::size_t N>
struct Codec<char[N]> {
  static void write(Encoder& to, const char* value) { to.cbor().text(value); }
};

template <>
struct Codec<Bytes> {
  static void write(Encoder& to, const Bytes& value) { to.cbor().uint8_array(value); }
  static void read(Decoder& from, Bytes& value);
};

template <>
struct Codec<Value> {
  static constexpr bool kAcceptsMissing = true;
  static void write(Encoder& to, const Value& value) { to.cbor().value(value); }
  static void read(Decoder& from, Value& value) { value = from.cbor().value(); }
};

template <>
struct Codec<Raw> {
  static constexpr bool kAcceptsMissing = true;
  static void write(Encoder& to, const Raw& value) {
    if (value.cbor.empty())
      to.cbor().undefined();
    else
      to.cbor().raw(value.cbor);
  }
  static void read(Decoder& from, Raw& value) { value.cbor = to_bytes(from.cbor().raw()); }
};

template <>
struct Codec<Undefined> {
  static constexpr bool kAcceptsMissing = true;
  static void write(Encoder& to, Undefined) { to.cbor().undefined(); }
  static void read(Decoder& from, Undefined&);
};
template <>
struct Codec<std::nullptr_t> {
  static void write(Encoder& to, std::nullptr_t) { to.cbor().null(); }
};

template <class T>
struct Codec<std::optional<T>> {
  static constexpr bool kAcceptsMissing = true;
  static void write(Encoder& to, const std::optional<T>& value) {
    if (value)
      to.write(*value);
    else
      to.cbor().null();
  }
  static void read(Decoder& from, std::optional<T>& value) {
    if (from.cbor().take_null())
      value.reset();
    else
      from.read(value.emplace());
  }
};

template <class T>
struct Codec<std::vector<T>> {
  static void write(Encoder& to, const std::vector<T>& items) {
    to.array(items.size(), [&](std::size_t i) { to.write(static_cast<const T&>(items[i])); });
  }
  static void read(Decoder& from, std::vector<T>& items) {
    items.clear();
    auto size = from.open_array();
    if (!size) return;
    items.reserve(std::min<std::size_t>(*size, 1024));
    for (std::size_t i = 0; i < *size && from.ok(); ++i) {
      T item{};
      from.item(i, *size, item);
      items.push_back(std::move(item));
    }
  }
};

template <class T, std::size_t N>
struct Codec<std::array<T, N>> {
  static void write(Encoder& to, const std::array<T, N>& items) {
    to.array(N, [&](std::size_t i) { to.write(items[i]); });
  }
  static void read(Decoder& from, std::array<T, N>& items) {
    auto size = from.open_array();
    if (!size) return;
    if (*size != N) return from.expected_before("an array of " + std::to_string(N));
    for (std::size_t i = 0; i < N && from.ok(); ++i) from.item(i, N, items[i]);
  }
};

namespace detail {
template <class Tuple>
struct TupleCodec {
  static constexpr std::size_t kSize = std::tuple_size_v<Tuple>;
  static void write(Encoder& to, const Tuple& items) {
    std::apply([&](const auto&... item) { to.tuple(item...); }, items);
  }
  static void read(Decoder& from, Tuple& items) {
    auto size = from.open_array();
    if (!size) return;
    if (*size != kSize) return from.expected_before("an array of " + std::to_string(kSize));
    std::size_t index = 0;
    std::apply([&](auto&... item) { ((from.ok() ? from.item(index++, kSize, item) : void()), ...); }, items);
  }
};

template <class Map>
struct MapCodec {
  static void write(Encoder& to, const Map& members) {
    to.cbor().map(members.size());
    for (const auto& [name, value] : members) {
      to.cbor().text(name);
      to.write(value);
    }
  }
  static void read(Decoder& from, Map& members) {
    members.clear();
    auto size = from.open_map();
    for (std::size_t i = 0; size && i < *size && from.ok(); ++i) {
      auto name = from.cbor().text();
      typename Map::mapped_type value{};
      from.member(name, value);
      if (from.ok()) members.insert_or_assign(std::move(name), std::move(value));
    }
  }
};
}  // namespace detail

template <class... T>
struct Codec<std::tuple<T...>> : detail::TupleCodec<std::tuple<T...>> {};
template <class A, class B>
struct Codec<std::pair<A, B>> : detail::TupleCodec<std::pair<A, B>> {};
template <class T>
struct Codec<std::map<std::string, T>> : detail::MapCodec<std::map<std::string, T>> {};
template <class T>
struct Codec<std::unordered_map<std::string, T>> : detail::MapCodec<std::unordered_map<std::string, T>> {};

template <HasFields T>
struct Codec<T> {
  static constexpr auto kNames = field_names<T>();
  static void write(Encoder& to, const T& value) {
    to.cbor().map(kNames.size());
    std::size_t index = 0;
    std::apply([&](const auto&... member) { ((to.cbor().text(kNames[index++]), to.write(member)), ...); },
               value.troupe_fields());
  }
  static void read(Decoder& from, T& value) {
    auto size = from.open_map();
    auto members = value.troupe_fields();
    for (std::size_t i = 0; size && i < *size && from.ok(); ++i) {
      const auto name = from.cbor().text();
      std::size_t index = 0;
      bool known = false;
      std::apply(
          [&](auto&... member) {
            ((kNames[index++] == name && !known ? (known = true, from.member(name, member)) : void()), ...);
          },
          members);
      if (!known) from.cbor().skip();
    }
  }
};

}  // namespace troupe
