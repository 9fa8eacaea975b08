#include "engine/envoyproto/decode.h"

#include "engine/base/errors.h"
#include "engine/envoyproto/wire/reader.h"

namespace troupe::envoyproto {
namespace {

template <class Message>
Result<Message> decode_message(Version version, BytesView frame) {
  if (version < kMinVersion || version > kMaxVersion)
    return make_error("core", "internal_error", std::nullopt, "unknown envoy protocol " + std::to_string(version));
  Message message;
  wire::Reader read(version, frame);
  read(message);
  if (!read.complete())
    return make_error("core", "internal_error", std::nullopt,
                      "not a message of envoy protocol " + std::to_string(version));
  return message;
}

}  // namespace

Result<ToRivet> decode_to_rivet(Version version, BytesView frame) { return decode_message<ToRivet>(version, frame); }
Result<ToEnvoy> decode_to_envoy(Version version, BytesView frame) { return decode_message<ToEnvoy>(version, frame); }

}  // namespace troupe::envoyproto
