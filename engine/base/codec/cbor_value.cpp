#include <cmath>

#include "engine/base/codec/cbor_item.h"
#include "engine/base/codec/cbor_scan.h"
#include "engine/base/codec/compat.h"
#include "engine/base/codec/utf8.h"
#include "troupe/cbor.h"

namespace troupe {
namespace {

using Type = CborItem::Type;

/// Builds a Value from an item that a scan has accepted, so that lengths and nesting need no checks.
class ValueBuilder {
 public:
  explicit ValueBuilder(BytesView in) : in_(in) {}

  const char* why() const { return why_; }
  std::size_t position() const { return position_; }

  Value item() {
    CborItem head;
    if (!next(head)) return {};
    return rest_of(head);
  }

 private:
  bool next(CborItem& head) {
    if (why_) return false;
    why_ = read_cbor_item(in_.subspan(position_), head);
    if (why_) return false;
    position_ += head.size;
    return true;
  }

  Value rest_of(const CborItem& head) {
    switch (head.type) {
      case Type::unsigned_int:
        return Value(static_cast<unsigned long>(head.argument));
      case Type::negative_int:
        return negative(head.argument);
      case Type::floating:
        return real(head.real);
      case Type::boolean:
        return Value(head.argument != 0);
      case Type::null:
        return Value();
      case Type::undefined:
        return Value(Undefined{});
      case Type::text:
        return Value(head.text());
      case Type::bytes:
        return Value(to_bytes(head.content));
      case Type::chunked_text:
        return Value(chunks<std::string>());
      case Type::chunked_bytes:
        return Value(chunks<Bytes>());
      case Type::array:
        return array(static_cast<std::size_t>(head.argument), false);
      case Type::open_array:
        return array(0, true);
      case Type::map:
        return object(static_cast<std::size_t>(head.argument), false);
      case Type::open_map:
        return object(0, true);
      case Type::tag:
        return Value(Value::Tagged{head.argument, std::make_shared<const Value>(item())});
      case Type::stop:
        break;
    }
    return {};
  }

  static Value negative(std::uint64_t argument) {
    if (argument >> 63 == 0) return Value(-1 - static_cast<long>(argument));
    // -1 - argument does not fit; argument + 1 does, but for the largest one.
    if (argument == ~std::uint64_t{0}) return Value(BigInt{"-18446744073709551616"});
    return Value(BigInt{"-" + std::to_string(argument + 1)});
  }

  /// Beyond 2^53 a float stays one: it would be written as a big integer otherwise.
  static Value real(double d) {
    constexpr double kTwoTo53 = 9007199254740992.0;
    if (std::trunc(d) == d && std::abs(d) <= kTwoTo53) return Value(static_cast<long>(d));
    return Value(d);
  }

  template <class Out>
  Out chunks() {
    Out out;
    CborItem head;
    while (next(head) && head.type != Type::stop) out.insert(out.end(), head.content.begin(), head.content.end());
    return out;
  }

  /// The next element of a container, or false after the last one.
  bool element(CborItem& head, std::size_t& left, bool open) {
    if (!open && left == 0) return false;
    if (!next(head) || head.type == Type::stop) return false;
    --left;
    return true;
  }

  Value array(std::size_t size, bool open) {
    Value::Array items;
    items.reserve(size);
    CborItem head;
    while (element(head, size, open)) items.push_back(rest_of(head));
    if (items.size() != 2) return Value(std::move(items));
    auto* name = items[0].get_if<std::string>();
    if (!name || !name->starts_with('$')) return Value(std::move(items));
    if (auto value = from_compat(std::move(*name), std::move(items[1]))) return std::move(*value);
    if (!why_) why_ = "unknown or malformed compat form";
    return {};
  }

  Value object(std::size_t size, bool open) {
    Value::Object members;
    members.reserve(size);
    CborItem head;
    while (element(head, size, open)) {
      auto key = rest_of(head);
      auto* name = key.get_if<std::string>();
      if (!name) {
        if (!why_) why_ = "a key is not a text";
        return {};
      }
      auto& member = members.emplace_back(std::move(*name), Value());
      member.second = item();
    }
    return Value(std::move(members));
  }

  BytesView in_;
  std::size_t position_ = 0;
  const char* why_ = nullptr;
};

}  // namespace

Value CborReader::value() {
  const auto start = position_;
  const auto item = raw();
  if (failed_) return {};
  ValueBuilder builder(item);
  auto value = builder.item();
  if (builder.why()) {
    position_ = start + builder.position();
    fail(builder.why());
    return {};
  }
  return value;
}

Result<Value> decode_cbor(BytesView bytes, CborLimits limits) {
  CborReader reader(bytes, limits);
  auto value = reader.value();
  if (!reader.ok()) return reader.error();
  if (!reader.at_end()) {
    reader.fail("trailing bytes");
    return reader.error();
  }
  return value;
}

}  // namespace troupe
