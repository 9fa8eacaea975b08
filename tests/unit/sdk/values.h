#pragma once

#include <string>
#include <utility>
#include <vector>

#include "troupe/cbor.h"

namespace troupe::test {

/// Events as (name, arguments).
using Events = std::vector<std::pair<std::string, Value>>;

inline Bytes cbor(const Value& value) { return encode_cbor(value); }
/// Empty bytes are undefined.
inline Value value_of(BytesView bytes) { return bytes.empty() ? Value(Undefined{}) : decode_cbor(bytes).value(); }

}  // namespace troupe::test
