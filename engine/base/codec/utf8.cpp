#include "engine/base/codec/utf8.h"

#include <cstring>

namespace troupe {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

bool is_continuation(std::uint8_t byte) { return (byte & 0xc0) == 0x80; }

/// Number of leading ASCII bytes, in steps of a word.
std::size_t ascii_prefix(BytesView bytes) {
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + i, 8);
    if (word & 0x8080808080808080u) break;
  }
  while (i < bytes.size() && bytes[i] < 0x80) ++i;
  return i;
}

}  // namespace

std::size_t utf8_sequence(BytesView bytes) {
  if (bytes.empty()) return 0;
  const auto first = bytes[0];
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const std::size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (bytes.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if (!is_continuation(bytes[i])) return 0;
  const auto second = bytes[1];
  if (first == 0xe0 && second < 0xa0) return 0;
  if (first == 0xed && second > 0x9f) return 0;
  if (first == 0xf0 && second < 0x90) return 0;
  if (first == 0xf4 && second > 0x8f) return 0;
  return size;
}

bool is_utf8(BytesView bytes) {
  while (true) {
    bytes = bytes.subspan(ascii_prefix(bytes));
    if (bytes.empty()) return true;
    const auto size = utf8_sequence(bytes);
    if (size == 0) return false;
    bytes = bytes.subspan(size);
  }
}

std::string to_valid_utf8(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  std::string out;
  out.reserve(text.size() + kReplacement.size());
  while (!text.empty()) {
    const auto size = utf8_sequence(as_bytes(text));
    out += size ? text.substr(0, size) : kReplacement;
    text.remove_prefix(size ? size : 1);
  }
  return out;
}

}  // namespace troupe
