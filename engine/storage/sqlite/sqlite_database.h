#pragma once

#include <memory>

#include "engine/storage/sqlite/sqlite_file.h"
#include "troupe/database.h"

namespace troupe {

/// The database of one generation of one actor. Lifetime: its end closes the session; calls that began outlive it.
std::unique_ptr<Database> make_sqlite_database(std::shared_ptr<SqliteFile> file, std::uint32_t generation);

}  // namespace troupe
