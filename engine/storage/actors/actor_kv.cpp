#include "engine/storage/actors/actor_kv.h"

#include <algorithm>

#include "engine/base/errors.h"
#include "engine/storage/keys.h"

namespace troupe {
namespace {

Result<void> check_size(const char* code, std::size_t size, std::size_t limit) {
  if (size <= limit) return {};
  return make_error("kv", code, Value::object({{"size", size}, {"limit", limit}}));
}

Result<void> check_key(const Bytes& key) { return check_size("key_too_large", key.size() + 1, kKvKeyBytesMax); }
Result<void> check_value(const Bytes& value) { return check_size("value_too_large", value.size(), kKvValueBytesMax); }

Bytes raw(const Bytes& key) {
  Bytes out;
  out.reserve(1 + key.size());
  out.push_back(kUserKeyPrefix);
  out.insert(out.end(), key.begin(), key.end());
  return out;
}

/// One actor's access to its rows, copied into every task.
struct Scope {
  Store* store;
  std::shared_ptr<const GenerationFences> fences;
  ActorId id;
  std::uint32_t generation;

  Bytes row(const Bytes& key) const { return keys::actor_kv(id, raw(key)); }

  Task<Result<void>> commit(WriteBatch batch) const {
    batch.guard([fences = fences, id = id, generation = generation] { return fences->hold(id, generation); });
    return store->commit(std::move(batch), Ack::durable);
  }
};

Task<Result<std::optional<Bytes>>> get_one(Scope scope, Bytes key) {
  TROUPE_CO_CHECK(check_key(key));
  co_return co_await scope.store->get(scope.row(key));
}

Task<Result<std::vector<std::optional<Bytes>>>> get_each(Scope scope, std::vector<Bytes> keys) {
  for (const Bytes& key : keys) {
    TROUPE_CO_CHECK(check_key(key));
  }
  std::vector<std::optional<Bytes>> values;
  values.reserve(keys.size());
  for (const Bytes& key : keys) {
    TROUPE_CO_TRY(auto value, co_await scope.store->get(scope.row(key)));
    values.push_back(std::move(value));
  }
  co_return values;
}

Task<Result<void>> put_all(Scope scope, std::vector<KvEntry> entries) {
  for (const KvEntry& entry : entries) {
    TROUPE_CO_CHECK(check_key(entry.key));
    TROUPE_CO_CHECK(check_value(entry.value));
  }
  WriteBatch chunk;
  std::size_t rows = 0;
  std::size_t bytes = 0;
  for (KvEntry& entry : entries) {
    const std::size_t size = 1 + entry.key.size() + entry.value.size();
    if (rows > 0 && (rows == kKvChunkRowsMax || bytes + size > kKvChunkBytesMax)) {
      TROUPE_CO_CHECK(co_await scope.commit(std::exchange(chunk, WriteBatch())));
      rows = 0;
      bytes = 0;
    }
    chunk.put(scope.row(entry.key), std::move(entry.value));
    ++rows;
    bytes += size;
  }
  if (rows == 0) co_return Result<void>();
  co_return co_await scope.commit(std::move(chunk));
}

Task<Result<void>> erase_all(Scope scope, std::vector<Bytes> keys) {
  for (const Bytes& key : keys) {
    TROUPE_CO_CHECK(check_key(key));
  }
  WriteBatch batch;
  for (const Bytes& key : keys) batch.erase(scope.row(key));
  if (batch.empty()) co_return Result<void>();
  co_return co_await scope.commit(std::move(batch));
}

Task<Result<void>> erase_between(Scope scope, Bytes start, Bytes end) {
  TROUPE_CO_CHECK(check_key(start));
  TROUPE_CO_CHECK(check_key(end));
  if (start >= end) co_return Result<void>();
  WriteBatch batch;
  batch.erase_range(scope.row(start), scope.row(end));
  co_return co_await scope.commit(std::move(batch));
}

Task<Result<std::vector<KvEntry>>> list(Scope scope, keys::Range range, KvListOptions options) {
  ScanOptions scan;
  scan.reverse = options.reverse;
  scan.limit = options.limit.value_or(SIZE_MAX);
  scan.bytes_max = kKvListBytesMax;
  TROUPE_CO_TRY(auto rows, co_await scope.store->scan(std::move(range.begin), std::move(range.end), scan));
  std::vector<KvEntry> entries;
  entries.reserve(rows.size());
  std::size_t bytes = 0;
  for (StoreEntry& row : rows) {
    bytes += row.key.size() + row.value.size();
    // The scan stopped there; a part must not pass for the whole.
    if (bytes >= kKvListBytesMax) {
      co_return make_error("kv", "list_too_large", Value::object({{"limit", kKvListBytesMax}}));
    }
    entries.push_back({to_bytes(keys::raw_kv_key_of(row.key).subspan(1)), std::move(row.value)});
  }
  co_return entries;
}

Task<Result<std::vector<KvEntry>>> list_by_prefix(Scope scope, Bytes prefix, KvListOptions options) {
  TROUPE_CO_CHECK(check_key(prefix));
  co_return co_await list(scope, keys::actor_kv_prefix(scope.id, raw(prefix)), options);
}

Task<Result<std::vector<KvEntry>>> list_between(Scope scope, Bytes start, Bytes end, KvListOptions options) {
  TROUPE_CO_CHECK(check_key(start));
  TROUPE_CO_CHECK(check_key(end));
  co_return co_await list(scope, keys::actor_kv_range(scope.id, raw(start), raw(end)), options);
}

class ActorKv final : public KeyValue {
 public:
  explicit ActorKv(Scope scope) : scope_(std::move(scope)) {}

  Task<Result<std::optional<Bytes>>> get(Bytes key) override { return get_one(scope_, std::move(key)); }
  Task<Result<std::vector<std::optional<Bytes>>>> get_many(std::vector<Bytes> keys) override {
    return get_each(scope_, std::move(keys));
  }
  Task<Result<void>> put(Bytes key, Bytes value) override {
    std::vector<KvEntry> entries;
    entries.push_back({std::move(key), std::move(value)});
    return put_all(scope_, std::move(entries));
  }
  Task<Result<void>> put_many(std::vector<KvEntry> entries) override { return put_all(scope_, std::move(entries)); }
  Task<Result<void>> erase(std::vector<Bytes> keys) override { return erase_all(scope_, std::move(keys)); }
  Task<Result<std::vector<KvEntry>>> list_prefix(Bytes prefix, KvListOptions options) override {
    return list_by_prefix(scope_, std::move(prefix), options);
  }
  Task<Result<std::vector<KvEntry>>> list_range(Bytes start, Bytes end, KvListOptions options) override {
    return list_between(scope_, std::move(start), std::move(end), options);
  }
  Task<Result<void>> erase_range(Bytes start, Bytes end) override {
    return erase_between(scope_, std::move(start), std::move(end));
  }

 private:
  const Scope scope_;
};

}  // namespace

Result<void> check_kv_entry(const Bytes& key, const Bytes& value) {
  TROUPE_CHECK(check_key(key));
  return check_value(value);
}

Bytes actor_kv_row(const ActorId& id, const Bytes& key) { return keys::actor_kv(id, raw(key)); }
keys::Range actor_kv_rows(const ActorId& id) { return keys::actor_kv_prefix(id, {&kUserKeyPrefix, 1}); }

std::unique_ptr<KeyValue> make_actor_kv(Store& store, std::shared_ptr<const GenerationFences> fences, ActorId id,
                                        std::uint32_t generation) {
  return std::make_unique<ActorKv>(Scope{&store, std::move(fences), id, generation});
}

}  // namespace troupe
