#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace troupe {

/// A bounded cache in front of the store, in shards. What was read from the store is only offered: an offer is
/// dropped when its shard was written between the read and the offer, so that no stale value can settle.
/// Threads: any. Bound: `capacity` entries.
template <class Key, class Value, class Hash = std::hash<Key>>
class LruCache {
 public:
  explicit LruCache(std::size_t capacity) : shard_capacity_(capacity / kShards + 1) {}

  std::optional<Value> find(const Key& key) {
    Shard& shard = shard_of(key);
    std::lock_guard lock(shard.mutex);
    shard.used = true;
    auto it = shard.entries.find(key);
    if (it == shard.entries.end()) return std::nullopt;
    shard.order.splice(shard.order.begin(), shard.order, it->second);
    return it->second->second;
  }

  /// To be taken before the read whose result is offered.
  std::uint64_t ticket(const Key& key) {
    Shard& shard = shard_of(key);
    std::lock_guard lock(shard.mutex);
    return shard.writes;
  }

  void offer(const Key& key, Value value, std::uint64_t ticket) {
    Shard& shard = shard_of(key);
    std::lock_guard lock(shard.mutex);
    if (shard.writes == ticket) insert(shard, key, std::move(value));
  }

  void put(const Key& key, Value value) {
    Shard& shard = shard_of(key);
    std::lock_guard lock(shard.mutex);
    ++shard.writes;
    insert(shard, key, std::move(value));
  }

  void erase(const Key& key) {
    Shard& shard = shard_of(key);
    std::lock_guard lock(shard.mutex);
    ++shard.writes;
    remove(shard, key);
  }

  /// To be called now and then: empties the shards that nobody has asked or written since the last call.
  void release_unused() {
    for (Shard& shard : shards_) {
      Order order;
      Entries entries;
      const std::lock_guard lock(shard.mutex);
      if (std::exchange(shard.used, false)) continue;
      order.swap(shard.order);
      entries.swap(shard.entries);
    }
  }

 private:
  static constexpr std::size_t kShards = 16;
  using Order = std::list<std::pair<Key, Value>>;
  using Entries = std::unordered_map<Key, typename Order::iterator, Hash>;
  struct Shard {
    std::mutex mutex;
    /// Most recently used first.
    Order order;
    Entries entries;
    std::uint64_t writes = 0;
    bool used = false;
  };

  Shard& shard_of(const Key& key) {
    const std::size_t h = Hash{}(key);
    return shards_[(h ^ h >> 17) % kShards];
  }

  void remove(Shard& shard, const Key& key) {
    auto it = shard.entries.find(key);
    if (it == shard.entries.end()) return;
    shard.order.erase(it->second);
    shard.entries.erase(it);
  }

  void insert(Shard& shard, const Key& key, Value value) {
    shard.used = true;
    remove(shard, key);
    shard.order.emplace_front(key, std::move(value));
    shard.entries.emplace(key, shard.order.begin());
    if (shard.entries.size() <= shard_capacity_) return;
    shard.entries.erase(shard.order.back().first);
    shard.order.pop_back();
  }

  std::size_t shard_capacity_;
  std::array<Shard, kShards> shards_;
};

}  // namespace troupe
