#include "engine/base/id.h"

#include <span>

#include "engine/base/errors.h"

namespace troupe {
namespace {

constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
constexpr std::uint8_t kVersion = 1;
/// Six base36 digits fit one 32-bit word.
constexpr std::size_t kDigitsPerWord = 6;
constexpr std::uint64_t kWordBase = 36ull * 36 * 36 * 36 * 36 * 36;
/// 19 bytes as little-endian 32-bit words.
constexpr std::size_t kWords = 5;

void make_v4(Random& random, std::span<std::uint8_t, 16> uuid) {
  random.fill(uuid);
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0f) | 0x40);
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3f) | 0x80);
}

/// What each character stands for, -1 for none. A table, because no branch on the characters of an id is predictable.
constexpr auto kDigitValues = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < 36; ++i) {
    const char digit = kDigits[i];
    values[static_cast<unsigned char>(digit)] = static_cast<std::int8_t>(i);
    if (digit >= 'a') values[static_cast<unsigned char>(digit - 'a' + 'A')] = static_cast<std::int8_t>(i);
  }
  return values;
}();

int digit_value(char c) { return kDigitValues[static_cast<unsigned char>(c)]; }

Error bad_id(std::string reason) {
  auto metadata = Value::object({{"reason", reason}});
  return Error("api", "bad_request", std::move(reason), std::move(metadata));
}

/// The character that starts at `at`, with all its UTF-8 bytes.
Error bad_character(std::string_view text, std::size_t at) {
  auto end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
  return bad_id("invalid base36 character: '" + std::string(text.substr(at, end - at)) + "'");
}

}  // namespace

Id Id::make(Random& random, std::uint16_t label) {
  std::array<std::uint8_t, kSize> bytes;
  bytes[0] = kVersion;
  make_v4(random, std::span(bytes).subspan<1, 16>());
  bytes[17] = static_cast<std::uint8_t>(label >> 8);
  bytes[18] = static_cast<std::uint8_t>(label);
  return Id(bytes);
}

Result<Id> Id::parse(std::string_view text) {
  if (text.size() < 4) return bad_id("invalid input length: expected at least 4 characters");
  std::array<int, kTextSize> digits{};
  for (std::size_t i = 0; i < 4; ++i)
    if ((digits[i] = digit_value(text[i])) < 0) return bad_character(text, i);
  const int version = (digits[3] * 46656 + digits[2] * 1296 + digits[1] * 36 + digits[0]) % 256;
  if (version != kVersion) return bad_id("unsupported ID version: " + std::to_string(version));
  if (text.size() != kTextSize) return bad_id("invalid input length: expected 30, got " + std::to_string(text.size()));
  for (std::size_t i = 4; i < kTextSize; ++i)
    if ((digits[i] = digit_value(text[i])) < 0) return bad_character(text, i);

  std::array<std::uint32_t, kWords> words{};
  for (std::size_t end = kTextSize; end > 0; end -= kDigitsPerWord) {
    std::uint64_t carry = 0;
    for (std::size_t i = end; i > end - kDigitsPerWord; --i)
      carry = carry * 36 + static_cast<std::uint64_t>(digits[i - 1]);
    for (auto& word : words) {
      carry += word * kWordBase;
      word = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    if (carry) return bad_id("byte conversion overflow/underflow");
  }
  // 19 bytes leave the top byte of the last word unused.
  if (words[kWords - 1] >> 24) return bad_id("byte conversion overflow/underflow");

  std::array<std::uint8_t, kSize> bytes;
  for (std::size_t i = 0; i < kSize; ++i) bytes[i] = static_cast<std::uint8_t>(words[i / 4] >> (i % 4 * 8));
  return Id(bytes);
}

std::string Id::text() const {
  std::array<std::uint32_t, kWords> words{};
  for (std::size_t i = 0; i < kSize; ++i) words[i / 4] |= std::uint32_t{bytes_[i]} << (i % 4 * 8);
  std::string out(kTextSize, '0');
  for (std::size_t start = 0; start < kTextSize; start += kDigitsPerWord) {
    std::uint64_t rest = 0;
    for (std::size_t i = kWords; i > 0; --i) {
      rest = rest << 32 | words[i - 1];
      words[i - 1] = static_cast<std::uint32_t>(rest / kWordBase);
      rest %= kWordBase;
    }
    for (std::size_t i = start; i < start + kDigitsPerWord; ++i, rest /= 36) out[i] = kDigits[rest % 36];
  }
  return out;
}

std::string make_uuid_v4(Random& random) {
  std::array<std::uint8_t, 16> uuid;
  make_v4(random, uuid);
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += kDigits[uuid[i] >> 4];
    out += kDigits[uuid[i] & 15];
  }
  return out;
}

}  // namespace troupe
