#include "engine/base/errors.h"
#include "engine/directory/directory_impl.h"
#include "engine/directory/record_codec.h"
#include "engine/storage/keys.h"

namespace troupe {
namespace {

/// A creation that loses to a creation that is then destroyed tries again, this often.
constexpr int kAttemptsMax = 8;

Error duplicate_key(const ActorId& existing, const std::string& key) {
  Value metadata = Value::object({{"existing_actor_id", Value(existing.text())}, {"key", Value(key)}});
  return make_error("actor", "duplicate_key", std::move(metadata));
}

}  // namespace

Task<Result<std::optional<ActorRecord>>> StoredDirectory::try_create(CreateActor create) {
  ActorRecord record;
  record.id = Id::make(ports_.random, label_);
  record.namespace_id = create.namespace_id;
  record.name = std::move(create.name);
  record.key = std::move(create.key);
  record.pool = std::move(create.pool);
  record.input = std::move(create.input);
  record.create_ts = ports_.clock.now_ms();

  Bytes encoded = encode_record(record);
  const std::size_t encoded_bytes = encoded.size();
  WriteBatch batch;
  std::string cache_key;
  if (record.key) {
    Bytes index = keys::key_index(record.namespace_id, record.name, *record.key);
    cache_key = to_string(index);
    batch.expect(index, std::nullopt);
    batch.put(std::move(index), keys::encode_id(record.id));
  }
  batch.put(keys::actor_record(record.id), std::move(encoded));
  batch.put(keys::list_index(record.namespace_id, record.name, record.create_ts, record.id), {});

  // Others find the actor as soon as it is written. What they change has to come into the caches later than this.
  const auto guard = co_await locks_.lock(record.id);
  auto committed = co_await store_.commit(std::move(batch), Ack::durable);
  if (!committed) {
    if (committed.error().is("storage", "conflict")) co_return std::optional<ActorRecord>();
    co_return committed.error();
  }
  remember(record, encoded_bytes);
  if (record.key) ids_.put(cache_key, record.id);
  co_return std::optional<ActorRecord>(std::move(record));
}

Task<Result<ActorRecord>> StoredDirectory::create(CreateActor create) {
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    TROUPE_CO_TRY(auto created, co_await try_create(create));
    if (created) co_return std::move(*created);
    TROUPE_CO_TRY(auto existing, co_await find_live(create.namespace_id, create.name, *create.key));
    if (existing) co_return duplicate_key(existing->id, *create.key);
  }
  co_return make_error("actor", "destroyed_during_creation");
}

Task<Result<Directory::Created>> StoredDirectory::get_or_create(CreateActor create) {
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    if (create.key) {
      TROUPE_CO_TRY(auto existing, co_await find_live(create.namespace_id, create.name, *create.key));
      if (existing) co_return Created{std::move(*existing), false};
    }
    TROUPE_CO_TRY(auto created, co_await try_create(create));
    if (created) co_return Created{std::move(*created), true};
  }
  co_return make_error("actor", "destroyed_during_creation");
}

}  // namespace troupe
