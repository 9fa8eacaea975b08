#include "engine/pools/pool_errors.h"

namespace troupe {

void PoolErrors::report_error(const NamespaceId& ns, const std::string& pool, PoolError error) {
  FailingPool now{std::move(error), 0};
  std::lock_guard lock(mutex_);
  const auto [entry, added] = failing_.try_emplace({ns, pool}, now);
  // A pool that goes on failing in the same way is nothing new: its listener has work to do for each change.
  if (!added && entry->second == now) return;
  entry->second = std::move(now);
  tell(ns, pool, entry->second);
}

void PoolErrors::report_success(const NamespaceId& ns, const std::string& pool) {
  std::lock_guard lock(mutex_);
  const auto found = failing_.find({ns, pool});
  if (found == failing_.end()) return;
  if (++found->second.successes < successes_to_clear_) return tell(ns, pool, found->second);
  failing_.erase(found);
  tell(ns, pool, std::nullopt);
}

void PoolErrors::forget(const NamespaceId& ns, const std::string& pool) {
  std::lock_guard lock(mutex_);
  if (failing_.erase({ns, pool}) > 0) tell(ns, pool, std::nullopt);
}

std::optional<PoolError> PoolErrors::active(const NamespaceId& ns, const std::string& pool) const {
  std::lock_guard lock(mutex_);
  const auto found = failing_.find({ns, pool});
  if (found == failing_.end()) return std::nullopt;
  return found->second.error;
}

void PoolErrors::restore(const NamespaceId& ns, const std::string& pool, FailingPool failing) {
  std::lock_guard lock(mutex_);
  failing_.insert_or_assign({ns, pool}, std::move(failing));
}

void PoolErrors::tell(const NamespaceId& ns, const std::string& pool, const std::optional<FailingPool>& now) const {
  if (listener_) listener_(ns, pool, now);
}

}  // namespace troupe
