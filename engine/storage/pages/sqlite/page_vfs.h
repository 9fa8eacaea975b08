#pragma once

#include <sqlite3.h>

#include <memory>

#include "engine/storage/pages/sqlite/paged_file.h"

namespace troupe {

/// Opens a connection whose main database is `file`; the only file there is for it: no journal (SQLite keeps it in
/// memory), no temporary files, no other databases. Lifetime: `file` outlives the connection.
/// The caller closes `*database` in any case. Result: SQLite's code.
int open_paged_database(PagedFile& file, sqlite3** database);

}  // namespace troupe
