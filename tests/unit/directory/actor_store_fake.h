#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "engine/base/errors.h"
#include "engine/storage/actors/actor_store.h"
#include "engine/storage/keys.h"

namespace troupe {

/// Records what the directory and the placement ask of it; has no data of its own but the state row. Threads: any.
class ActorStoreFake final : public ActorStore {
 public:
  explicit ActorStoreFake(Store& store) : store_(store) {}

  Task<Result<std::optional<Bytes>>> load_state(ActorId id) override { return store_.get(keys::actor_state(id)); }
  Task<Result<void>> save(ActorId id, std::uint32_t generation, ActorSave save, Ack ack) override {
    {
      std::lock_guard lock(mutex_);
      if (fences[id] != generation) co_return make_error("actor", "fenced");
    }
    WriteBatch batch;
    batch.put(keys::actor_state(id), save.state.value_or(Bytes()));
    co_return co_await store_.commit(std::move(batch), ack);
  }
  Task<Result<std::vector<ActorSave::ConnectionRow>>> load_connections(ActorId) override {
    co_return std::vector<ActorSave::ConnectionRow>();
  }
  Task<Result<std::optional<Bytes>>> load_row(Bytes key) override { return store_.get(std::move(key)); }
  Task<Result<std::vector<StoreEntry>>> load_rows(keys::Range range, ScanOptions options) override {
    return store_.scan(std::move(range.begin), std::move(range.end), options);
  }
  std::unique_ptr<KeyValue> key_value(ActorId, std::uint32_t) override { return nullptr; }
  std::unique_ptr<Database> database(ActorId, std::uint32_t, Executor) override { return nullptr; }
  Task<void> close_database(ActorId, std::uint32_t) override { co_return; }

  void set_generation(ActorId id, std::uint32_t generation) override {
    std::lock_guard lock(mutex_);
    fences[id] = generation;
  }
  void forget_generation(ActorId id, std::uint32_t generation) override {
    std::lock_guard lock(mutex_);
    auto it = fences.find(id);
    if (it != fences.end() && it->second <= generation) fences.erase(it);
  }
  void erase_all(ActorId id, WriteBatch& batch) override {
    auto range = keys::actor_data(id);
    batch.erase_range(std::move(range.begin), std::move(range.end));
  }
  Task<void> remove_files(ActorId id) override {
    std::lock_guard lock(mutex_);
    removed.push_back(id);
    co_return;
  }

  std::map<ActorId, std::uint32_t> fences;
  std::vector<ActorId> removed;

 private:
  Store& store_;
  std::mutex mutex_;
};

}  // namespace troupe
