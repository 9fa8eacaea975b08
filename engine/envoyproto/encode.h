#pragma once

#include "engine/envoyproto/messages.h"
#include "troupe/result.h"

/// Messages to the frames of one version. Pure; measures first, so that a frame is one allocation.
///
/// What an older version lacks is left out: before 8 the generation of requests, the streaming of answers and the
/// reasons of aborts, before 5 the head of a database and group and code of its errors. A message that the version has
/// no form for fails with `core.internal_error` and a detail: window updates and body cancels before 8, staged commits
/// before 7, batches before 6, other statements before 4. So does an unknown version.
/// The caller keeps names in maps (headers, actor names) unique.
namespace troupe::envoyproto {

Result<Bytes> encode(Version version, const ToEnvoy& message);
Result<Bytes> encode(Version version, const ToRivet& message);

/// Appends the frame to `out`, which keeps what it has on failure.
Result<> append(Version version, const ToEnvoy& message, Bytes& out);

}  // namespace troupe::envoyproto
