#pragma once

#include <array>

#include "troupe/bytes.h"
#include "troupe/result.h"

namespace troupe::clientproto {

/// `["$Undefined",0]`, the value of an action without a result.
inline constexpr std::array<std::uint8_t, 13> kUndefinedItem{0x82, 0x6a, '$', 'U', 'n', 'd', 'e',
                                                             'f',  'i',  'n', 'e', 'd', 0x00};
inline constexpr std::uint8_t kNullItem = 0xf6;
inline constexpr std::uint8_t kEmptyArrayItem = 0x80;

inline BytesView output_item(const Bytes& output) {
  return output.empty() ? BytesView(kUndefinedItem) : BytesView(output);
}

/// Whether `bytes` is exactly one well-formed CBOR item.
bool is_one_item(BytesView bytes);

/// `core.internal_error` with a detail.
Error malformed(std::string_view why);

}  // namespace troupe::clientproto
