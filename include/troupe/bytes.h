#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Owned octets without a character encoding: CBOR, BARE, bodies, keys.
using Bytes = std::vector<std::uint8_t>;

/// Borrowed octets. Lifetime: the caller keeps the storage alive until the callee returns; a coroutine copies.
using BytesView = std::span<const std::uint8_t>;

inline BytesView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(BytesView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

inline Bytes to_bytes(std::string_view text) { return {text.begin(), text.end()}; }
inline Bytes to_bytes(BytesView bytes) { return {bytes.begin(), bytes.end()}; }
inline std::string to_string(BytesView bytes) { return std::string(as_text(bytes)); }

}  // namespace troupe
