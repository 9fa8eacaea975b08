#pragma once

#include <filesystem>

#include "troupe/result.h"

namespace troupe {

/// Copies a database file that nobody has open, what is only in its log included, to a new plain SQLite file. `to` must
/// not exist; it appears when it is whole. Blocks. Errors: `storage.unavailable`, `sqlite.unavailable`.
Result<void> copy_sqlite_file(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace troupe
