#include "src/cli/db_export.h"

#include <iostream>
#include <memory>
#include <optional>

#include "engine/base/errors.h"
#include "engine/base/real_ports.h"
#include "engine/storage/open.h"
#include "engine/storage/pages/sqlite/page_export.h"
#include "engine/storage/sqlite/sqlite_copy.h"
#include "engine/storage/sqlite/sqlite_files.h"
#include "src/daemon/exit_codes.h"
#include "src/node/data_directory.h"
#include "src/node/io_pool.h"

namespace troupe::cli {
namespace {

/// Bytes of the file that was made.
Result<std::uintmax_t> export_database(const DbExport& order) {
  TROUPE_TRY(const ActorId id, Id::parse(order.actor_id));
  if (!std::filesystem::is_directory(order.data)) {
    return Error("storage", "unavailable", order.data.string() + " is not a data directory");
  }
  // Holds the lock of the engine: two of them would damage the data.
  TROUPE_TRY(const node::DataDirectory data, node::DataDirectory::open(order.data));
  node::IoPool pool(1);
  const auto clock = make_system_clock();
  const auto timers = make_asio_timers();
  const auto random = make_system_random();
  const Ports ports{*clock, *timers, *random, pool.executor(), pool.executor()};
  TROUPE_TRY(const std::unique_ptr<Store> store, open_store(ports, data.records(), StorageSettings()));
  const auto pages = export_pages(*store, id, order.file);
  if (!pages) {
    const std::filesystem::path own_file = sqlite_file_path(data.sqlite(), id);
    const bool is_in_a_file = pages.error().is("depot", "database_not_found") && std::filesystem::exists(own_file);
    if (!is_in_a_file) return pages.error();
    TROUPE_CHECK(copy_sqlite_file(own_file, order.file));
  }
  return std::filesystem::file_size(order.file);
}

std::string reason(const Error& error) {
  if (error.is("depot", "database_not_found")) return "this actor has no database";
  return error.detail().empty() ? error.message() : error.detail();
}

}  // namespace

int run_db_export(const DbExport& order) {
  const auto bytes = export_database(order);
  if (!bytes) {
    std::cerr << "troupe db export: " << bytes.error().id() << ": " << reason(bytes.error()) << '\n';
    return daemon::exit_code_of(bytes.error());
  }
  std::cout << "wrote " << *bytes << " bytes to " << order.file.string() << '\n';
  return daemon::kExitSuccess;
}

}  // namespace troupe::cli
