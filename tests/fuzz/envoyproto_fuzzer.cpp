// The first byte picks a direction and a version, the rest is a frame. What decodes is encoded again: in its own
// version to a frame that decodes to the same, in the others to some frame that decodes, or to none.

#include "check.h"
#include "engine/envoyproto/decode.h"
#include "engine/envoyproto/encode.h"

namespace troupe::envoyproto {
namespace {

template <class Message>
void check(Version version, BytesView frame, Result<Message> (*decode)(Version, BytesView)) {
  const auto message = decode(version, frame);
  if (!message) return;
  const auto once = encode(version, *message);
  FUZZ_CHECK(once);
  const auto again = decode(version, *once);
  FUZZ_CHECK(again);
  // Bytes, as NaN is not equal to itself.
  FUZZ_CHECK(*encode(version, *again) == *once);

  for (Version other = kMinVersion; other <= kMaxVersion; ++other)
    if (const auto converted = encode(other, *message)) FUZZ_CHECK(decode(other, *converted));
}

}  // namespace
}  // namespace troupe::envoyproto

void fuzz(troupe::BytesView input) {
  using namespace troupe::envoyproto;
  if (input.empty()) return;
  const auto version = static_cast<Version>(kMinVersion + input[0] / 2 % (kMaxVersion - kMinVersion + 1));
  const troupe::BytesView frame = input.subspan(1);
  if (input[0] % 2 == 0) return check<ToRivet>(version, frame, decode_to_rivet);
  check<ToEnvoy>(version, frame, decode_to_envoy);
}
