#include "inspector/http/inspector_json.h"

#include <charconv>

#include "engine/base/codec/json_writer.h"
#include "troupe/cbor.h"

namespace troupe {
namespace {

constexpr std::int64_t kExactMax = std::int64_t{1} << 53;

void append_bytes(std::string& out, BytesView bytes) {
  out += '[';
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) out += ',';
    out += std::to_string(bytes[i]);
  }
  out += ']';
}

void append_integer(std::string& out, std::int64_t n) {
  if (n > kExactMax || n < -kExactMax)
    append_json_real(out, static_cast<double>(n));
  else
    out += std::to_string(n);
}

/// One overload for each alternative.
struct PlainWriter {
  std::string& out;

  void operator()(Undefined) { out += "null"; }
  void operator()(Null) { out += "null"; }
  void operator()(bool b) { out += b ? "true" : "false"; }
  void operator()(std::int64_t n) { append_integer(out, n); }
  void operator()(double d) { append_json_real(out, d); }
  void operator()(const std::string& text) { append_json_string(out, text); }
  void operator()(const Bytes& bytes) { append_bytes(out, bytes); }
  void operator()(const ArrayBuffer& buffer) { append_bytes(out, buffer.data); }
  void operator()(const Value::Set& set) { (*this)(set.items); }
  void operator()(const Value::Tagged& tagged) { std::visit(*this, tagged.content->variant()); }

  void operator()(const BigInt& n) {
    double number = 0;
    std::from_chars(n.decimal.data(), n.decimal.data() + n.decimal.size(), number);
    append_json_real(out, number);
  }

  void operator()(const Value::Array& items) {
    out += '[';
    for (const auto& item : items) {
      if (&item != &items.front()) out += ',';
      std::visit(*this, item.variant());
    }
    out += ']';
  }

  void operator()(const Value::Object& members) {
    out += '{';
    bool first = true;
    for (const auto& [name, value] : members) {
      if (value.is_undefined()) continue;
      if (!std::exchange(first, false)) out += ',';
      append_json_string(out, name);
      out += ':';
      std::visit(*this, value.variant());
    }
    out += '}';
  }
};

struct SqlWriter {
  std::string& out;

  void operator()(std::monostate) { out += "null"; }
  void operator()(std::int64_t n) { append_integer(out, n); }
  void operator()(double d) { append_json_real(out, d); }
  void operator()(const std::string& text) { append_json_string(out, text); }
  void operator()(const Bytes& bytes) { append_bytes(out, bytes); }
};

}  // namespace

void append_plain_json(std::string& out, const Value& value) { std::visit(PlainWriter{out}, value.variant()); }

void append_plain_json(std::string& out, const SqlValue& value) { std::visit(SqlWriter{out}, value); }

Result<void> append_cbor_as_json(std::string& out, BytesView cbor) {
  if (cbor.empty()) {
    out += "null";
    return {};
  }
  TROUPE_TRY(const auto value, decode_cbor(cbor));
  append_plain_json(out, value);
  return {};
}

std::optional<SqlValue> to_sql_value(const Value& value) {
  if (value.is_null() || value.is_undefined()) return SqlValue();
  if (const auto* truth = value.get_if<bool>()) return SqlValue(std::int64_t{*truth});
  if (const auto number = value.as_int()) return SqlValue(*number);
  if (const auto* real = value.get_if<double>()) return SqlValue(*real);
  if (const auto* text = value.get_if<std::string>()) return SqlValue(*text);
  if (const auto* bytes = value.get_if<Bytes>()) return SqlValue(*bytes);
  return std::nullopt;
}

}  // namespace troupe
