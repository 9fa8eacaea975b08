#pragma once

#include <string>
#include <string_view>

#include "troupe/bytes.h"

namespace troupe {

inline std::string to_hex(BytesView bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (auto byte : bytes) out.append({kDigits[byte >> 4], kDigits[byte & 15]});
  return out;
}

/// Spaces are skipped.
inline Bytes from_hex(std::string_view hex) {
  Bytes out;
  int high = -1;
  for (char c : hex) {
    if (c == ' ') continue;
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  return out;
}

}  // namespace troupe
