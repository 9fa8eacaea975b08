#include "engine/directory/actor_locks.h"

namespace troupe {

Task<ActorLocks::Guard> ActorLocks::lock(ActorId id) {
  // These locks may be gone before the caller is.
  const auto table = table_;
  Shard& shard = table->shard_of(id);
  {
    std::lock_guard guard(shard.mutex);
    if (shard.held.try_emplace(id).second) co_return Guard(table, id);
  }
  auto enqueue = [&shard, id](Waiter waiter) {
    {
      std::lock_guard guard(shard.mutex);
      auto [it, free_again] = shard.held.try_emplace(id);
      if (!free_again) {
        it->second.push_back(std::move(waiter));
        return;
      }
    }
    waiter.post(true);
  };
  co_await suspend<bool>(enqueue);
  co_return Guard(table, id);
}

void ActorLocks::Table::unlock(const ActorId& id) {
  Shard& shard = shard_of(id);
  Waiter next;
  {
    std::lock_guard guard(shard.mutex);
    auto it = shard.held.find(id);
    if (it->second.empty()) {
      shard.held.erase(it);
      return;
    }
    next = std::move(it->second.front());
    it->second.pop_front();
  }
  next.post(true);
}

}  // namespace troupe
