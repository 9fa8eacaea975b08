#include "engine/base/codec/bare.h"

#include <bit>

#include "engine/base/codec/utf8.h"

namespace troupe {
namespace {

template <class Integer>
void append_little_endian(Bytes& out, Integer n) {
  std::uint8_t bytes[sizeof n];
  for (std::size_t i = 0; i < sizeof n; ++i) bytes[i] = static_cast<std::uint8_t>(n >> (8 * i));
  out.insert(out.end(), bytes, bytes + sizeof n);
}

template <class Integer>
Integer from_little_endian(BytesView bytes) {
  Integer n = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) n |= static_cast<Integer>(static_cast<Integer>(bytes[i]) << (8 * i));
  return n;
}

}  // namespace

void BareWriter::u16(std::uint16_t n) { append_little_endian(out_, n); }
void BareWriter::u32(std::uint32_t n) { append_little_endian(out_, n); }
void BareWriter::u64(std::uint64_t n) { append_little_endian(out_, n); }
void BareWriter::f64(double d) { u64(std::bit_cast<std::uint64_t>(d)); }

void BareWriter::uint(std::uint64_t n) {
  for (; n >= 0x80; n >>= 7) u8(static_cast<std::uint8_t>(n | 0x80));
  u8(static_cast<std::uint8_t>(n));
}

void BareWriter::string(std::string_view text) {
  if (!is_utf8(text)) return string(to_valid_utf8(text));
  data(as_bytes(text));
}

void BareWriter::data(BytesView bytes) {
  uint(bytes.size());
  raw(bytes);
}

BytesView BareReader::raw(std::size_t size) {
  if (size > remaining()) fail();
  if (failed_) return {};
  const auto bytes = in_.subspan(position_, size);
  position_ += size;
  return bytes;
}

std::uint8_t BareReader::u8() { return from_little_endian<std::uint8_t>(raw(1)); }
std::uint16_t BareReader::u16() { return from_little_endian<std::uint16_t>(raw(2)); }
std::uint32_t BareReader::u32() { return from_little_endian<std::uint32_t>(raw(4)); }
std::uint64_t BareReader::u64() { return from_little_endian<std::uint64_t>(raw(8)); }
double BareReader::f64() { return std::bit_cast<double>(u64()); }

std::uint64_t BareReader::uint() {
  std::uint64_t n = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const auto byte = u8();
    // The tenth byte holds the last bit.
    if (failed_ || (shift == 63 && byte > 1)) break;
    n |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return n;
  }
  fail();
  return 0;
}

bool BareReader::boolean() {
  const auto byte = u8();
  if (byte > 1) fail();
  return byte == 1;
}

std::string BareReader::string() {
  const auto size = uint();
  const auto bytes = raw(size);
  if (!is_utf8(bytes)) fail();
  if (failed_) return {};
  return to_string(bytes);
}

Bytes BareReader::data() {
  const auto size = uint();
  return to_bytes(raw(size));
}

}  // namespace troupe
