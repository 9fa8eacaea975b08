#include "engine/storage/pages/sqlite/page_vfs.h"

#include <strings.h>

#include <algorithm>
#include <cstring>
#include <utility>

// A VFS for SQLite (https://sqlite.org/vfs.html): its one kind of file is a PagedFile. Locks do nothing, because a
// database has one connection and the page store's head refuses a second writer.
namespace troupe {
namespace {

constexpr const char* kVfsName = "troupe-pages";

/// SQLite opens the file inside sqlite3_open_v2, on the same thread; this is how it gets there.
thread_local PagedFile* opening_file = nullptr;

struct OpenFile {
  sqlite3_file base;
  PagedFile* file;
};

PagedFile& file_of(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file)->file; }

int close(sqlite3_file*) { return SQLITE_OK; }
int read(sqlite3_file* file, void* out, int bytes, sqlite3_int64 offset) {
  return file_of(file).read(out, static_cast<std::size_t>(bytes), offset);
}
int write(sqlite3_file* file, const void* data, int bytes, sqlite3_int64 offset) {
  return file_of(file).write(data, static_cast<std::size_t>(bytes), offset);
}
int truncate(sqlite3_file* file, sqlite3_int64 bytes) { return file_of(file).truncate(bytes); }
int sync(sqlite3_file*, int) { return SQLITE_OK; }
int file_size(sqlite3_file* file, sqlite3_int64* bytes) {
  *bytes = file_of(file).size();
  return SQLITE_OK;
}
int lock(sqlite3_file*, int) { return SQLITE_OK; }
int check_reserved_lock(sqlite3_file*, int* reserved) {
  *reserved = 0;
  return SQLITE_OK;
}

int file_control(sqlite3_file* file, int operation, void* argument) {
  if (operation == SQLITE_FCNTL_COMMIT_PHASETWO) {
    file_of(file).seal();
    return SQLITE_OK;
  }
  if (operation != SQLITE_FCNTL_PRAGMA || !file_of(file).hides_journal_mode()) return SQLITE_NOTFOUND;
  auto* pragma = static_cast<char**>(argument);
  if (::strcasecmp(pragma[1], "journal_mode") != 0) return SQLITE_NOTFOUND;
  pragma[0] = sqlite3_mprintf("delete");
  return SQLITE_OK;
}

int sector_size(sqlite3_file*) { return static_cast<int>(kPageBytes); }
int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

constexpr sqlite3_io_methods kMethods = [] {
  sqlite3_io_methods methods{};
  methods.iVersion = 1;
  methods.xClose = close;
  methods.xRead = read;
  methods.xWrite = write;
  methods.xTruncate = truncate;
  methods.xSync = sync;
  methods.xFileSize = file_size;
  methods.xLock = lock;
  methods.xUnlock = lock;
  methods.xCheckReservedLock = check_reserved_lock;
  methods.xFileControl = file_control;
  methods.xSectorSize = sector_size;
  methods.xDeviceCharacteristics = characteristics;
  return methods;
}();

int open(sqlite3_vfs*, const char*, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  PagedFile* paged = std::exchange(opening_file, nullptr);
  if (!paged || (flags & SQLITE_OPEN_MAIN_DB) == 0) return SQLITE_CANTOPEN;
  reinterpret_cast<OpenFile*>(file)->file = paged;
  file->pMethods = &kMethods;
  if (out_flags) *out_flags = flags;
  return SQLITE_OK;
}

int remove(sqlite3_vfs*, const char*, int) { return SQLITE_OK; }
int access(sqlite3_vfs*, const char*, int, int* exists) {
  *exists = 0;
  return SQLITE_OK;
}
int full_path(sqlite3_vfs*, const char* name, int size, char* out) {
  const std::size_t length = std::strlen(name);
  if (length >= static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
  std::memcpy(out, name, length + 1);
  return SQLITE_OK;
}

sqlite3_vfs& page_vfs() {
  // Time and randomness are those of the system, as in every other SQLite database here.
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs made = *sqlite3_vfs_find(nullptr);
    made.iVersion = std::min(made.iVersion, 2);
    made.szOsFile = sizeof(OpenFile);
    made.pNext = nullptr;
    made.zName = kVfsName;
    made.xOpen = open;
    made.xDelete = remove;
    made.xAccess = access;
    made.xFullPathname = full_path;
    made.xDlOpen = nullptr;
    made.xDlError = nullptr;
    made.xDlSym = nullptr;
    made.xDlClose = nullptr;
    return made;
  }();
  static const int registered = sqlite3_vfs_register(&vfs, 0);
  static_cast<void>(registered);
  return vfs;
}

}  // namespace

int open_paged_database(PagedFile& file, sqlite3** database) {
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  opening_file = &file;
  const int code = sqlite3_open_v2("main.sqlite", database, kFlags, page_vfs().zName);
  opening_file = nullptr;
  return code;
}

}  // namespace troupe
