#include "engine/storage/actors/generation_fences.h"

#include <algorithm>

#include "engine/base/errors.h"

namespace troupe {

void GenerationFences::set(const ActorId& id, std::uint32_t generation) {
  Shard& home = shard(id);
  std::lock_guard lock(home.mutex);
  std::uint32_t& current = home.generations[id];
  current = std::max(current, generation);
}

void GenerationFences::forget(const ActorId& id, std::uint32_t generation) {
  Shard& home = shard(id);
  std::lock_guard lock(home.mutex);
  const auto found = home.generations.find(id);
  if (found != home.generations.end() && found->second == generation) home.generations.erase(found);
}

Result<void> GenerationFences::check(const ActorId& id, std::uint32_t generation) const {
  const auto held = hold(id, generation);
  if (!held) return held.error();
  return {};
}

Result<std::unique_lock<std::mutex>> GenerationFences::hold(const ActorId& id, std::uint32_t generation) const {
  const Shard& home = shard(id);
  std::unique_lock lock(home.mutex);
  const auto found = home.generations.find(id);
  if (found == home.generations.end() || found->second != generation) return make_error("actor", "fenced");
  return lock;
}

}  // namespace troupe
