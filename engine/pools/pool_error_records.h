#pragma once

#include <memory>

#include "engine/pools/pool_directory.h"
#include "engine/pools/pool_errors.h"
#include "engine/storage/store.h"
#include "troupe/behavior.h"

namespace troupe {

/// Keeps the errors of pools over restarts: writes what changes, the changes of several pools in one commit while an
/// earlier one is under way. Threads: any. Durability: written soon after the report, which does not wait for it; the
/// last of them can be missing after a crash, and the next failure of the pool writes it again.
class PoolErrorRecords {
 public:
  virtual ~PoolErrorRecords() = default;
  /// Tells `PoolErrors` what is stored; takes out what belongs to pools that are gone. Errors: `storage.corrupt`.
  virtual Task<Result<void>> open(const PoolDirectory& pools) = 0;
  /// Waits until everything that was reported before is written, or has failed to be.
  virtual Task<void> written() = 0;
};

/// Listens to `errors`, which it does not touch after `open`. Lifetime: `store` outlives it.
std::shared_ptr<PoolErrorRecords> make_pool_error_records(IoExecutor io, Store& store, PoolErrors& errors);

}  // namespace troupe
