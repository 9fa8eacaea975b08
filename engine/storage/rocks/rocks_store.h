#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "engine/base/async.h"
#include "engine/base/ports.h"
#include "engine/storage/job_gate.h"
#include "engine/storage/open.h"
#include "engine/storage/rocks/delayed_job.h"
#include "engine/storage/rocks/file_system.h"
#include "engine/storage/rocks/group_sync.h"
#include "engine/storage/rocks/log_guard.h"
#include "engine/storage/store.h"

namespace troupe {

/// What stands behind the RocksDB store; shared by the store and the jobs it has given to the storage pool.
///
/// Commits. One writer at a time: either the caller, inline, under `write_mutex_`, when everything it needs is in
/// memory; or, when a precondition has to be read from disk or RocksDB would stall, the slow writer, a job that works
/// off `slow_queue_`. While the slow writer is active every commit joins its queue, so the order of calls is the order
/// of application, preconditions and changes are one step, and no lock is held across a blocking call.
///
/// Failures. A write or sync that failed leaves RocksDB refusing writes. `resume` is tried every kResumeInterval. After
/// a failed fsync the kernel may have dropped the dirty pages and report success next time, so nothing counts as
/// durable until a resume has rewritten all unflushed data into new, synced files; meanwhile every commit fails.
class RocksCore : public std::enable_shared_from_this<RocksCore> {
 public:
  /// `env` stands for the file system; it outlives the core.
  static Result<std::shared_ptr<RocksCore>> open(const Ports& ports, const std::filesystem::path& directory,
                                                 const StorageSettings& settings,
                                                 rocksdb::Env* env = rocksdb::Env::Default());
  ~RocksCore();

  /// Idempotent; answers everybody who waits, flushes and closes the files. Blocks.
  void close();

  using Found = std::optional<Bytes>;
  /// Nothing: not in memory.
  std::optional<Result<Found>> get_cached(const Bytes& key);
  void get_slowly(Bytes key, Continuation<Result<Found>> done);
  using FoundMany = std::vector<std::optional<Bytes>>;
  /// Nothing: at least one is not in memory.
  std::optional<Result<FoundMany>> get_many_cached(const std::vector<Bytes>& keys);
  Result<FoundMany> get_many_now(const std::vector<Bytes>& keys);
  void get_many_slowly(std::vector<Bytes> keys, Continuation<Result<FoundMany>> done);
  void approximate_bytes(Bytes begin, Bytes end, Continuation<Result<std::uint64_t>> done);
  void scan(Bytes begin, Bytes end, ScanOptions options, Continuation<Result<std::vector<StoreEntry>>> done);

  /// The whole commit up to the hand-over to the operating system, on the caller's thread. Nothing: it must go through
  /// `commit_slowly`, at once and from the same thread.
  std::optional<Result<void>> try_commit(const WriteBatch& batch, bool sync);
  void commit_slowly(WriteBatch batch, bool sync, Continuation<Result<void>> done);
  /// Whether Ack::durable means an fsync.
  bool syncs() const { return settings_.durability == DurabilityMode::sync; }
  void join_sync(Continuation<Result<void>> done) { sync_->join(std::move(done)); }
  std::uint64_t sync_rounds() const { return sync_->rounds(); }
  /// As `Store::release_memory`.
  void release_memory();

 private:
  RocksCore(const Ports& ports, const StorageSettings& settings);

  struct SlowCommit {
    WriteBatch batch;
    bool sync;
    std::size_t bytes;
    Continuation<Result<void>> done;
  };
  enum class Speed { memory_only, may_block };

  Result<void> check_format();
  /// Nothing: `tier` lacks one.
  std::optional<Result<FoundMany>> multi_get(const std::vector<Bytes>& keys, rocksdb::ReadTier tier);
  /// Nothing: not possible without blocking.
  std::optional<Result<void>> apply(const WriteBatch& batch, bool sync, Speed speed);
  std::optional<Result<void>> check_expectations(const WriteBatch& batch, Speed speed);
  rocksdb::Status add_range_erase(const WriteBatch& batch, std::size_t position, Speed speed, rocksdb::WriteBatch& out);
  void run_slow_commits();
  /// False when the queue was empty.
  bool run_slow_commit();
  Result<void> sync_log();
  void note_failure();
  void resume();
  rocksdb::Status replace_log();

  const Ports ports_;
  const StorageSettings settings_;
  const std::shared_ptr<JobGate> gate_ = std::make_shared<JobGate>();
  DirectoryLock lock_;
  const std::shared_ptr<LogGuard> log_ = std::make_shared<LogGuard>();
  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::DB> db_;
  std::shared_ptr<GroupSync> sync_;
  std::shared_ptr<DelayedJob> background_sync_;
  std::shared_ptr<DelayedJob> resume_later_;

  std::mutex write_mutex_;
  bool slow_writer_active_ = false;
  std::deque<SlowCommit> slow_queue_;
  std::size_t slow_queue_bytes_ = 0;

  bool closed_ = false;
  /// At the last `release_memory`.
  std::atomic<rocksdb::SequenceNumber> sequence_seen_{0};
};

std::unique_ptr<Store> make_rocks_store(std::shared_ptr<RocksCore> core);

}  // namespace troupe
