#pragma once

#include <array>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "engine/base/async.h"
#include "engine/base/id.h"

namespace troupe {

/// One lock per actor, held across waits without blocking a thread; waiters get it in order of arrival.
/// Threads: any. Costs memory only while held. Lifetime: a guard may outlive it, as it does in a coroutine that is
/// destroyed with its executor, after the engine.
class ActorLocks {
  struct Table;

 public:
  class Guard {
   public:
    Guard(std::shared_ptr<Table> table, ActorId id) : table_(std::move(table)), id_(id) {}
    Guard(Guard&&) noexcept = default;
    Guard& operator=(Guard&&) = delete;
    ~Guard() {
      if (table_) table_->unlock(id_);
    }

   private:
    std::shared_ptr<Table> table_;
    ActorId id_;
  };

  Task<Guard> lock(ActorId id);

 private:
  using Waiter = Continuation<bool>;
  struct Shard {
    std::mutex mutex;
    std::unordered_map<ActorId, std::deque<Waiter>> held;
  };
  struct Table {
    static constexpr std::size_t kShards = 16;

    Shard& shard_of(const ActorId& id) { return shards[std::hash<ActorId>{}(id) % kShards]; }
    void unlock(const ActorId& id);

    std::array<Shard, kShards> shards;
  };

  std::shared_ptr<Table> table_ = std::make_shared<Table>();
};

}  // namespace troupe
