#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "engine/base/id.h"
#include "engine/pools/pool_error.h"

namespace troupe {

/// The last error of each pool: kept until so many hosts in a row have connected. All in memory; `PoolErrorRecords`
/// keeps it over restarts. Threads: any. Bound: an entry for each pool that has failed; `forget` takes it out.
class PoolErrors {
 public:
  /// Nothing: the pool has no error any more. Called in the order of the changes, while nothing else can be asked of
  /// the errors; must not block.
  using Listener =
      std::function<void(const NamespaceId& ns, const std::string& pool, const std::optional<FailingPool>& now)>;

  explicit PoolErrors(std::uint32_t successes_to_clear) : successes_to_clear_(successes_to_clear) {}

  void report_error(const NamespaceId& ns, const std::string& pool, PoolError error);
  /// A host of the pool has connected.
  void report_success(const NamespaceId& ns, const std::string& pool);
  void forget(const NamespaceId& ns, const std::string& pool);
  std::optional<PoolError> active(const NamespaceId& ns, const std::string& pool) const;

  /// Before the first report.
  void on_change(Listener listener) { listener_ = std::move(listener); }
  /// What an earlier run of the engine knew. The listener does not hear of it.
  void restore(const NamespaceId& ns, const std::string& pool, FailingPool failing);

 private:
  void tell(const NamespaceId& ns, const std::string& pool, const std::optional<FailingPool>& now) const;

  const std::uint32_t successes_to_clear_;
  Listener listener_;
  mutable std::mutex mutex_;
  std::map<std::pair<NamespaceId, std::string>, FailingPool> failing_;
};

}  // namespace troupe
