#include "engine/hosts/envoy/envoy_registry.h"

#include <algorithm>
#include <array>

namespace troupe {

EnvoyRegistry::EnvoyRegistry(Ports ports, const EnvoySettings& settings) : ports_(ports), settings_(settings) {}

std::pair<EnvoyRegistry::ProcessPtr, bool> EnvoyRegistry::obtain(const NamespaceId& ns, const std::string& key) {
  const std::lock_guard lock(mutex_);
  auto [it, added] = processes_.try_emplace(Key{ns, key});
  if (added) it->second = std::make_shared<EnvoyProcess>(ports_, settings_, ns, key);
  return {it->second, added};
}

void EnvoyRegistry::forget(const ProcessPtr& process) {
  const std::lock_guard lock(mutex_);
  const auto it = processes_.find(Key{process->namespace_id, process->key()});
  if (it != processes_.end() && it->second == process) processes_.erase(it);
}

bool EnvoyRegistry::is_eligible(const EnvoyProcess& process) const {
  return process.connected() && !process.stopping() && process.silence() < settings_.eligible_threshold;
}

std::size_t EnvoyRegistry::random_below(std::size_t bound) {
  std::array<std::uint8_t, 4> bytes{};
  ports_.random.fill(bytes);
  std::uint32_t number = 0;
  for (const std::uint8_t byte : bytes) number = number << 8 | byte;
  return number % bound;
}

EnvoyRegistry::ProcessPtr EnvoyRegistry::choose(const NamespaceId& ns, const std::string& pool) {
  std::vector<ProcessPtr> best;
  std::uint32_t version = 0;
  for (const ProcessPtr& process : all()) {
    if (process->namespace_id != ns || process->pool() != pool || !is_eligible(*process)) continue;
    const std::uint32_t its = process->deployed_version();
    if (!best.empty() && its < version) continue;
    if (its > version) best.clear();
    version = its;
    best.push_back(process);
  }
  if (best.empty()) return nullptr;
  const ProcessPtr& one = best[random_below(best.size())];
  const ProcessPtr& other = best[random_below(best.size())];
  return other->actor_count() < one->actor_count() ? other : one;
}

std::vector<EnvoyRegistry::ProcessPtr> EnvoyRegistry::active(const NamespaceId& ns) const {
  std::vector<ProcessPtr> some = all();
  std::erase_if(some, [&](const ProcessPtr& process) {
    return process->namespace_id != ns || !process->connected() || process->stopping();
  });
  return some;
}

std::vector<EnvoyRegistry::ProcessPtr> EnvoyRegistry::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<ProcessPtr> all;
  all.reserve(processes_.size());
  for (const auto& [key, process] : processes_) all.push_back(process);
  return all;
}

}  // namespace troupe
