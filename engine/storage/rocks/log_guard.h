#pragma once

#include <rocksdb/db.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace troupe {

/// Whether RocksDB's log can be trusted. RocksDB ends the process when it is asked to sync a log to which an append has
/// failed, so a full disk must not meet a sync: an append that fails waits for the sync that is under way, and no other
/// one is begun until `make_good`. Any thread.
class LogGuard {
 public:
  /// `files` with every log file watched.
  static std::shared_ptr<rocksdb::FileSystem> watch(std::shared_ptr<rocksdb::FileSystem> files,
                                                    std::shared_ptr<LogGuard> guard);

  /// Blocks. Does nothing but fail once something has failed.
  rocksdb::Status sync(rocksdb::DB& db);
  void append_failed();
  /// Whether the newest log file is one to which an append has failed.
  bool is_log_broken() const;
  /// Asked by the file system: false fails the making of a log.
  bool may_make_log();
  /// Whether a log can be made.
  void allow_logs(bool allowed);

  bool failed() const { return failed_; }
  std::uint64_t failures() const;
  /// All data have been rewritten elsewhere since `failures` was read. Without effect if more failed meanwhile.
  void make_good(std::uint64_t failures);

 private:
  // Taken by an append only after it has failed.
  mutable std::mutex mutex_;
  std::uint64_t failures_ = 0;
  bool log_broken_ = false;
  bool logs_allowed_ = true;
  std::atomic<bool> failed_{false};
};

}  // namespace troupe
