#pragma once

#include <cstdint>
#include <string>

#include "troupe/bytes.h"
#include "troupe/result.h"

namespace troupe {

/// How a message lies in the store: u16 version, name, body, i64 time of creation, and four absent optionals, in BARE.
/// Pure functions. Source of the form, which the size limit counts: RivetKit 2.3.19.
struct QueueRecord {
  std::string name;
  Bytes body;
  std::int64_t created_at_ms = 0;
};

std::size_t queue_record_size(const std::string& name, const Bytes& body);
Bytes encode_queue_record(const QueueRecord& record);
/// Errors: `storage.corrupt`.
Result<QueueRecord> decode_queue_record(BytesView bytes);

/// The number of the next message.
Bytes encode_queue_meta(std::uint64_t next_id);
Result<std::uint64_t> decode_queue_meta(BytesView bytes);

}  // namespace troupe
