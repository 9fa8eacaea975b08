#include "engine/base/codec/json_writer.h"
#include "troupe/cbor.h"

namespace troupe {
namespace {

/// Appends a Value; one overload for each alternative.
struct JsonValueWriter {
  std::string& out;

  void operator()(Undefined) { out += kJsonUndefined; }
  void operator()(Null) { out += "null"; }
  void operator()(bool b) { out += b ? "true" : "false"; }
  void operator()(std::int64_t n) { append_json_integer(out, n); }
  void operator()(double d) { append_json_real(out, d); }
  void operator()(const std::string& text) { append_json_string(out, text); }
  void operator()(const Bytes& bytes) { append_json_bytes(out, "$Uint8Array", bytes); }
  void operator()(const BigInt& n) { append_json_big_integer(out, n.decimal); }
  void operator()(const ArrayBuffer& buffer) { append_json_bytes(out, "$ArrayBuffer", buffer.data); }
  void operator()(const Value::Tagged&) { out += "null"; }

  void operator()(const Value::Set& set) {
    out += "[\"$Set\",";
    (*this)(set.items);
    out += ']';
  }

  void operator()(const Value::Array& items) {
    out += '[';
    for (const auto& item : items) {
      if (&item != &items.front()) out += ',';
      const auto* text = items.size() == 2 && &item == &items.front() ? item.get_if<std::string>() : nullptr;
      // An array that looks like a compat form gets one more '$'.
      if (text && text->starts_with('$'))
        append_json_string(out, "$" + *text);
      else
        std::visit(*this, item.variant());
    }
    out += ']';
  }

  void operator()(const Value::Object& members) {
    out += '{';
    for (const auto& member : members) {
      if (&member != &members.front()) out += ',';
      append_json_string(out, member.first);
      out += ':';
      std::visit(*this, member.second.variant());
    }
    out += '}';
  }
};

}  // namespace

std::string to_json(const Value& value) {
  std::string out;
  std::visit(JsonValueWriter{out}, value.variant());
  return out;
}

Result<Value> parse_json(std::string_view json) {
  TROUPE_TRY(auto cbor, json_to_cbor(json));
  return decode_cbor(cbor);
}

}  // namespace troupe
