#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/hosts/envoy/envoy_process.h"

namespace troupe {

/// Every envoy that is connected, or was and is not forgotten yet. Threads: any.
class EnvoyRegistry {
 public:
  using ProcessPtr = std::shared_ptr<EnvoyProcess>;

  EnvoyRegistry(Ports ports, const EnvoySettings& settings);

  /// The process of that key, made if need be; the second value says whether it was.
  std::pair<ProcessPtr, bool> obtain(const NamespaceId& ns, const std::string& key);
  void forget(const ProcessPtr& process);

  /// Where the next actor of the pool goes: the less loaded of two random envoys of the highest version; null = nobody.
  ProcessPtr choose(const NamespaceId& ns, const std::string& pool);
  /// Connected and not stopping.
  std::vector<ProcessPtr> active(const NamespaceId& ns) const;
  std::vector<ProcessPtr> all() const;

 private:
  using Key = std::pair<NamespaceId, std::string>;

  bool is_eligible(const EnvoyProcess& process) const;
  std::size_t random_below(std::size_t bound);

  Ports ports_;
  const EnvoySettings settings_;
  mutable std::mutex mutex_;
  std::map<Key, ProcessPtr> processes_;
};

}  // namespace troupe
