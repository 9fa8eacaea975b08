#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "engine/base/codec/cbor_item.h"
#include "engine/base/codec/cbor_scan.h"
#include "engine/base/codec/compat.h"
#include "engine/base/codec/json.h"
#include "engine/base/codec/utf8.h"
#include "engine/base/errors.h"
#include "troupe/cbor.h"

namespace troupe {
namespace {

using Type = CborItem::Type;

constexpr std::uint64_t kInt64Max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

std::optional<std::int64_t> small_integer(const CborItem& item) {
  if (item.argument > kInt64Max) return std::nullopt;
  const auto n = static_cast<std::int64_t>(item.argument);
  return item.type == Type::negative_int ? -1 - n : n;
}

double real_of(const CborItem& item) {
  if (item.type == Type::floating) return item.real;
  const auto d = static_cast<double>(item.argument);
  return item.type == Type::negative_int ? -1 - d : d;
}

bool is_number(Type type) { return type == Type::unsigned_int || type == Type::negative_int || type == Type::floating; }

}  // namespace

bool CborReader::read(CborItem& item) {
  if (failed_) return false;
  if (const char* why = read_cbor_item(rest(), item)) {
    fail(why);
    return false;
  }
  if (item.type == Type::text && !is_utf8(item.content)) {
    fail("text is not UTF-8");
    return false;
  }
  return true;
}

void CborReader::consume(const CborItem& item) {
  position_ += item.size;
  // Ends of containers are consumed with their last element.
  while (open_ > 0 && position_ < in_.size() && in_[position_] == 0xff) {
    ++position_;
    --open_;
  }
}

CborReader::Kind CborReader::peek() const {
  if (failed_) return Kind::invalid;
  if (at_end()) return Kind::end;
  CborItem item;
  if (read_cbor_item(rest(), item)) return Kind::invalid;
  switch (item.type) {
    case Type::unsigned_int:
    case Type::negative_int:
      return Kind::integer;
    case Type::floating:
      return Kind::floating;
    case Type::bytes:
    case Type::chunked_bytes:
      return Kind::bytes;
    case Type::text:
    case Type::chunked_text:
      return Kind::text;
    case Type::array:
    case Type::open_array:
      return Kind::array;
    case Type::map:
    case Type::open_map:
      return Kind::map;
    case Type::tag:
      return Kind::tag;
    case Type::boolean:
      return Kind::boolean;
    case Type::null:
      return Kind::null;
    case Type::undefined:
      return Kind::undefined;
    case Type::stop:
      return Kind::invalid;
  }
  return Kind::invalid;
}

std::size_t CborReader::container(bool is_map) {
  CborItem item;
  if (!read(item)) return 0;
  if (item.type == (is_map ? Type::map : Type::array)) {
    if (item.argument > limits_.items_max) return fail("too many items"), 0;
    if (item.argument * (is_map ? 2 : 1) > in_.size() - position_ - item.size) return fail("unexpected end"), 0;
    consume(item);
    return static_cast<std::size_t>(item.argument);
  }
  if (item.type == (is_map ? Type::open_map : Type::open_array)) {
    const auto scan = scan_cbor(rest(), limits_);
    if (scan.why) return fail(scan.why), 0;
    ++open_;
    consume(item);
    return scan.elements;
  }
  fail(is_map ? "expected a map" : "expected an array");
  return 0;
}

std::size_t CborReader::array() { return container(false); }
std::size_t CborReader::map() { return container(true); }

std::string CborReader::text() {
  CborItem item;
  if (!read(item)) return {};
  std::string out;
  if (item.type == Type::text) {
    out = item.text();
  } else if (item.type == Type::chunked_text) {
    for (position_ += item.size; read(item) && item.type != Type::stop; position_ += item.size) {
      if (item.type != Type::text) return fail("malformed chunk"), std::string();
      out += item.text();
    }
  } else {
    fail("expected a text");
  }
  if (failed_) return {};
  consume(item);
  return out;
}

Bytes CborReader::bytes() {
  CborItem item;
  if (!read(item)) return {};
  Bytes out;
  if (item.type == Type::bytes) {
    out = to_bytes(item.content);
  } else if (item.type == Type::chunked_bytes) {
    for (position_ += item.size; read(item) && item.type != Type::stop; position_ += item.size) {
      if (item.type != Type::bytes) return fail("malformed chunk"), Bytes();
      out.insert(out.end(), item.content.begin(), item.content.end());
    }
  } else {
    auto compat = value();
    if (auto* array = compat.get_if<Bytes>()) return std::move(*array);
    if (auto* buffer = compat.get_if<ArrayBuffer>()) return std::move(buffer->data);
    fail("expected bytes");
  }
  if (failed_) return {};
  consume(item);
  return out;
}

std::int64_t CborReader::integer() {
  CborItem item;
  if (!read(item)) return 0;
  std::optional<std::int64_t> n;
  if (item.type == Type::unsigned_int || item.type == Type::negative_int) {
    n = small_integer(item);
  } else if (item.type == Type::floating) {
    n = Value(item.real).as_int();
  } else if (auto compat = value(); const auto* big = compat.get_if<BigInt>()) {
    std::int64_t parsed = 0;
    const auto* end = big->decimal.data() + big->decimal.size();
    const auto result = std::from_chars(big->decimal.data(), end, parsed);
    if (result.ec == std::errc() && result.ptr == end) return parsed;
  }
  if (!n) return fail("expected an integer of 64 bits"), 0;
  consume(item);
  return *n;
}

double CborReader::floating() {
  CborItem item;
  if (!read(item)) return 0;
  if (!is_number(item.type)) {
    auto compat = value();
    if (const auto* big = compat.get_if<BigInt>()) return std::strtod(big->decimal.c_str(), nullptr);
    return fail("expected a number"), 0;
  }
  consume(item);
  return real_of(item);
}

bool CborReader::boolean() {
  CborItem item;
  if (!read(item)) return false;
  if (item.type != Type::boolean) return fail("expected a boolean"), false;
  consume(item);
  return item.argument != 0;
}

bool CborReader::take_null() {
  CborItem item;
  if (failed_ || read_cbor_item(rest(), item)) return false;
  if (item.type == Type::null || item.type == Type::undefined) {
    consume(item);
    return true;
  }
  if (item.type != Type::array && item.type != Type::open_array) return false;
  auto ahead = *this;
  if (ahead.array() != 2 || ahead.peek() != Kind::text || ahead.text() != "$Undefined") return false;
  ahead.skip();
  if (!ahead.ok()) return false;
  *this = std::move(ahead);
  return true;
}

BytesView CborReader::raw() {
  if (failed_) return {};
  const auto scan = scan_cbor(rest(), limits_);
  if (scan.why) {
    position_ += scan.where;
    fail(scan.why);
    return {};
  }
  const auto item = in_.subspan(position_, scan.size);
  CborItem whole;
  whole.size = scan.size;
  consume(whole);
  return item;
}

Error CborReader::error() const { return make_error("core", "internal_error", std::nullopt, why_); }

void CborReader::fail(std::string_view why) {
  if (failed_) return;
  failed_ = true;
  why_ = "CBOR: ";
  why_.append(why).append(" at ").append(std::to_string(position_));
}

}  // namespace troupe
