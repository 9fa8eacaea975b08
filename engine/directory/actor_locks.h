#pragma once

#include <array>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "engine/base/async.h"
#include "engine/base/id.h"

namespace troupe {

/// One lock per actor, held across waits without blocking a thread; waiters get it in order of arrival.
/// Threads: any. Costs memory only while held. Lifetime: outlives its guards.
class ActorLocks {
 public:
  class Guard {
   public:
    Guard(ActorLocks& locks, ActorId id) : locks_(&locks), id_(id) {}
    Guard(Guard&& other) noexcept : locks_(std::exchange(other.locks_, nullptr)), id_(other.id_) {}
    Guard& operator=(Guard&&) = delete;
    ~Guard() {
      if (locks_) locks_->unlock(id_);
    }

   private:
    ActorLocks* locks_;
    ActorId id_;
  };

  Task<Guard> lock(ActorId id);

 private:
  static constexpr std::size_t kShards = 16;
  using Waiter = Continuation<bool>;
  struct Shard {
    std::mutex mutex;
    std::unordered_map<ActorId, std::deque<Waiter>> held;
  };

  Shard& shard_of(const ActorId& id) { return shards_[std::hash<ActorId>{}(id) % kShards]; }
  void unlock(const ActorId& id);

  std::array<Shard, kShards> shards_;
};

}  // namespace troupe
