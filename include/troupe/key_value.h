#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "troupe/bytes.h"
#include "troupe/result.h"

namespace troupe {

struct KvEntry {
  Bytes key;
  Bytes value;
};

struct KvListOptions {
  bool reverse = false;
  std::optional<std::size_t> limit;
};

/// An actor's own ordered key-value store. Threads: the actor's executor only.
/// Limits: key 2,047 bytes, value 131,072 bytes → `kv.key_too_large`, `kv.value_too_large` (metadata size, limit).
/// Durability: a write is seen at once and goes with the next commit of the actor, together with the other changes of
/// the turn; nothing that reveals it leaves the actor before that is as durable as the daemon's `durability` setting
/// says.
class KeyValue {
 public:
  virtual ~KeyValue() = default;
  virtual Task<Result<std::optional<Bytes>>> get(Bytes key) = 0;
  virtual Task<Result<std::vector<std::optional<Bytes>>>> get_many(std::vector<Bytes> keys) = 0;
  virtual Task<Result<void>> put(Bytes key, Bytes value) = 0;
  virtual Task<Result<void>> put_many(std::vector<KvEntry> entries) = 0;
  virtual Task<Result<void>> erase(std::vector<Bytes> keys) = 0;
  /// Entries whose key starts with `prefix`, in byte order.
  virtual Task<Result<std::vector<KvEntry>>> list_prefix(Bytes prefix, KvListOptions options = {}) = 0;
  /// `start` inclusive, `end` exclusive.
  virtual Task<Result<std::vector<KvEntry>>> list_range(Bytes start, Bytes end, KvListOptions options = {}) = 0;
  virtual Task<Result<void>> erase_range(Bytes start, Bytes end) = 0;
};

}  // namespace troupe
