#include "engine/base/errors.h"
#include "engine/directory/directory_impl.h"
#include "engine/directory/record_codec.h"
#include "engine/storage/keys.h"

namespace troupe {

Task<Result<ActorRecord>> StoredDirectory::update(ActorId id, std::function<void(ActorRecord&)> change, Ack ack) {
  auto guard = co_await locks_.lock(id);
  TROUPE_CO_TRY(auto found, co_await find(id));
  if (!found || found->destroyed()) co_return make_error("actor", "not_found");
  ActorRecord record = *found;
  change(record);
  if (record == *found) co_return record;

  WriteBatch batch;
  if (record.alarm_ts != found->alarm_ts) {
    if (found->alarm_ts) batch.erase(keys::alarm_index(*found->alarm_ts, id));
    if (record.alarm_ts) batch.put(keys::alarm_index(*record.alarm_ts, id), {});
  }
  if (record.awake() && !found->awake()) batch.put(keys::awake_index(id), {});
  if (!record.awake() && found->awake()) batch.erase(keys::awake_index(id));
  Bytes encoded = encode_record(record);
  const std::size_t encoded_bytes = encoded.size();
  batch.put(keys::actor_record(id), std::move(encoded));
  if (auto written = co_await store_.commit(std::move(batch), ack); !written) {
    // Nobody knows whether the store has it: what comes next must build on what is there.
    records_.erase(id);
    co_return std::move(written).error();
  }
  remember(record, encoded_bytes);
  co_return record;
}

Task<Result<ActorRecord>> StoredDirectory::destroy(ActorId id, std::int64_t now_ms) {
  auto guard = co_await locks_.lock(id);
  TROUPE_CO_TRY(auto found, co_await find(id));
  if (!found) co_return make_error("actor", "not_found");
  if (found->destroyed()) co_return std::move(*found);

  ActorRecord record = std::move(*found);
  WriteBatch batch;
  if (record.alarm_ts) batch.erase(keys::alarm_index(*record.alarm_ts, id));
  std::string cache_key;
  if (record.key) {
    Bytes index = keys::key_index(record.namespace_id, record.name, *record.key);
    cache_key = to_string(index);
    batch.erase(std::move(index));
  }
  if (record.awake()) batch.erase(keys::awake_index(id));
  record.destroy_ts = now_ms;
  record.hosting.reset();
  record.alarm_ts.reset();
  record.reschedule_ts.reset();
  record.input.reset();
  batch.erase(keys::list_index(record.namespace_id, record.name, record.create_ts, id));
  batch.put(keys::destroyed_index(record.namespace_id, record.name, record.create_ts, id), {});
  Bytes encoded = encode_record(record);
  const std::size_t encoded_bytes = encoded.size();
  batch.put(keys::actor_record(id), std::move(encoded));
  actors_.erase_all(id, batch);
  const auto written = co_await store_.commit(std::move(batch), Ack::durable);
  if (record.key) ids_.erase(cache_key);
  if (!written) {
    records_.erase(id);
    co_return written.error();
  }
  remember(record, encoded_bytes);
  co_await actors_.remove_files(id);
  co_return record;
}

}  // namespace troupe
