#include "engine/base/codec/compat.h"

#include <algorithm>

#include "engine/base/codec/json.h"

namespace troupe {

bool is_decimal(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.size() <= kBigIntDigitsMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<Value> from_compat(std::string name, Value content) {
  if (name.starts_with("$$")) {
    Value::Array items;
    items.reserve(2);
    items.emplace_back(name.substr(1));
    items.push_back(std::move(content));
    return Value(std::move(items));
  }
  if (name == "$Undefined") return Value(Undefined{});
  if (name == "$Set") {
    if (auto* items = content.get_if<Value::Array>()) return Value(Value::Set{std::move(*items)});
    return std::nullopt;
  }
  auto* text = content.get_if<std::string>();
  if (!text) return std::nullopt;
  if (name == "$BigInt") {
    if (is_decimal(*text)) return Value(BigInt{std::move(*text)});
    return std::nullopt;
  }
  if (name != "$Uint8Array" && name != "$ArrayBuffer") return std::nullopt;
  auto data = decode_base64(*text);
  if (!data) return std::nullopt;
  if (name == "$Uint8Array") return Value(std::move(*data));
  return Value(ArrayBuffer{std::move(*data)});
}

}  // namespace troupe
