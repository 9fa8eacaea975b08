#include "engine/storage/pages/sqlite/page_connection.h"

#include <strings.h>

#include <algorithm>
#include <array>

#include "engine/base/errors.h"

namespace troupe {
namespace {

/// Steps of SQLite's machine between two looks at the clock.
constexpr int kStepsPerCheck = 10'000;
/// A value or a row: no more than an answer may hold.
constexpr int kValueBytesMax = 64 << 20;

bool equal(const char* text, const char* other) { return text && ::strcasecmp(text, other) == 0; }

template <std::size_t N>
bool is_one_of(const char* name, const std::array<const char*, N>& names) {
  return std::any_of(names.begin(), names.end(), [&](const char* known) { return equal(name, known); });
}

/// Setting these has no effect: they would change how the database is kept, or the whole process.
constexpr std::array kFixed{"locking_mode",         "page_size",       "mmap_size",       "temp_store",
                            "temp_store_directory", "cache_size",      "cache_spill",     "max_page_count",
                            "data_store_directory", "soft_heap_limit", "hard_heap_limit", "default_cache_size"};
/// Settings of these end up in the database, or are none.
constexpr std::array kLasting{"application_id",   "user_version",      "table_info",        "table_xinfo",
                              "table_list",       "index_info",        "index_list",        "index_xinfo",
                              "foreign_key_list", "foreign_key_check", "optimize",          "integrity_check",
                              "quick_check",      "auto_vacuum",       "incremental_vacuum"};

Error open_failure(std::string_view text) {
  return make_error("sqlite", "unavailable", std::nullopt, "cannot open the database: " + std::string(text));
}

}  // namespace

Result<std::unique_ptr<PageConnection>> PageConnection::open(Store& store, const Clock& clock, ActorId id) {
  std::unique_ptr<PageConnection> connection(new PageConnection(store, clock, id));
  TROUPE_CHECK(connection->file_.open());
  const int code = open_paged_database(connection->file_, &connection->database_);
  if (code != SQLITE_OK) return open_failure(sqlite3_errstr(code));
  TROUPE_CHECK(connection->configure());
  return connection;
}

PageConnection::~PageConnection() { sqlite3_close_v2(database_); }

Result<void> PageConnection::configure() {
  sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_limit(database_, SQLITE_LIMIT_LENGTH, kValueBytesMax);
  // The changes of a transaction are in memory until the page store has them as one commit, so the rollback journal
  // is too. The format of the file stays that of a rollback journal: the envoy's own SQLite may open it next.
  for (const char* setting :
       {"PRAGMA locking_mode = EXCLUSIVE", "PRAGMA journal_mode = MEMORY", "PRAGMA synchronous = NORMAL",
        "PRAGMA temp_store = MEMORY", "PRAGMA cache_size = -1024", "PRAGMA foreign_keys = ON",
        "PRAGMA recursive_triggers = OFF", "PRAGMA cell_size_check = ON"}) {
    TROUPE_CHECK(control(setting));
  }
  // Reads the schema: a damaged database shows here.
  TROUPE_CHECK(control("SELECT count(*) FROM sqlite_schema"));
  file_.hide_journal_mode();
  sqlite3_set_authorizer(database_, &PageConnection::authorize, this);
  sqlite3_progress_handler(database_, kStepsPerCheck, &PageConnection::is_overdue, this);
  return {};
}

Result<void> PageConnection::control(const char* sql) {
  if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  if (file_.failure()) return *file_.failure();
  return open_failure(sqlite3_errmsg(database_));
}

int PageConnection::is_overdue(void* self) {
  const auto* connection = static_cast<PageConnection*>(self);
  return connection->clock_.monotonic() >= connection->deadline_ ? 1 : 0;
}

int PageConnection::authorize(void* self, int action, const char* first, const char* second, const char*, const char*) {
  auto* connection = static_cast<PageConnection*>(self);
  switch (action) {
    case SQLITE_ATTACH:
      // Anything else is a file of the machine. VACUUM attaches a nameless one.
      if (!first || (*first != '\0' && !equal(first, ":memory:"))) return SQLITE_DENY;
      if (*first != '\0') connection->has_session_state_ = true;
      return SQLITE_OK;
    case SQLITE_PRAGMA:
      if (!second) return SQLITE_OK;
      if (equal(first, "journal_mode")) return SQLITE_OK;
      if (is_one_of(first, kFixed)) return SQLITE_IGNORE;
      if (!is_one_of(first, kLasting)) connection->has_session_state_ = true;
      return SQLITE_OK;
    case SQLITE_CREATE_TEMP_INDEX:
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_CREATE_TEMP_VIEW:
      connection->has_session_state_ = true;
      return SQLITE_OK;
    default:
      return SQLITE_OK;
  }
}

}  // namespace troupe
