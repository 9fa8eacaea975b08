#include "engine/pools/pool_directory.h"

#include <map>
#include <mutex>
#include <utility>

#include "engine/base/errors.h"
#include "engine/directory/actor_locks.h"
#include "engine/pools/pool_codec.h"
#include "engine/pools/pool_error_key.h"
#include "engine/pools/pool_rules.h"

namespace troupe {
namespace {

Bytes encode_version(std::uint16_t version) {
  return {static_cast<std::uint8_t>(version >> 8), static_cast<std::uint8_t>(version)};
}

class StoredPools final : public PoolDirectory {
 public:
  StoredPools(Store& store, std::size_t per_namespace_max) : store_(store), per_namespace_max_(per_namespace_max) {}

  Task<Result<void>> open() override {
    auto range = keys::family(keys::Family::pool);
    TROUPE_CO_TRY(auto rows, co_await store_.scan(std::move(range.begin), std::move(range.end)));
    for (const auto& row : rows) {
      TROUPE_CO_CHECK(load(row));
    }
    co_return Result<void>();
  }

  PoolPtr find(const NamespaceId& ns, std::string_view name) const override {
    std::lock_guard lock(mutex_);
    const auto pools = namespaces_.find(ns);
    if (pools == namespaces_.end()) return nullptr;
    const auto found = pools->second.find(name);
    return found == pools->second.end() ? nullptr : found->second.pool;
  }

  std::vector<PoolPtr> list(const NamespaceId& ns) const override {
    std::lock_guard lock(mutex_);
    std::vector<PoolPtr> out;
    if (const auto pools = namespaces_.find(ns); pools != namespaces_.end())
      for (const auto& [name, entry] : pools->second)
        if (entry.pool) out.push_back(entry.pool);
    return out;
  }

  std::vector<PoolPtr> all() const override {
    std::lock_guard lock(mutex_);
    std::vector<PoolPtr> out;
    for (const auto& [ns, pools] : namespaces_)
      for (const auto& [name, entry] : pools)
        if (entry.pool) out.push_back(entry.pool);
    return out;
  }

  Task<Result<bool>> put(NamespaceId ns, std::string name, PoolConfig config) override {
    const auto writing = co_await writers_.lock(ns);
    const auto before = find(ns, name);
    if (before && before->config == config) co_return endpoint_changed(&before->config, config);
    if (!before && count(ns) >= per_namespace_max_) {
      Value metadata = Value::object({{"reason", Value("too many runner configs in this namespace")}});
      co_return make_error("runner_config", "invalid", std::move(metadata));
    }
    WriteBatch batch;
    batch.put(keys::pool_config(ns, name), encode_pool_config(config));
    TROUPE_CO_CHECK(co_await store_.commit(std::move(batch), Ack::durable));
    const bool changed = endpoint_changed(before ? &before->config : nullptr, config);
    announce(change(ns, std::move(name), std::move(config)), changed);
    co_return changed;
  }

  Task<Result<void>> erase(NamespaceId ns, std::string name) override {
    const auto writing = co_await writers_.lock(ns);
    if (!find(ns, name)) co_return Result<void>();
    WriteBatch batch;
    batch.erase(keys::pool_config(ns, name));
    TROUPE_CO_CHECK(co_await store_.commit(std::move(batch), Ack::durable));
    forget(ns, name);
    if (listener_) listener_(PoolChange{ns, std::move(name), nullptr, true});
    co_return Result<void>();
  }

  Task<Result<void>> note_protocol_version(NamespaceId ns, std::string name, std::uint16_t version) override {
    if (protocol_version(ns, name) == version) co_return Result<void>();
    const auto writing = co_await writers_.lock(ns);
    const auto known = protocol_version(ns, name);
    // Of a pool that nobody has configured the version is worth keeping only while there is room.
    if (known == version || (!known && !find(ns, name) && count(ns) >= per_namespace_max_)) co_return Result<void>();
    WriteBatch batch;
    batch.put(keys::pool_protocol(ns, name), encode_version(version));
    TROUPE_CO_CHECK(co_await store_.commit(std::move(batch), Ack::written));
    if (auto pool = change_version(ns, std::move(name), version)) announce(std::move(pool), false);
    co_return Result<void>();
  }

  void on_change(std::function<void(const PoolChange&)> listener) override { listener_ = std::move(listener); }

 private:
  struct Entry {
    /// Null: only the protocol version is known.
    PoolPtr pool;
    std::optional<std::uint16_t> protocol_version;
  };
  using Pools = std::map<std::string, Entry, std::less<>>;

  Result<void> load(const StoreEntry& row) {
    // Those are of `PoolErrorRecords`.
    if (keys::is_pool_error(row.key)) return {};
    const auto key = keys::parse_pool(row.key);
    if (!key) return make_error("storage", "corrupt", std::nullopt, "key of a pool");
    if (key->row == keys::PoolKey::Row::config) {
      TROUPE_TRY(auto config, decode_pool_config(key->name, row.value));
      change(key->namespace_id, key->name, std::move(config));
      return {};
    }
    if (row.value.size() != 2) return make_error("storage", "corrupt", std::nullopt, "protocol of pool " + key->name);
    const auto version = static_cast<std::uint16_t>(row.value[0] << 8 | row.value[1]);
    change_version(key->namespace_id, key->name, version);
    return {};
  }

  std::size_t count(const NamespaceId& ns) const {
    std::lock_guard lock(mutex_);
    const auto pools = namespaces_.find(ns);
    return pools == namespaces_.end() ? 0 : pools->second.size();
  }

  std::optional<std::uint16_t> protocol_version(const NamespaceId& ns, const std::string& name) const {
    std::lock_guard lock(mutex_);
    const auto pools = namespaces_.find(ns);
    if (pools == namespaces_.end()) return std::nullopt;
    const auto found = pools->second.find(name);
    return found == pools->second.end() ? std::nullopt : found->second.protocol_version;
  }

  PoolPtr change(const NamespaceId& ns, std::string name, PoolConfig config) {
    std::lock_guard lock(mutex_);
    auto& entry = namespaces_[ns][name];
    Pool pool{ns, std::move(name), std::move(config), entry.protocol_version};
    return entry.pool = std::make_shared<const Pool>(std::move(pool));
  }

  PoolPtr change_version(const NamespaceId& ns, std::string name, std::uint16_t version) {
    std::lock_guard lock(mutex_);
    auto& entry = namespaces_[ns][std::move(name)];
    entry.protocol_version = version;
    if (!entry.pool) return nullptr;
    Pool pool = *entry.pool;
    pool.protocol_version = version;
    return entry.pool = std::make_shared<const Pool>(std::move(pool));
  }

  void forget(const NamespaceId& ns, const std::string& name) {
    std::lock_guard lock(mutex_);
    auto& pools = namespaces_[ns];
    const auto found = pools.find(name);
    found->second.pool = nullptr;
    if (!found->second.protocol_version) pools.erase(found);
  }

  void announce(PoolPtr pool, bool changed) {
    if (listener_) listener_(PoolChange{pool->namespace_id, pool->name, pool, changed});
  }

  Store& store_;
  const std::size_t per_namespace_max_;
  /// One writer per namespace.
  ActorLocks writers_;
  std::function<void(const PoolChange&)> listener_;
  mutable std::mutex mutex_;
  std::map<NamespaceId, Pools> namespaces_;
};

}  // namespace

std::unique_ptr<PoolDirectory> make_pool_directory(Store& store, std::size_t pools_per_namespace_max) {
  return std::make_unique<StoredPools>(store, pools_per_namespace_max);
}

}  // namespace troupe
