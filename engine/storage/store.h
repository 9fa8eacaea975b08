#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "troupe/bytes.h"
#include "troupe/result.h"

namespace troupe {

/// How far a commit has come when its task returns.
enum class Ack {
  /// Handed to the operating system: survives `kill -9` of the process. Costs a system call.
  written,
  /// As the `durability` setting says: `sync` (default) after an fsync shared with other commits, so it survives a
  /// power loss; `interval` and `os` after the hand-over, with an fsync every so often or never.
  durable,
};

/// An atomic set of changes, applied in order.
class WriteBatch {
 public:
  struct Put {
    Bytes key, value;
  };
  struct Erase {
    Bytes key;
  };
  /// `begin` inclusive, `end` exclusive.
  struct EraseRange {
    Bytes begin, end;
  };
  using Change = std::variant<Put, Erase, EraseRange>;
  /// A fence: the commit fails with `storage.conflict` and changes nothing unless the key holds this now
  /// (nothing = must be absent).
  struct Expect {
    Bytes key;
    std::optional<Bytes> value;
  };
  /// A fence that lives in memory: asked in one step with the write, on any thread, before the expectations. An error
  /// makes the commit fail with it and change nothing; the lock is held until the changes are applied.
  using Guard = std::function<Result<std::unique_lock<std::mutex>>()>;

  void put(Bytes key, Bytes value) { changes_.emplace_back(Put{std::move(key), std::move(value)}); }
  void erase(Bytes key) { changes_.emplace_back(Erase{std::move(key)}); }
  void erase_range(Bytes begin, Bytes end) { changes_.emplace_back(EraseRange{std::move(begin), std::move(end)}); }
  void expect(Bytes key, std::optional<Bytes> value) { expects_.push_back({std::move(key), std::move(value)}); }
  void guard(Guard guard) { guard_ = std::move(guard); }

  const std::vector<Change>& changes() const { return changes_; }
  const std::vector<Expect>& expects() const { return expects_; }
  const Guard& guard() const { return guard_; }
  bool empty() const { return changes_.empty(); }

 private:
  std::vector<Change> changes_;
  std::vector<Expect> expects_;
  Guard guard_;
};

struct ScanOptions {
  bool reverse = false;
  std::size_t limit = SIZE_MAX;
  /// Stop once this many bytes of keys and values are collected.
  std::size_t bytes_max = SIZE_MAX;
};

struct StoreEntry {
  Bytes key, value;
};

/// Ordered keys with atomic batches. Small on purpose, so that another transactional store can stand behind it.
/// Threads: any. Tasks may be awaited from any executor and resume there.
/// Errors: `storage.unavailable` (I/O error, disk full; nothing of the batch is applied), `storage.conflict`,
/// `storage.corrupt`.
class Store {
 public:
  virtual ~Store() = default;
  /// Answers from memory at once when it can, else from the storage pool.
  virtual Task<Result<std::optional<Bytes>>> get(Bytes key) = 0;
  /// The values of `keys`, in their order and all of one moment. A few are answered from memory at once when they are
  /// there; everything else runs on the storage pool.
  virtual Task<Result<std::vector<std::optional<Bytes>>>> get_many(std::vector<Bytes> keys) = 0;
  /// The same on the caller's thread, for jobs of the storage pool. Blocks.
  virtual Result<std::vector<std::optional<Bytes>>> get_many_now(const std::vector<Bytes>& keys) = 0;
  /// About how many bytes the entries with begin <= key < end take. Runs on the storage pool.
  virtual Task<Result<std::uint64_t>> approximate_bytes(Bytes begin, Bytes end) = 0;
  /// Entries with begin <= key < end. Runs on the storage pool.
  virtual Task<Result<std::vector<StoreEntry>>> scan(Bytes begin, Bytes end, ScanOptions options = {}) = 0;
  /// Commits are applied in the order of the calls made from one executor.
  virtual Task<Result<void>> commit(WriteBatch batch, Ack ack) = 0;
  /// To be called now and then: a store that nobody has written to since the last call gives back the memory that it
  /// only holds to be fast. Does not block.
  virtual void release_memory() {}
};

}  // namespace troupe
