#pragma once

#include "engine/directory/records.h"
#include "troupe/bytes.h"
#include "troupe/result.h"

namespace troupe {

/// Records as they are stored: a version byte, then BARE. Ids are part of the key and not repeated.
/// Decoding errors: `storage.corrupt`.
Bytes encode_record(const ActorRecord& record);
Result<ActorRecord> decode_record(const ActorId& id, BytesView bytes);

Bytes encode_namespace(const NamespaceRecord& record);
Result<NamespaceRecord> decode_namespace(const NamespaceId& id, BytesView bytes);

}  // namespace troupe
