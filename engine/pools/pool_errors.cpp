#include "engine/pools/pool_errors.h"

namespace troupe {

void PoolErrors::report_error(const NamespaceId& ns, const std::string& pool, PoolError error) {
  std::lock_guard lock(mutex_);
  failing_.insert_or_assign({ns, pool}, State{std::move(error), 0});
}

void PoolErrors::report_success(const NamespaceId& ns, const std::string& pool) {
  std::lock_guard lock(mutex_);
  const auto found = failing_.find({ns, pool});
  if (found == failing_.end()) return;
  if (++found->second.successes >= successes_to_clear_) failing_.erase(found);
}

void PoolErrors::forget(const NamespaceId& ns, const std::string& pool) {
  std::lock_guard lock(mutex_);
  failing_.erase({ns, pool});
}

std::optional<PoolError> PoolErrors::active(const NamespaceId& ns, const std::string& pool) const {
  std::lock_guard lock(mutex_);
  const auto found = failing_.find({ns, pool});
  if (found == failing_.end()) return std::nullopt;
  return found->second.error;
}

}  // namespace troupe
