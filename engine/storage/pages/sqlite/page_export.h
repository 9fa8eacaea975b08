#pragma once

#include <cstdint>
#include <filesystem>

#include "engine/base/id.h"
#include "engine/storage/store.h"

namespace troupe {

struct ExportedDatabase {
  std::uint64_t txid = 0;
  std::uint32_t size_pages = 0;
};

/// Writes a stored database as a plain SQLite file, as it was at one moment, and syncs it. `file` must not exist; it
/// appears when it is whole. A database that changes meanwhile is read again, a few times.
/// Blocks: for jobs of the storage pool. Errors: `depot.database_not_found`, `storage.conflict` when it kept changing,
/// `storage.unavailable` for the file, those of Store.
Result<ExportedDatabase> export_pages(Store& store, const ActorId& id, const std::filesystem::path& file);

}  // namespace troupe
