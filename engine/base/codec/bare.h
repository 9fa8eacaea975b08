#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "troupe/bytes.h"
#include "troupe/result.h"

namespace troupe {

/// BARE primitives (draft-devault-bare) as RivetKit uses them: uint = LEB128 of at most 10 bytes, fixed integers
/// little-endian, string and data with a uint length, optional with a bool, union with a u8 tag.
class BareWriter {
 public:
  explicit BareWriter(Bytes& out) : out_(out) {}

  void u8(std::uint8_t n) { out_.push_back(n); }
  void u16(std::uint16_t n);
  void u32(std::uint32_t n);
  void u64(std::uint64_t n);
  void i64(std::int64_t n) { u64(static_cast<std::uint64_t>(n)); }
  void f64(double d);
  void uint(std::uint64_t n);
  void boolean(bool b) { u8(b ? 1 : 0); }
  void string(std::string_view text);
  void data(BytesView bytes);
  /// Bytes without a length (fixed data).
  void raw(BytesView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }

 private:
  Bytes& out_;
};

/// The first failure sticks: later calls return neutral values and `ok()` is false. Lifetime: borrows the buffer.
class BareReader {
 public:
  explicit BareReader(BytesView in) : in_(in) {}

  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::uint64_t u64();
  std::int64_t i64() { return static_cast<std::int64_t>(u64()); }
  double f64();
  std::uint64_t uint();
  /// 0 or 1; anything else fails.
  bool boolean();
  /// Must be UTF-8.
  std::string string();
  Bytes data();
  BytesView raw(std::size_t size);

  bool ok() const { return !failed_; }
  std::size_t remaining() const { return in_.size() - position_; }
  void fail() { failed_ = true; }

 private:
  BytesView in_;
  std::size_t position_ = 0;
  bool failed_ = false;
};

}  // namespace troupe
