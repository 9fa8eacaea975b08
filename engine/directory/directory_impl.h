#pragma once

#include "engine/directory/actor_locks.h"
#include "engine/directory/directory.h"
#include "engine/directory/lru_cache.h"
#include "engine/directory/namespaces.h"

namespace troupe {

/// Directory over a Store. Nothing is held in memory per actor, but for two bounded caches.
/// Who writes: creation is fenced by the key index, everything else by the lock of the actor.
class StoredDirectory final : public Directory {
 public:
  StoredDirectory(Ports ports, Store& store, ActorStore& actors, std::uint16_t datacenter_label);

  Task<Result<void>> open() override;
  void release_memory() override;

  Task<Result<NamespaceRecord>> create_namespace(std::string name, std::string display_name) override;
  std::optional<NamespaceRecord> find_namespace(std::string_view name) const override;
  std::optional<NamespaceRecord> find_namespace(const NamespaceId& id) const override;
  std::vector<NamespaceRecord> namespaces() const override;

  Task<Result<ActorRecord>> create(CreateActor create) override;
  Task<Result<Created>> get_or_create(CreateActor create) override;
  Task<Result<std::optional<ActorRecord>>> find(ActorId id) override;
  Task<Result<std::optional<ActorId>>> find_by_key(NamespaceId ns, std::string name, std::string key) override;
  Task<Result<ActorPage>> list(NamespaceId ns, std::string name, std::optional<std::string> key, bool include_destroyed,
                               std::size_t limit, std::optional<std::int64_t> before_ts) override;
  Task<Result<ActorRecord>> update(ActorId id, std::function<void(ActorRecord&)> change, Ack ack) override;
  Task<Result<ActorRecord>> destroy(ActorId id, std::int64_t now_ms) override;
  Task<Result<std::vector<ActorId>>> awake(std::optional<ActorId> after, std::size_t limit) override;
  Task<Result<DueAlarms>> due_alarms(std::optional<AlarmPosition> after, std::int64_t until_ms,
                                     std::size_t limit) override;

 private:
  Task<Result<void>> check_format();
  Task<Result<void>> load_namespaces();
  Task<Result<NamespaceRecord>> write_namespace(std::string name, std::string display_name);

  /// The record of the live actor of that key, as far as it can be told now.
  Task<Result<std::optional<ActorRecord>>> find_live(NamespaceId ns, std::string name, std::string key);
  /// Nothing when the key is taken.
  Task<Result<std::optional<ActorRecord>>> try_create(CreateActor create);
  Task<Result<ActorPage>> list_key(NamespaceId ns, std::string name, std::string key,
                                   std::optional<std::int64_t> before_ts);
  void remember(const ActorRecord& record, std::size_t encoded_bytes);

  Ports ports_;
  Store& store_;
  ActorStore& actors_;
  std::uint16_t label_;
  Namespaces namespaces_;
  ActorLocks locks_;
  LruCache<ActorId, ActorRecord> records_;
  /// By key of the key index.
  LruCache<std::string, ActorId> ids_;
};

}  // namespace troupe
