#include "troupe/codec.h"

#include <charconv>
#include <cmath>

#include "engine/base/errors.h"

namespace troupe {

namespace {

constexpr std::size_t kDepthMax = 128;

std::string_view kind_name(CborReader::Kind kind) {
  using Kind = CborReader::Kind;
  switch (kind) {
    case Kind::integer:
    case Kind::floating:
      return "a number";
    case Kind::text:
      return "text";
    case Kind::bytes:
      return "bytes";
    case Kind::array:
      return "an array";
    case Kind::map:
      return "an object";
    case Kind::boolean:
      return "a boolean";
    case Kind::null:
      return "null";
    case Kind::undefined:
      return "undefined";
    case Kind::tag:
      return "a tagged value";
    case Kind::end:
      return "nothing";
    case Kind::invalid:
      return "malformed CBOR";
  }
  return "something else";
}

/// What the next item is, by its JavaScript name where it has one.
std::string next_name(CborReader in) {
  const auto kind = in.peek();
  if (kind != CborReader::Kind::array) return std::string(kind_name(kind));
  const auto size = in.array();
  if (size == 2 && in.peek() == CborReader::Kind::text) {
    auto first = in.text();
    if (first.starts_with('$') && !first.starts_with("$$")) return first.substr(1, 32);
  }
  return std::string(kind_name(kind));
}

}  // namespace

void Encoder::escape_text_at(std::size_t start) {
  if (start >= out_.size() || out_[start] >> 5 != 3) return;
  CborReader item{BytesView(out_).subspan(start)};
  auto text = item.text();
  if (!item.ok() || !text.starts_with('$')) return;
  out_.resize(start);
  cbor_.text("$" + text);
}

std::string Decoder::problem() const {
  auto reason = reason_.empty() ? cbor_.error().detail() : reason_;
  return place_.empty() ? reason : place_ + ": " + reason;
}

void Decoder::mismatch(std::string_view what, std::string_view got) {
  if (failed_) return;
  failed_ = true;
  reason_ = "expected " + std::string(what);
  if (!got.empty()) reason_ += ", got " + std::string(got);
  cbor_.fail(reason_);
}

void Decoder::expected(std::string_view what) { mismatch(what, cbor_.ok() ? next_name(cbor_) : std::string()); }

std::optional<std::size_t> Decoder::open_array() {
  if (!ok()) return std::nullopt;
  if (cbor_.peek() != CborReader::Kind::array) {
    expected("an array");
    return std::nullopt;
  }
  const auto size = cbor_.array();
  if (!cbor_.ok()) return std::nullopt;
  return size;
}

std::optional<std::size_t> Decoder::open_map() {
  if (!ok()) return std::nullopt;
  if (cbor_.peek() != CborReader::Kind::map) {
    expected("an object");
    return std::nullopt;
  }
  const auto size = cbor_.map();
  if (!cbor_.ok()) return std::nullopt;
  return size;
}

bool Decoder::enter() {
  if (!ok()) return false;
  if (++depth_ <= kDepthMax) return true;
  mismatch("at most " + std::to_string(kDepthMax) + " levels", {});
  return false;
}

void Decoder::leave_item(std::size_t index) {
  --depth_;
  if (ok()) return;
  failed_ = true;
  const auto dot = place_.empty() || place_.starts_with('[') ? "" : ".";
  place_ = "[" + std::to_string(index) + "]" + dot + place_;
}

void Decoder::leave_member(std::string_view name) {
  --depth_;
  if (ok()) return;
  failed_ = true;
  const auto dot = place_.empty() || place_.starts_with('[') ? "" : ".";
  place_ = std::string(name) + dot + place_;
}

bool Decoder::take_undefined() {
  using Kind = CborReader::Kind;
  const auto kind = cbor_.peek();
  if (kind == Kind::undefined) return cbor_.take_null();
  if (kind != Kind::array) return false;
  auto copy = cbor_;
  if (!copy.take_null()) return false;
  return cbor_.take_null();
}

std::optional<Bytes> Decoder::take_escaped_text(bool lenient) {
  if (cbor_.peek() != CborReader::Kind::text) return std::nullopt;
  auto copy = cbor_;
  auto text = copy.text();
  if (!copy.ok() || !text.starts_with('$')) return std::nullopt;
  if (!text.starts_with("$$")) {
    if (!lenient) mismatch("an array", text.substr(1, 32));
    return std::nullopt;
  }
  cbor_.skip();
  Bytes unescaped;
  CborWriter(unescaped).text(std::string_view(text).substr(1));
  return unescaped;
}

void Decoder::adopt(const Decoder& inner) {
  failed_ = true;
  place_ = inner.place_;
  reason_ = inner.reason_.empty() ? inner.cbor_.error().detail() : inner.reason_;
}

Error validation_error(std::string target, std::string problem) {
  auto issue = Value::object({{"message", problem}});
  auto issues = Value::array({std::move(issue)});
  auto metadata = Value::object({{"target", std::move(target)}, {"issues", std::move(issues)}});
  return make_error("actor", "validation_error", std::move(metadata), std::move(problem));
}

void Codec<bool>::read(Decoder& from, bool& value) {
  if (from.cbor().peek() != CborReader::Kind::boolean) return from.expected("a boolean");
  value = from.cbor().boolean();
}

void Codec<double>::read(Decoder& from, double& value) {
  using Kind = CborReader::Kind;
  const auto kind = from.cbor().peek();
  if (kind != Kind::integer && kind != Kind::floating && kind != Kind::array) return from.expected("a number");
  const auto got = kind == Kind::array ? next_name(from.cbor()) : std::string();
  const auto number = from.cbor().floating();
  if (!from.cbor().ok()) return from.expected_before("a number, got " + got);
  value = number;
}

void Codec<std::string>::read(Decoder& from, std::string& value) {
  if (from.cbor().peek() != CborReader::Kind::text) return from.expected("text");
  value = from.cbor().text();
}

void Codec<Bytes>::read(Decoder& from, Bytes& value) {
  using Kind = CborReader::Kind;
  const auto kind = from.cbor().peek();
  if (kind != Kind::bytes && kind != Kind::array) return from.expected("bytes");
  const auto got = kind == Kind::array ? next_name(from.cbor()) : std::string();
  value = from.cbor().bytes();
  if (!from.cbor().ok()) from.expected_before("bytes, got " + got);
}

void Codec<Undefined>::read(Decoder& from, Undefined&) {
  if (!from.cbor().take_null()) from.expected("undefined");
}

namespace detail {

std::optional<std::int64_t> read_integer(Decoder& from, std::int64_t min, std::int64_t max) {
  using Kind = CborReader::Kind;
  const auto kind = from.cbor().peek();
  if (kind != Kind::integer && kind != Kind::floating && kind != Kind::array) {
    from.expected("an integer");
    return std::nullopt;
  }
  const auto n = from.cbor().integer();
  if (!from.cbor().ok()) {
    from.expected_before("an integer");
    return std::nullopt;
  }
  if (n < min || n > max) {
    from.expected_before("an integer from " + std::to_string(min) + " to " + std::to_string(max));
    return std::nullopt;
  }
  return n;
}

std::optional<std::uint64_t> read_unsigned(Decoder& from) {
  const auto value = from.cbor().value();
  if (from.cbor().ok()) {
    if (auto n = value.as_int(); n && *n >= 0) return static_cast<std::uint64_t>(*n);
    if (const auto* big = value.get_if<BigInt>()) {
      std::uint64_t n = 0;
      const auto* end = big->decimal.data() + big->decimal.size();
      if (auto [stop, error] = std::from_chars(big->decimal.data(), end, n); error == std::errc() && stop == end)
        return n;
    }
    constexpr double kTwoTo64 = 18446744073709551616.0;
    if (auto d = value.as_double(); d && *d >= 0 && *d < kTwoTo64 && *d == std::trunc(*d))
      return static_cast<std::uint64_t>(*d);
  }
  from.expected_before("an integer that is not negative");
  return std::nullopt;
}

void write_unsigned(Encoder& to, std::uint64_t value) { to.cbor().value(Value(static_cast<unsigned long>(value))); }

}  // namespace detail
}  // namespace troupe
