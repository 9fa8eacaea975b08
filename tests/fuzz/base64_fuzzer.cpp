// Bytes survive their text, and a text that is taken is the only one for its bytes.

#include "check.h"
#include "engine/base/codec/json.h"

void fuzz(troupe::BytesView input) {
  using namespace troupe;
  FUZZ_CHECK(decode_base64(encode_base64(input)) == to_bytes(input));
  FUZZ_CHECK(decode_base64url(encode_base64url(input)) == to_bytes(input));
  const auto text = as_text(input);
  if (auto bytes = decode_base64(text)) FUZZ_CHECK(encode_base64(*bytes) == text);
  if (auto bytes = decode_base64url(text)) FUZZ_CHECK(encode_base64url(*bytes) == text);
}
