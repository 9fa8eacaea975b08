#include "engine/runtime/queue/queue_record.h"

#include "engine/base/codec/bare.h"
#include "engine/base/errors.h"

namespace troupe {
namespace {

constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kOptionals = 4;

std::size_t uint_size(std::uint64_t n) {
  std::size_t bytes = 1;
  while (n >>= 7) ++bytes;
  return bytes;
}

Error damaged(const char* what) { return make_error("storage", "corrupt", std::nullopt, what); }

}  // namespace

std::size_t queue_record_size(const std::string& name, const Bytes& body) {
  return sizeof(kVersion) + uint_size(name.size()) + name.size() + uint_size(body.size()) + body.size() +
         sizeof(std::int64_t) + kOptionals;
}

Bytes encode_queue_record(const QueueRecord& record) {
  Bytes bytes;
  bytes.reserve(queue_record_size(record.name, record.body));
  BareWriter to(bytes);
  to.u16(kVersion);
  to.string(record.name);
  to.data(record.body);
  to.i64(record.created_at_ms);
  for (std::size_t i = 0; i < kOptionals; ++i) to.boolean(false);
  return bytes;
}

Result<QueueRecord> decode_queue_record(BytesView bytes) {
  BareReader from(bytes);
  QueueRecord record;
  const auto version = from.u16();
  record.name = from.string();
  record.body = from.data();
  record.created_at_ms = from.i64();
  for (std::size_t i = 0; i < kOptionals; ++i)
    if (from.boolean()) from.fail();
  if (!from.ok() || version != kVersion || from.remaining() != 0) return damaged("a queue message cannot be read");
  return record;
}

Bytes encode_queue_meta(std::uint64_t next_id) {
  Bytes bytes;
  BareWriter to(bytes);
  to.u16(kVersion);
  to.u64(next_id);
  return bytes;
}

Result<std::uint64_t> decode_queue_meta(BytesView bytes) {
  BareReader from(bytes);
  const auto version = from.u16();
  const auto next_id = from.u64();
  if (!from.ok() || version != kVersion || from.remaining() != 0) return damaged("the queue's next id cannot be read");
  return next_id;
}

}  // namespace troupe
