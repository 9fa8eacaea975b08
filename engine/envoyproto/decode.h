#pragma once

#include "engine/envoyproto/messages.h"
#include "troupe/result.h"

/// One frame of one version to a message. Pure. Every failure is `core.internal_error` with a detail: unknown version
/// or tag, text that is not UTF-8, a name twice in a map, bytes after the message.
///
/// The caller bounds the frame. The message takes at most about five times its size and 1 MiB: lists of many tiny
/// elements fail before anything is allocated for them.
namespace troupe::envoyproto {

Result<ToRivet> decode_to_rivet(Version version, BytesView frame);
Result<ToEnvoy> decode_to_envoy(Version version, BytesView frame);

}  // namespace troupe::envoyproto
