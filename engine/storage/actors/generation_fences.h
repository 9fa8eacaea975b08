#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "engine/base/id.h"
#include "troupe/result.h"

namespace troupe {

/// Which generation of each awake actor may write. Costs nothing for sleeping actors: an actor without an entry may
/// not write at all, so a straggler of a generation that is over fails closed.
/// Threads: any. Blocks: while a commit of an actor in the same shard is applied (microseconds, longer only while
/// RocksDB stalls writes).
class GenerationFences {
 public:
  /// Ignored when a newer generation is set already.
  void set(const ActorId& id, std::uint32_t generation);
  /// Ignored when another generation is set.
  void forget(const ActorId& id, std::uint32_t generation);

  /// Errors: `actor.fenced` unless `generation` is the one that is set.
  Result<void> check(const ActorId& id, std::uint32_t generation) const;
  /// The same; nobody can set another generation while the lock is held.
  Result<std::unique_lock<std::mutex>> hold(const ActorId& id, std::uint32_t generation) const;

 private:
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<ActorId, std::uint32_t> generations;
  };
  static constexpr std::size_t kShards = 64;

  // By a random byte of the id that its hash does not use.
  Shard& shard(const ActorId& id) { return shards_[id.bytes()[12] % kShards]; }
  const Shard& shard(const ActorId& id) const { return shards_[id.bytes()[12] % kShards]; }

  std::array<Shard, kShards> shards_;
};

}  // namespace troupe
