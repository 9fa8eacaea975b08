#pragma once

#include <string>
#include <string_view>

#include "troupe/bytes.h"

namespace troupe {

/// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(BytesView bytes);
inline bool is_utf8(std::string_view text) { return is_utf8(as_bytes(text)); }

/// Length of the valid sequence at the start of `bytes` (1 to 4), or 0.
std::size_t utf8_sequence(BytesView bytes);

/// Every invalid byte becomes U+FFFD.
std::string to_valid_utf8(std::string_view text);

}  // namespace troupe
