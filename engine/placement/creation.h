#pragma once

#include <memory>

#include "engine/engine.h"
#include "engine/placement/creation_limit.h"
#include "engine/placement/placement.h"

namespace troupe {

/// Making actors: checks, the record, and the first start in the background. Threads: any.
class Creation {
 public:
  Creation(Ports ports, const EngineSettings& settings, Directory& directory, PoolDirectory& pools,
           std::shared_ptr<Placement> placement);

  bool pool_exists(const NamespaceId& ns, const std::string& pool, const std::string& name) const;
  /// Errors as `Engine::create`.
  Task<Result<ActorRecord>> create(GetOrCreate create);
  Task<Result<Directory::Created>> get_or_create(GetOrCreate create);

 private:
  Result<void> check_pool(const GetOrCreate& create) const;
  /// For actors that other processes run: one of this process costs no more than a row.
  Result<void> check_rate(const GetOrCreate& create);
  bool runs_here(const GetOrCreate& create) const;

  std::string local_pool_;
  Directory& directory_;
  PoolDirectory& pools_;
  std::shared_ptr<Placement> placement_;
  CreationLimit limit_;
};

}  // namespace troupe
