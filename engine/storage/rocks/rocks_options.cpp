#include "engine/storage/rocks/rocks_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <algorithm>

#include "engine/base/errors.h"

namespace troupe {
namespace {

constexpr int kOpenFilesMax = 256;
constexpr int kCacheShardBits = 2;
constexpr double kBloomBitsPerKey = 10;
constexpr std::size_t kLogFileBytesMax = 1u << 20;
constexpr std::size_t kLogFilesKept = 4;

rocksdb::CompressionType compression() {
  const auto supported = rocksdb::GetSupportedCompressions();
  const bool lz4 = std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end();
  return lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

}  // namespace

rocksdb::Options rocks_options(const StorageSettings& settings) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(settings.block_cache_bytes, kCacheShardBits);
  // Index and filter blocks count against the cache too: memory stays bounded however many actors are stored.
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
  table.format_version = 5;

  rocksdb::Options options;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.compression = compression();
  options.write_buffer_size = settings.write_buffer_bytes;
  options.max_write_buffer_number = 3;
  options.target_file_size_base = std::max<std::size_t>(settings.write_buffer_bytes * 2, 1u << 20);
  options.max_bytes_for_level_base = options.target_file_size_base * 4;
  options.level_compaction_dynamic_level_bytes = true;
  options.max_background_jobs = 2;
  options.bytes_per_sync = 1u << 20;

  // After a power loss the un-synced tail of the log may have holes, because pages are written back in any order.
  // Everything before the first hole is a consistent prefix and contains all that was synced.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // Commits are ordered outside: one writer at a time.
  options.allow_concurrent_memtable_write = false;
  options.enable_write_thread_adaptive_yield = false;
  // The store resumes by itself, on the engine's timers.
  options.max_bgerror_resume_count = 0;

  options.max_open_files = kOpenFilesMax;
  options.skip_stats_update_on_db_open = true;
  options.avoid_unnecessary_blocking_io = true;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.manifest_preallocation_size = 64u << 10;
  options.max_manifest_file_size = 4u << 20;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.max_log_file_size = kLogFileBytesMax;
  options.keep_log_file_num = kLogFilesKept;
  return options;
}

Error rocks_error(const rocksdb::Status& status, std::string_view doing) {
  std::string detail(doing);
  detail += ": " + status.ToString();
  const bool damaged = status.IsCorruption() || status.IsPathNotFound() ||
                       (status.IsIOError() && status.subcode() == rocksdb::Status::kPathNotFound);
  return make_error("storage", damaged ? "corrupt" : "unavailable", std::nullopt, std::move(detail));
}

}  // namespace troupe
