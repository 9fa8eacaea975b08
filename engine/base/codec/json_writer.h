#pragma once

#include "engine/base/codec/json.h"

namespace troupe {

/// Pieces of JSON text, for the transcoder and for values.

/// `text` must be UTF-8.
void append_json_utf8(std::string& out, std::string_view text);
/// Beyond ±2^53 as `["$BigInt",…]`: a JSON number would lose digits.
void append_json_integer(std::string& out, std::int64_t n);
void append_json_big_integer(std::string& out, std::string_view decimal);
/// NaN and infinities become null, as JSON.stringify has it.
void append_json_real(std::string& out, double d);
void append_json_bytes(std::string& out, std::string_view name, BytesView bytes);
constexpr std::string_view kJsonUndefined = "[\"$Undefined\",0]";

}  // namespace troupe
