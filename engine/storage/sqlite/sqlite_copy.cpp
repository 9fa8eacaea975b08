#include "engine/storage/sqlite/sqlite_copy.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>

#include "engine/base/errors.h"
#include "engine/storage/rocks/file_system.h"
#include "engine/storage/sqlite/reserved_table.h"

namespace troupe {
namespace {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
using OpenDatabase = std::unique_ptr<sqlite3, CloseDatabase>;

Error copy_failure(const std::filesystem::path& path, int code) {
  return make_error("sqlite", "unavailable", std::nullopt, path.string() + ": " + sqlite3_errstr(code));
}

Result<OpenDatabase> open_database(const std::filesystem::path& path, int flags) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_READWRITE, nullptr);
  OpenDatabase database(raw);
  if (code != SQLITE_OK) return copy_failure(path, code);
  return database;
}

Result<void> copy_pages(const std::filesystem::path& from, const std::filesystem::path& to) {
  TROUPE_TRY(const OpenDatabase source, open_database(from, 0));
  TROUPE_TRY(const OpenDatabase target, open_database(to, SQLITE_OPEN_CREATE));
  sqlite3_backup* backup = sqlite3_backup_init(target.get(), "main", source.get(), "main");
  if (!backup) return copy_failure(to, sqlite3_errcode(target.get()));
  const int code = sqlite3_backup_step(backup, -1);
  sqlite3_backup_finish(backup);
  if (code != SQLITE_DONE) return copy_failure(from, code);
  // The copy says that it has a log beside it; a plain file has none.
  const int plain = sqlite3_exec(target.get(), "PRAGMA journal_mode = DELETE", nullptr, nullptr, nullptr);
  if (plain != SQLITE_OK) return copy_failure(to, plain);
  const std::string forget = std::string("DROP TABLE IF EXISTS ") + kReservedTable;
  const int dropped = sqlite3_exec(target.get(), forget.c_str(), nullptr, nullptr, nullptr);
  if (dropped != SQLITE_OK) return copy_failure(to, dropped);
  return {};
}

}  // namespace

Result<void> copy_sqlite_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (std::filesystem::exists(to)) return storage_unavailable("cannot make", to, EEXIST);
  const std::filesystem::path partial = to.string() + ".partial";
  const int fd = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return storage_unavailable("cannot make", partial, errno);
  ::close(fd);
  Result<void> copied = copy_pages(from, partial);
  // Unlike a rename, a link never replaces what is there.
  if (copied && ::link(partial.c_str(), to.c_str()) != 0) copied = storage_unavailable("cannot make", to, errno);
  ::unlink(partial.c_str());
  if (!copied) return copied;
  const std::filesystem::path parent = to.parent_path();
  return sync_directory(parent.empty() ? "." : parent);
}

}  // namespace troupe
