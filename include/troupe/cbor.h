#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "troupe/bytes.h"
#include "troupe/result.h"
#include "troupe/value.h"

/// CBOR (RFC 8949) with the conventions of RivetKit 2.3.19: JavaScript types that JSON lacks travel as arrays of two
/// (`["$Undefined",0]`, `["$BigInt","12"]`, `["$Uint8Array","<base64>"]`, `["$ArrayBuffer",…]`, `["$Set",[…]]`), a
/// user's own array of two that starts with a `$` text gets one more `$`; integers beyond ±2^32 are written as float64,
/// never with an 8-byte head.
namespace troupe {

struct CborItem;

/// Items deeper than this, or more than this in one container, are refused.
struct CborLimits {
  std::size_t depth_max = 128;
  std::size_t items_max = 1 << 20;
};

/// Writes JSON-compat forms for the types above; `Tagged` as a native tag.
Bytes encode_cbor(const Value& value);
/// Reads both compat forms and native byte strings, undefined and tags. Errors: `core.internal_error` with detail.
/// The whole input must be one item.
Result<Value> decode_cbor(BytesView bytes, CborLimits limits = {});

/// Appends items to a buffer, without an intermediate tree.
class CborWriter {
 public:
  explicit CborWriter(Bytes& out) : out_(out) {}

  void array(std::size_t size);
  void map(std::size_t size);
  /// Bytes that are no UTF-8 become U+FFFD.
  void text(std::string_view text);
  /// Native byte string; `uint8_array` writes the compat form that JavaScript reads as Uint8Array.
  void bytes(BytesView bytes);
  void uint8_array(BytesView bytes);
  /// By the rules for user numbers: beyond ±2^32 as float64, beyond 2^53 as `$BigInt`.
  void number(std::int64_t n);
  void number(double d);
  void boolean(bool b);
  void null();
  /// Compat form.
  void undefined();
  void value(const Value& value);
  /// A protocol field that must have an 8-byte integer head.
  void wide_uint(std::uint64_t n);
  /// Inserts an item that is already encoded.
  void raw(BytesView item);

 private:
  Bytes& out_;
};

/// Reads items from a buffer one after the other. The first failure sticks: later calls return neutral values and
/// `ok()` is false. Never reads past the end. Lifetime: borrows the buffer.
class CborReader {
 public:
  explicit CborReader(BytesView in, CborLimits limits = CborLimits()) : in_(in), limits_(limits) {}

  enum class Kind { integer, floating, text, bytes, array, map, boolean, null, undefined, tag, end, invalid };
  /// Kind of the next item, without consuming it. Compat arrays are arrays.
  Kind peek() const;

  /// Number of elements; indefinite lengths are accepted and counted by looking ahead.
  std::size_t array();
  /// Number of pairs.
  std::size_t map();
  std::string text();
  /// Native byte string, or the compat form of Uint8Array or ArrayBuffer.
  Bytes bytes();
  /// Integers, integral floats and `$BigInt` that fit.
  std::int64_t integer();
  /// Every number.
  double floating();
  bool boolean();
  /// Consumes null or undefined (native or compat) if that is next.
  bool take_null();
  Value value();
  /// The bytes of the next item, consumed.
  BytesView raw();
  void skip() { (void)raw(); }

  bool ok() const { return !failed_; }
  bool at_end() const { return position_ == in_.size(); }
  /// `core.internal_error` naming the first failure and its offset.
  Error error() const;
  void fail(std::string_view why);

 private:
  BytesView rest() const { return in_.subspan(position_); }
  bool read(CborItem& item);
  void consume(const CborItem& item);
  std::size_t container(bool is_map);

  BytesView in_;
  CborLimits limits_;
  std::size_t position_ = 0;
  /// Containers of indefinite length whose end is still ahead.
  std::size_t open_ = 0;
  bool failed_ = false;
  std::string why_;
};

}  // namespace troupe
