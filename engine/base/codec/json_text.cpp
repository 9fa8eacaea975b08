#include <array>
#include <charconv>
#include <cmath>

#include "engine/base/codec/json_writer.h"
#include "engine/base/codec/utf8.h"

namespace troupe {
namespace {

constexpr std::int64_t kTwoTo53 = std::int64_t{1} << 53;

bool is_plain(unsigned char c) { return c >= 0x20 && c != '"' && c != '\\'; }

void append_escape(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  constexpr char kHex[] = "0123456789abcdef";
  out += "\\u00";
  out += kHex[c >> 4];
  out += kHex[c & 15];
}

template <class Number>
void append_number(std::string& out, Number n) {
  std::array<char, 32> text;
  const auto result = std::to_chars(text.data(), text.data() + text.size(), n);
  out.append(text.data(), result.ptr);
}

}  // namespace

void append_json_utf8(std::string& out, std::string_view text) {
  out += '"';
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (is_plain(c)) continue;
    out.append(text, start, i - start);
    append_escape(out, c);
    start = i + 1;
  }
  out.append(text, start);
  out += '"';
}

void append_json_string(std::string& out, std::string_view text) {
  if (is_utf8(text))
    append_json_utf8(out, text);
  else
    append_json_utf8(out, to_valid_utf8(text));
}

void append_json_integer(std::string& out, std::int64_t n) {
  if (n <= kTwoTo53 && n >= -kTwoTo53)
    append_number(out, n);
  else
    append_json_big_integer(out, std::to_string(n));
}

void append_json_big_integer(std::string& out, std::string_view decimal) {
  out += "[\"$BigInt\",";
  append_json_string(out, decimal);
  out += ']';
}

void append_json_real(std::string& out, double d) {
  if (!std::isfinite(d))
    out += "null";
  else if (std::trunc(d) == d && std::abs(d) <= static_cast<double>(kTwoTo53))
    append_number(out, static_cast<std::int64_t>(d));
  else
    append_number(out, d);
}

void append_json_bytes(std::string& out, std::string_view name, BytesView bytes) {
  out.append("[\"").append(name).append("\",\"").append(encode_base64(bytes)).append("\"]");
}

}  // namespace troupe
