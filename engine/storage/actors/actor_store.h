#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/id.h"
#include "engine/storage/actors/row_changes.h"
#include "engine/storage/store.h"
#include "troupe/database.h"
#include "troupe/key_value.h"

namespace troupe {

/// What a save of an actor writes, atomically.
struct ActorSave {
  std::optional<Bytes> state;
  struct ConnectionRow {
    std::string conn_id;
    Bytes record;
  };
  std::vector<ConnectionRow> connections;
  std::vector<std::string> connections_removed;
  /// Rows of the actor's other parts (queue, schedule, key-value entries); null for none. Shared, so that whoever saves
  /// still has them when the commit fails.
  std::shared_ptr<const RowChanges> rows;
};

class PageStore;

/// The durable part of actors: state snapshot, connection records, key-value entries, queue, schedule, SQLite file.
/// Threads: any. Errors: those of Store and `actor.fenced` when a newer generation of the actor has been started.
class ActorStore {
 public:
  virtual ~ActorStore() = default;

  /// Nothing when the actor never completed its first start.
  virtual Task<Result<std::optional<Bytes>>> load_state(ActorId id) = 0;
  /// `generation` fences: a stale one fails with `actor.fenced` and writes nothing.
  virtual Task<Result<void>> save(ActorId id, std::uint32_t generation, ActorSave save, Ack ack) = 0;
  virtual Task<Result<std::vector<ActorSave::ConnectionRow>>> load_connections(ActorId id) = 0;

  /// One row of an actor, by a key of keys.h.
  virtual Task<Result<std::optional<Bytes>>> load_row(Bytes key) = 0;
  /// Rows of an actor in order of their keys.
  virtual Task<Result<std::vector<StoreEntry>>> load_rows(keys::Range range, ScanOptions options = {}) = 0;

  /// Key-value entries. Limits as in KeyValue. Lifetime: the returned object may outlive the ActorStore's caller.
  virtual std::unique_ptr<KeyValue> key_value(ActorId id, std::uint32_t generation) = 0;
  /// The actor's database; opens its file at the first statement. `executor` serialises the calls of this actor.
  virtual std::unique_ptr<Database> database(ActorId id, std::uint32_t generation, Executor executor) = 0;
  /// Waits for the running statement, rolls back an open transaction, closes the file. Later calls of this
  /// generation fail with `sqlite.closed`.
  virtual Task<void> close_database(ActorId id, std::uint32_t generation) = 0;

  /// Called by the placement before a generation may write: older generations are fenced from now on, and so is one
  /// that was never set.
  virtual void set_generation(ActorId id, std::uint32_t generation) = 0;
  /// Forgets the fence of an actor that is asleep or gone (costs no memory while asleep); nobody may write for it then.
  virtual void forget_generation(ActorId id, std::uint32_t generation) = 0;

  /// Databases of actors that run in other processes, fenced by the same generations. Null: this store has none.
  virtual PageStore* pages() { return nullptr; }

  /// Adds the removal of everything that belongs to the actor to `batch` (state, connections, key-value entries, pages
  /// and a note to remove its SQLite files). After the commit call `remove_files`; a crash in between is made good at
  /// start.
  virtual void erase_all(ActorId id, WriteBatch& batch) = 0;
  virtual Task<void> remove_files(ActorId id) = 0;
};

}  // namespace troupe
