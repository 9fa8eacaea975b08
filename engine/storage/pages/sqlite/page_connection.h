#pragma once

#include <chrono>
#include <memory>

#include "engine/storage/pages/sqlite/page_vfs.h"

namespace troupe {

/// The one SQLite connection of a stored database. Its content comes from an untrusted process: SQLite is told so.
/// Threads: one at a time, of the storage pool; blocks. Lifetime: `store` and `clock` outlive it.
class PageConnection {
 public:
  /// Errors: those of Store, `sqlite.unavailable`.
  static Result<std::unique_ptr<PageConnection>> open(Store& store, const Clock& clock, ActorId id);
  ~PageConnection();
  PageConnection(const PageConnection&) = delete;
  PageConnection& operator=(const PageConnection&) = delete;

  sqlite3* database() { return database_; }
  PagedFile& file() { return file_; }
  bool in_transaction() const { return sqlite3_get_autocommit(database_) == 0; }
  /// Temporary objects or settings that closing would lose without anybody noticing.
  bool has_session_state() const { return has_session_state_; }
  /// Statements that still run then are interrupted.
  void set_deadline(std::chrono::nanoseconds monotonic) { deadline_ = monotonic; }

 private:
  PageConnection(Store& store, const Clock& clock, ActorId id) : clock_(clock), file_(store, id) {}

  Result<void> configure();
  Result<void> control(const char* sql);
  static int authorize(void* self, int action, const char* first, const char* second, const char* schema,
                       const char* trigger);
  static int is_overdue(void* self);

  const Clock& clock_;
  PagedFile file_;
  sqlite3* database_ = nullptr;
  std::chrono::nanoseconds deadline_ = std::chrono::nanoseconds::max();
  bool has_session_state_ = false;
};

}  // namespace troupe
