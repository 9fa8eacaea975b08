#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "engine/base/ports.h"
#include "engine/storage/actors/actor_store.h"
#include "engine/storage/store.h"

namespace troupe {

enum class DurabilityMode { sync, interval, os };

struct StorageSettings {
  DurabilityMode durability = DurabilityMode::sync;
  /// Longest time that a `written` commit stays without an fsync; also the period of `interval`.
  Millis sync_interval{1'000};
  /// Bytes.
  std::size_t block_cache_bytes = 16u << 20;
  std::size_t write_buffer_bytes = 8u << 20;
  /// Open SQLite files at a time; the least recently used idle one is closed beyond that.
  std::size_t sqlite_handles_max = 256;
  /// An open SQLite file that nobody used for this long is closed.
  Millis sqlite_idle_close{30'000};
};

/// RocksDB below `directory`, made if missing and locked: a second process fails with `storage.locked`.
/// Other errors: `storage.unavailable` (read-only, no space, I/O), `storage.corrupt`, `storage.format_unsupported`.
/// Blocks. Closing: the destructor waits for running commits and syncs.
Result<std::unique_ptr<Store>> open_store(const Ports& ports, const std::filesystem::path& directory,
                                          const StorageSettings& settings);

/// Everything in memory, no files: for tests and simulation. Same semantics; faults can be injected by a wrapper.
std::unique_ptr<Store> make_memory_store();

/// `sqlite_directory` is made if missing.
std::unique_ptr<ActorStore> make_actor_store(const Ports& ports, Store& store,
                                             const std::filesystem::path& sqlite_directory,
                                             const StorageSettings& settings);

}  // namespace troupe
