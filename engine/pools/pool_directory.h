#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/pools/pool.h"
#include "engine/storage/store.h"

namespace troupe {

/// What has happened to a pool.
struct PoolChange {
  NamespaceId namespace_id;
  std::string name;
  /// Null: the pool is gone.
  PoolPtr now;
  /// The config is new or hosts see another endpoint; false for other settings and the protocol version.
  bool endpoint_changed = false;
};

/// The pools of every namespace: durable, all in memory. Writes of one namespace happen one after the other.
/// Threads: any. Durability: `put` and `erase` return when durable.
class PoolDirectory {
 public:
  virtual ~PoolDirectory() = default;

  /// Reads everything. Errors: `storage.corrupt`.
  virtual Task<Result<void>> open() = 0;

  /// Answered from memory; null when there is none.
  virtual PoolPtr find(const NamespaceId& ns, std::string_view name) const = 0;
  /// By name.
  virtual std::vector<PoolPtr> list(const NamespaceId& ns) const = 0;
  /// Of every namespace.
  virtual std::vector<PoolPtr> all() const = 0;

  /// Makes or replaces a pool. `config` has passed `check_pool_config`. The result says whether hosts see another
  /// endpoint than before (see `endpoint_changed`). Errors: `runner_config.invalid` once a namespace has
  /// `pools_per_namespace_max` of them.
  virtual Task<Result<bool>> put(NamespaceId ns, std::string name, PoolConfig config) = 0;
  /// Idempotent.
  virtual Task<Result<void>> erase(NamespaceId ns, std::string name) = 0;
  /// The protocol version that the hosts of a pool speak; kept when the config is erased. Written only when it differs,
  /// and for an unknown pool only within the bound of `put`.
  virtual Task<Result<void>> note_protocol_version(NamespaceId ns, std::string name, std::uint16_t version) = 0;

  /// Called after every change, on the thread that made it, in the order of the changes of a namespace; must not
  /// block. Before `open`, which does not call it. Lifetime: what it uses outlives the directory.
  virtual void on_change(std::function<void(const PoolChange&)> listener) = 0;
};

/// Pools in one namespace; each costs about half a KiB of memory.
inline constexpr std::size_t kPoolsPerNamespaceMaxDefault = 10'000;

/// Lifetime: `store` outlives it.
std::unique_ptr<PoolDirectory> make_pool_directory(Store& store,
                                                   std::size_t pools_per_namespace_max = kPoolsPerNamespaceMaxDefault);

}  // namespace troupe
