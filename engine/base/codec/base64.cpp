#include <array>

#include "engine/base/codec/json.h"

namespace troupe {
namespace {

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kInvalid = 0xff;

using Table = std::array<std::uint8_t, 256>;

constexpr Table make_table(std::string_view alphabet) {
  Table table{};
  table.fill(kInvalid);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return table;
}

constexpr Table kStandardTable = make_table(kStandard);
constexpr Table kUrlTable = make_table(kUrl);

std::string encode(BytesView bytes, std::string_view alphabet, bool padded) {
  std::string out((bytes.size() + 2) / 3 * 4, '=');
  std::size_t at = 0;
  const auto put = [&](std::uint32_t group, int digits) {
    for (int i = 0; i < digits; ++i) out[at++] = alphabet[group >> (18 - 6 * i) & 63];
  };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3)
    put(std::uint32_t{bytes[i]} << 16 | std::uint32_t{bytes[i + 1]} << 8 | bytes[i + 2], 4);
  if (bytes.size() - i == 1) put(std::uint32_t{bytes[i]} << 16, 2);
  if (bytes.size() - i == 2) put(std::uint32_t{bytes[i]} << 16 | std::uint32_t{bytes[i + 1]} << 8, 3);
  if (!padded) out.resize(at);
  return out;
}

/// `text` has no padding.
std::optional<Bytes> decode(std::string_view text, const Table& table) {
  const auto tail = text.size() % 4;
  if (tail == 1) return std::nullopt;
  Bytes out(text.size() / 4 * 3 + (tail ? tail - 1 : 0));
  std::size_t at = 0;
  std::uint32_t group = 0;
  int bits = 0;
  for (const unsigned char c : text) {
    const auto digit = table[c];
    if (digit == kInvalid) return std::nullopt;
    group = group << 6 | digit;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = static_cast<std::uint8_t>(group >> bits);
      group &= (1u << bits) - 1;
    }
  }
  // Bits that no byte holds are zero in the one canonical form.
  if (group != 0) return std::nullopt;
  return out;
}

}  // namespace

std::string encode_base64(BytesView bytes) { return encode(bytes, kStandard, true); }
std::string encode_base64url(BytesView bytes) { return encode(bytes, kUrl, false); }

std::optional<Bytes> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.ends_with("=="))
    text.remove_suffix(2);
  else if (text.ends_with('='))
    text.remove_suffix(1);
  return decode(text, kStandardTable);
}

std::optional<Bytes> decode_base64url(std::string_view text) { return decode(text, kUrlTable); }

}  // namespace troupe
