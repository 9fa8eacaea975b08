#pragma once

#include <cstdint>

#include "troupe/bytes.h"

namespace troupe {

/// The head of one CBOR item, and the content of strings of definite length.
struct CborItem {
  enum class Type : std::uint8_t {
    unsigned_int,
    negative_int,
    floating,
    bytes,
    text,
    /// Indefinite lengths: chunks or items follow until `stop`.
    chunked_bytes,
    chunked_text,
    array,
    map,
    open_array,
    open_map,
    tag,
    boolean,
    null,
    undefined,
    stop,
  };

  Type type = Type::null;
  /// The argument: an unsigned number, n of -1-n, elements, pairs, tag, or 0/1.
  std::uint64_t argument = 0;
  double real = 0;
  /// Of `bytes` and `text`; borrows the input.
  BytesView content;
  /// Octets of the head and the content.
  std::size_t size = 0;

  std::string_view text() const { return as_text(content); }
  /// JSON writes it as an array (`["$Undefined",0]`, …), which nests one level deeper than the item itself.
  bool nests_in_json() const;
};

/// Reads the item at the start of `in`. Returns nullptr, or why it cannot be read.
const char* read_cbor_item(BytesView in, CborItem& item);

}  // namespace troupe
