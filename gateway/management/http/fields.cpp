#include "gateway/management/http/fields.h"

#include <algorithm>
#include <vector>

namespace troupe::management {

namespace {

std::string expected(std::span<const std::string_view> names) {
  std::string text = "expected ";
  if (names.size() > 2) text += "one of ";
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += names.size() == 2 ? " or " : ", ";
    text.append("`").append(names[i]).append("`");
  }
  return text;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high << 4 | low);
        i += 2;
        continue;
      }
    }
    out += plus_is_space && text[i] == '+' ? ' ' : text[i];
  }
  return out;
}

}  // namespace

const Field* find_field(std::span<const Field> fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &Field::name);
  return found == fields.end() ? nullptr : &*found;
}

std::string unknown_field(std::string_view name, std::span<const Field> fields) {
  std::string text(name);
  text.append(": unknown field `").append(name).append("`, ");
  if (fields.empty()) return text + "there are no fields";
  std::vector<std::string_view> names;
  for (const auto& field : fields) names.push_back(field.name);
  return text + expected(names);
}

std::string missing_field(std::string_view name) { return "missing field `" + std::string(name) + "`"; }

std::string unknown_variant(std::string_view value, std::span<const std::string_view> variants) {
  return "unknown variant `" + std::string(value) + "`, " + expected(variants);
}

std::string decode_form(std::string_view text) { return decode(text, true); }
std::string decode_percent(std::string_view text) { return decode(text, false); }

}  // namespace troupe::management
