#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/base/id.h"
#include "engine/storage/store.h"

namespace troupe {

/// Names announced in one namespace; later ones are left out.
inline constexpr std::size_t kActorNamesPerNamespaceMax = 10'000;
/// A longer name is left out, and one with longer or deeper metadata.
inline constexpr std::size_t kActorNameBytesMax = 1'024;
inline constexpr std::size_t kActorNameMetadataBytesMax = 16'384;

inline constexpr std::size_t kActorNameNestingMax = 64;

/// The actor names that hosts have announced, with their metadata as a JSON object text. Durable, all in memory;
/// nothing takes a name out again. Threads: any.
class ActorNames {
 public:
  virtual ~ActorNames() = default;
  /// Errors: `storage.corrupt`.
  virtual Task<Result<void>> open() = 0;
  /// Adds names, or changes their metadata. Writes only what is new.
  virtual Task<Result<void>> announce(NamespaceId ns, std::map<std::string, std::string> names) = 0;
  virtual std::map<std::string, std::string> list(const NamespaceId& ns) const = 0;
};

/// Lifetime: `store` outlives it.
std::unique_ptr<ActorNames> make_actor_names(Store& store);

}  // namespace troupe
