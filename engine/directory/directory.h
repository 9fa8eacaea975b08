#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/ports.h"
#include "engine/directory/records.h"
#include "engine/storage/actors/actor_store.h"
#include "engine/storage/store.h"

namespace troupe {

struct CreateActor {
  NamespaceId namespace_id;
  std::string name;
  std::optional<std::string> key;
  std::string pool;
  std::optional<Bytes> input;
};

struct ActorPage {
  std::vector<ActorRecord> actors;
};

/// Namespaces, actor records and the key index: the one writer of a record.
/// Threads: any; updates of one actor are serialised inside. Durability: `create` and `destroy` return when durable.
class Directory {
 public:
  virtual ~Directory() = default;

  /// To be called now and then: gives back what is only kept in memory to be fast and was of no use since the last
  /// call.
  virtual void release_memory() {}

  /// Reads the format version, makes the namespace `default` on first start.
  /// Errors: `storage.format_unsupported` for data of a newer format.
  virtual Task<Result<void>> open() = 0;

  // -- namespaces -----------------------------------------------------------------------------------------------------
  /// Errors: `namespace.name_not_unique`. The caller validates the names.
  virtual Task<Result<NamespaceRecord>> create_namespace(std::string name, std::string display_name) = 0;
  /// Answered from memory.
  virtual std::optional<NamespaceRecord> find_namespace(std::string_view name) const = 0;
  virtual std::optional<NamespaceRecord> find_namespace(const NamespaceId& id) const = 0;
  virtual std::vector<NamespaceRecord> namespaces() const = 0;

  // -- actors ---------------------------------------------------------------------------------------------------------
  struct Created {
    ActorRecord actor;
    bool created = true;
  };
  /// Errors: `actor.duplicate_key` (metadata existing_actor_id, key).
  virtual Task<Result<ActorRecord>> create(CreateActor create) = 0;
  /// Returns the live actor of that key, or makes it. Racing calls converge on one actor.
  virtual Task<Result<Created>> get_or_create(CreateActor create) = 0;
  /// Destroyed actors included. The record as stored, not the view of a running actor.
  virtual Task<Result<std::optional<ActorRecord>>> find(ActorId id) = 0;
  /// The live actor of that key.
  virtual Task<Result<std::optional<ActorId>>> find_by_key(NamespaceId ns, std::string name, std::string key) = 0;
  /// By creation, newest first, strictly older than `before_ts`.
  virtual Task<Result<ActorPage>> list(NamespaceId ns, std::string name, std::optional<std::string> key,
                                       bool include_destroyed, std::size_t limit,
                                       std::optional<std::int64_t> before_ts) = 0;

  /// Changes a record: `change` gets the current one and edits its lifecycle fields; record and alarm index are written
  /// together. Errors: `actor.not_found` (destroyed ones too).
  virtual Task<Result<ActorRecord>> update(ActorId id, std::function<void(ActorRecord&)> change, Ack ack) = 0;
  /// Sets destroy_ts, frees the key and removes all data of the actor, in one commit. Idempotent.
  virtual Task<Result<ActorRecord>> destroy(ActorId id, std::int64_t now_ms) = 0;

  /// Actors that an envoy has or that wait for a host, after `after`, by id.
  virtual Task<Result<std::vector<ActorId>>> awake(std::optional<ActorId> after, std::size_t limit) = 0;

  struct AlarmPosition {
    std::int64_t ts = 0;
    ActorId id;
  };
  struct DueAlarms {
    std::vector<ActorId> due;
    /// Where to go on; nothing when there is no more due alarm.
    std::optional<AlarmPosition> more_after;
    /// The first alarm after `until_ms`; known only when nothing more is due.
    std::optional<std::int64_t> next_ts;
  };
  /// Alarms after `after` and at or before `until_ms`, earliest first.
  virtual Task<Result<DueAlarms>> due_alarms(std::optional<AlarmPosition> after, std::int64_t until_ms,
                                             std::size_t limit) = 0;
};

std::unique_ptr<Directory> make_directory(Ports ports, Store& store, ActorStore& actors,
                                          std::uint16_t datacenter_label);

}  // namespace troupe
