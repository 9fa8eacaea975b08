#pragma once

#include "engine/clientproto/messages.h"
#include "troupe/result.h"

/// Messages to bytes, always in the current version. Pure; one pass into one buffer.
///
/// JSON replaces values without a JSON form (CBOR tags) by null. Fails with `core.internal_error` only when a user
/// value is not exactly one well-formed CBOR item or, in JSON, has map keys that are not text; BARE carries values as
/// opaque bytes and never fails.
namespace troupe::clientproto {

Result<Bytes> encode(Encoding encoding, const HttpActionRequest& message);
Result<Bytes> encode(Encoding encoding, const HttpActionResponse& message);
Result<Bytes> encode(Encoding encoding, const HttpQueueSendRequest& message);
Result<Bytes> encode(Encoding encoding, const HttpQueueSendResponse& message);
Result<Bytes> encode(Encoding encoding, const HttpResponseError& message);

Result<Bytes> encode(Encoding encoding, const ActionRequest& message);
Result<Bytes> encode(Encoding encoding, const SubscriptionRequest& message);
Result<Bytes> encode(Encoding encoding, const Init& message);
Result<Bytes> encode(Encoding encoding, const ErrorFrame& message);
Result<Bytes> encode(Encoding encoding, const ActionResponse& message);
Result<Bytes> encode(Encoding encoding, const Event& message);
/// An Event whose parts the caller owns: nothing is copied but into the frame.
Result<Bytes> encode_event(Encoding encoding, std::string_view name, BytesView args);

inline Result<Bytes> encode(Encoding encoding, const ToServer& message) {
  return std::visit([&](const auto& m) { return encode(encoding, m); }, message);
}
inline Result<Bytes> encode(Encoding encoding, const ToClient& message) {
  return std::visit([&](const auto& m) { return encode(encoding, m); }, message);
}

}  // namespace troupe::clientproto
