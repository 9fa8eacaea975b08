#pragma once

#include <string>

#include "engine/directory/directory.h"
#include "engine/directory/lru_cache.h"

namespace troupe {

/// Which actors an envoy may reach. Threads: any. Lifetime: `directory` outlives it.
class ActorLookup {
 public:
  explicit ActorLookup(Directory& directory) : directory_(directory), namespaces_(kRemembered) {}

  /// A live actor of that namespace. Errors: the reason why the text is no id, or `actor.not_found`.
  Task<Result<ActorId>> find_live(NamespaceId ns, std::string actor_id);
  /// The same for requests that are fenced: whether the actor lives is the fence's business, and its namespace never
  /// changes, so the record is read once.
  Task<Result<ActorId>> find_fenced(NamespaceId ns, std::string actor_id);
  Task<Result<bool>> is_live(ActorId id);

 private:
  /// More would pin pages all over the heap; what is not among them is a read of the directory away.
  static constexpr std::size_t kRemembered = 1'024;

  Directory& directory_;
  LruCache<ActorId, NamespaceId> namespaces_;
};

}  // namespace troupe
