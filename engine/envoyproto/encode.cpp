#include "engine/envoyproto/encode.h"

#include <algorithm>

#include "engine/base/errors.h"
#include "engine/envoyproto/wire/writer.h"

namespace troupe::envoyproto {
namespace {

template <class Message>
Result<> append_message(Version version, const Message& message, Bytes& out) {
  wire::Measure measure;
  wire::Writer<wire::Measure> measuring(version, measure);
  measuring(message);
  if (version < kMinVersion || version > kMaxVersion || !measuring.ok())
    return make_error(
        "core", "internal_error", std::nullopt,
        "envoy protocol " + std::to_string(version) + " has no form for message " + std::to_string(message.index()));
  const std::size_t needed = out.size() + measure.size();
  if (needed > out.capacity()) out.reserve(std::max(needed, out.size() * 2));
  BareWriter bare(out);
  wire::Writer<BareWriter> writing(version, bare);
  writing(message);
  return {};
}

template <class Message>
Result<Bytes> encode_message(Version version, const Message& message) {
  Bytes frame;
  TROUPE_CHECK(append_message(version, message, frame));
  return frame;
}

}  // namespace

Result<Bytes> encode(Version version, const ToEnvoy& message) { return encode_message(version, message); }
Result<Bytes> encode(Version version, const ToRivet& message) { return encode_message(version, message); }

Result<> append(Version version, const ToEnvoy& message, Bytes& out) { return append_message(version, message, out); }

}  // namespace troupe::envoyproto
