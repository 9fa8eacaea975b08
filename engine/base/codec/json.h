#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "troupe/bytes.h"
#include "troupe/result.h"
#include "troupe/value.h"

namespace troupe {

/// JSON text to CBOR and back, item by item; JSON-compat arrays pass through unchanged (both sides use them).
/// Numbers: integral JSON numbers within ±2^32 become integers, others float64; integral floats within 2^53 are
/// printed without a fraction. Errors: `core.internal_error` with detail. Depth bound: 128.
Result<Bytes> json_to_cbor(std::string_view json);

/// Native byte strings become `["$Uint8Array",…]`, native undefined `["$Undefined",0]`; a tagged item has no JSON form
/// and becomes null.
Result<std::string> cbor_to_json(BytesView cbor);
/// Appends to `out`.
Result<void> cbor_to_json(BytesView cbor, std::string& out);

/// Appends `text` as a JSON string with quotes; invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Value as JSON text, in the JSON-compat encoding.
std::string to_json(const Value& value);
Result<Value> parse_json(std::string_view json);

std::string encode_base64(BytesView bytes);
std::string encode_base64url(BytesView bytes);
/// Standard alphabet with padding, strict.
std::optional<Bytes> decode_base64(std::string_view text);
/// URL alphabet without padding, strict.
std::optional<Bytes> decode_base64url(std::string_view text);

}  // namespace troupe
