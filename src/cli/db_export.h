#pragma once

#include <filesystem>
#include <string>

namespace troupe::cli {

struct DbExport {
  /// The data directory of an engine that does not run.
  std::filesystem::path data;
  std::string actor_id;
  /// Made; must not exist.
  std::filesystem::path file;
};

/// `troupe db export`: writes an actor's database, of whichever kind of host, as a plain SQLite file. Says on standard
/// output what it wrote, on standard error why not. Blocks. Result: the exit code.
int run_db_export(const DbExport& order);

}  // namespace troupe::cli
