#include <cbor.h>

#include <cmath>

#include "engine/base/codec/json.h"
#include "engine/base/codec/utf8.h"
#include "troupe/cbor.h"

namespace troupe {
namespace {

constexpr std::size_t kHeadMax = 9;
constexpr std::int64_t kTwoTo32 = std::int64_t{1} << 32;
constexpr std::int64_t kTwoTo53 = std::int64_t{1} << 53;

template <class Encode, class Argument>
void append_head(Bytes& out, Encode encode, Argument argument) {
  std::uint8_t head[kHeadMax];
  const auto size = encode(argument, head, sizeof head);
  out.insert(out.end(), head, head + size);
}

}  // namespace

void CborWriter::array(std::size_t size) { append_head(out_, cbor_encode_array_start, size); }
void CborWriter::map(std::size_t size) { append_head(out_, cbor_encode_map_start, size); }

void CborWriter::text(std::string_view text) {
  // Readers refuse a text that is no UTF-8, and with it everything around it.
  if (!is_utf8(text)) return this->text(to_valid_utf8(text));
  append_head(out_, cbor_encode_string_start, text.size());
  out_.insert(out_.end(), text.begin(), text.end());
}

void CborWriter::bytes(BytesView bytes) {
  append_head(out_, cbor_encode_bytestring_start, bytes.size());
  raw(bytes);
}

void CborWriter::uint8_array(BytesView bytes) {
  array(2);
  text("$Uint8Array");
  text(encode_base64(bytes));
}

void CborWriter::number(std::int64_t n) {
  if (n >= 0 && n < kTwoTo32) {
    append_head(out_, cbor_encode_uint, static_cast<std::uint64_t>(n));
  } else if (n < 0 && n >= -kTwoTo32) {
    append_head(out_, cbor_encode_negint, static_cast<std::uint64_t>(-1 - n));
  } else if (n <= kTwoTo53 && n >= -kTwoTo53) {
    append_head(out_, cbor_encode_double, static_cast<double>(n));
  } else {
    array(2);
    text("$BigInt");
    text(std::to_string(n));
  }
}

void CborWriter::number(double d) {
  constexpr auto kBound = static_cast<double>(kTwoTo32);
  if (std::trunc(d) == d && d < kBound && d >= -kBound)
    number(static_cast<std::int64_t>(d));
  else
    append_head(out_, cbor_encode_double, d);
}

void CborWriter::boolean(bool b) { out_.push_back(b ? 0xf5 : 0xf4); }
void CborWriter::null() { out_.push_back(0xf6); }

void CborWriter::undefined() {
  array(2);
  text("$Undefined");
  number(std::int64_t{0});
}

void CborWriter::wide_uint(std::uint64_t n) { append_head(out_, cbor_encode_uint64, n); }
void CborWriter::raw(BytesView item) { out_.insert(out_.end(), item.begin(), item.end()); }

namespace {

/// Writes a Value; one overload for each alternative.
class ValueWriter {
 public:
  ValueWriter(Bytes& out, CborWriter& writer) : out_(out), writer_(writer) {}

  void operator()(Undefined) { writer_.undefined(); }
  void operator()(Null) { writer_.null(); }
  void operator()(bool b) { writer_.boolean(b); }
  void operator()(std::int64_t n) { writer_.number(n); }
  void operator()(double d) { writer_.number(d); }
  void operator()(const std::string& text) { writer_.text(text); }
  void operator()(const Bytes& bytes) { writer_.uint8_array(bytes); }

  void operator()(const Value::Array& items) {
    writer_.array(items.size());
    std::size_t i = 0;
    if (items.size() == 2) {
      // An array that looks like a compat form gets one more '$'.
      if (const auto* text = items[0].get_if<std::string>(); text && text->starts_with('$')) {
        writer_.text("$" + *text);
        i = 1;
      }
    }
    for (; i < items.size(); ++i) writer_.value(items[i]);
  }

  void operator()(const Value::Object& members) {
    writer_.map(members.size());
    for (const auto& [key, value] : members) {
      writer_.text(key);
      writer_.value(value);
    }
  }

  void operator()(const BigInt& n) {
    compat("$BigInt");
    writer_.text(n.decimal);
  }

  void operator()(const ArrayBuffer& buffer) {
    compat("$ArrayBuffer");
    writer_.text(encode_base64(buffer.data));
  }

  void operator()(const Value::Set& set) {
    compat("$Set");
    (*this)(set.items);
  }

  void operator()(const Value::Tagged& tagged) {
    append_head(out_, cbor_encode_tag, tagged.tag);
    if (tagged.content)
      native(*tagged.content);
    else
      writer_.null();
  }

 private:
  void compat(std::string_view name) {
    writer_.array(2);
    writer_.text(name);
  }

  /// The content of a tag: a byte string stays one (typed arrays).
  void native(const Value& value) {
    if (const auto* bytes = value.get_if<Bytes>())
      writer_.bytes(*bytes);
    else
      writer_.value(value);
  }

  Bytes& out_;
  CborWriter& writer_;
};

}  // namespace

void CborWriter::value(const Value& value) { std::visit(ValueWriter(out_, *this), value.variant()); }

Bytes encode_cbor(const Value& value) {
  Bytes out;
  CborWriter(out).value(value);
  return out;
}

}  // namespace troupe
