#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "engine/base/id.h"
#include "engine/pools/pool_error.h"

namespace troupe {

/// The last error of each pool: kept until so many hosts in a row have connected. In memory: after a restart the next
/// failure shows it again. Threads: any. Bound: an entry for each pool that has failed; `forget` takes it out.
class PoolErrors {
 public:
  explicit PoolErrors(std::uint32_t successes_to_clear) : successes_to_clear_(successes_to_clear) {}

  void report_error(const NamespaceId& ns, const std::string& pool, PoolError error);
  /// A host of the pool has connected.
  void report_success(const NamespaceId& ns, const std::string& pool);
  void forget(const NamespaceId& ns, const std::string& pool);
  std::optional<PoolError> active(const NamespaceId& ns, const std::string& pool) const;

 private:
  struct State {
    PoolError error;
    std::uint32_t successes = 0;
  };
  const std::uint32_t successes_to_clear_;
  mutable std::mutex mutex_;
  std::map<std::pair<NamespaceId, std::string>, State> failing_;
};

}  // namespace troupe
