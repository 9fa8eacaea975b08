#include "engine/runtime/state/staged_kv.h"

#include "engine/storage/actors/actor_kv.h"

namespace troupe {
namespace {

class StagedKv final : public KeyValue {
 public:
  StagedKv(ActorId id, StateSaver& saver, std::unique_ptr<KeyValue> stored)
      : id_(id), saver_(saver), stored_(std::move(stored)) {}

  Task<Result<std::optional<Bytes>>> get(Bytes key) override {
    if (auto found = saver_.find(actor_kv_row(id_, key))) return ready(std::move(found->value));
    return stored_->get(std::move(key));
  }

  Task<Result<std::vector<std::optional<Bytes>>>> get_many(std::vector<Bytes> keys) override {
    // What is staged has to be found before the read begins: a commit meanwhile only moves it to the store.
    std::vector<std::optional<RowChanges::Found>> staged;
    staged.reserve(keys.size());
    for (const auto& key : keys) staged.push_back(saver_.find(actor_kv_row(id_, key)));
    TROUPE_CO_TRY(auto values, co_await stored_->get_many(std::move(keys)));
    for (std::size_t i = 0; i < staged.size(); ++i)
      if (staged[i]) values[i] = std::move(staged[i]->value);
    co_return values;
  }

  Task<Result<void>> put(Bytes key, Bytes value) override {
    std::vector<KvEntry> entries;
    entries.push_back({std::move(key), std::move(value)});
    return put_many(std::move(entries));
  }

  Task<Result<void>> put_many(std::vector<KvEntry> entries) override {
    for (const auto& entry : entries) {
      TROUPE_CO_CHECK(check_kv_entry(entry.key, entry.value));
    }
    for (auto& entry : entries) {
      auto row = actor_kv_row(id_, entry.key);
      TROUPE_CO_CHECK(saver_.put(std::move(row), std::move(entry.value), Ack::durable));
      TROUPE_CO_CHECK(co_await make_room());
    }
    co_return Result<void>();
  }

  Task<Result<void>> erase(std::vector<Bytes> keys) override {
    for (const auto& key : keys) {
      TROUPE_CO_CHECK(check_kv_entry(key, {}));
    }
    for (const auto& key : keys) {
      TROUPE_CO_CHECK(saver_.erase(actor_kv_row(id_, key), Ack::durable));
    }
    co_return Result<void>();
  }

  Task<Result<void>> erase_range(Bytes start, Bytes end) override {
    TROUPE_CO_CHECK(check_kv_entry(start, {}));
    TROUPE_CO_CHECK(check_kv_entry(end, {}));
    if (start >= end) co_return Result<void>();
    keys::Range range{actor_kv_row(id_, start), actor_kv_row(id_, end)};
    co_return saver_.erase_range(std::move(range), Ack::durable);
  }

  Task<Result<std::vector<KvEntry>>> list_prefix(Bytes prefix, KvListOptions options) override {
    TROUPE_CO_CHECK(co_await flush());
    co_return co_await stored_->list_prefix(std::move(prefix), options);
  }

  Task<Result<std::vector<KvEntry>>> list_range(Bytes start, Bytes end, KvListOptions options) override {
    TROUPE_CO_CHECK(co_await flush());
    co_return co_await stored_->list_range(std::move(start), std::move(end), options);
  }

 private:
  static Task<Result<std::optional<Bytes>>> ready(std::optional<Bytes> value) { co_return std::move(value); }

  /// A scan sees the store alone.
  Task<Result<void>> flush() {
    if (!saver_.touches(actor_kv_rows(id_))) co_return Result<void>();
    co_return co_await saver_.commit(Ack::written);
  }
  Task<Result<void>> make_room() {
    if (saver_.staged_bytes() <= StateSaver::kStagedBytesSoftMax) co_return Result<void>();
    co_return co_await saver_.commit(Ack::written);
  }

  const ActorId id_;
  StateSaver& saver_;
  const std::unique_ptr<KeyValue> stored_;
};

}  // namespace

std::unique_ptr<KeyValue> make_staged_kv(ActorId id, StateSaver& saver, std::unique_ptr<KeyValue> stored) {
  return std::make_unique<StagedKv>(id, saver, std::move(stored));
}

}  // namespace troupe
