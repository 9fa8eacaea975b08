#pragma once

#include <memory>

#include "engine/base/id.h"
#include "engine/runtime/state/state_saver.h"
#include "engine/storage/actors/actor_store.h"
#include "troupe/database.h"
#include "troupe/key_value.h"

namespace troupe {

/// Key-value entries and SQLite file of one generation, opened when first used and shut for good at its end: code that
/// outlives a stop cannot write into the actor's next life. Threads: the actor's executor only.
class ActorData {
 public:
  /// Writes of entries are staged in `saver`.
  ActorData(ActorStore& store, StateSaver& saver, ActorId id, std::uint32_t generation);
  ~ActorData();

  /// After `close` its calls fail with `actor.stopping`.
  KeyValue& kv();
  /// After `close` its calls fail with `sqlite.closed`.
  Database& db();

  void close_kv();
  /// Waits for the running statement.
  Task<void> close_db();

 private:
  class GuardedKeyValue;
  class ClosedDatabase;

  ActorStore& store_;
  StateSaver& saver_;
  ActorId id_;
  std::uint32_t generation_;
  bool closed_ = false;
  std::unique_ptr<GuardedKeyValue> kv_;
  std::unique_ptr<Database> db_;
};

}  // namespace troupe
