#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "engine/storage/sqlite/sqlite_file.h"

namespace troupe {

/// Where an actor's database file is, below the directory of all of them.
std::filesystem::path sqlite_file_path(const std::filesystem::path& directory, const ActorId& id);

/// All database files: at most one SqliteFile per actor, a budget of open ones, and the closing of idle ones.
/// Threads: any. Lifetime: shared with the files; `close` before the ports go.
class SqliteFiles : public std::enable_shared_from_this<SqliteFiles> {
 public:
  static std::shared_ptr<SqliteFiles> make(const Ports& ports, std::filesystem::path directory,
                                           const StorageSettings& settings,
                                           std::shared_ptr<const GenerationFences> fences);

  std::shared_ptr<SqliteFile> file(const ActorId& id);
  /// Null: nobody uses the actor's file.
  std::shared_ptr<SqliteFile> find(const ActorId& id);
  std::size_t open_count() const;

  /// Closes and deletes the files of an actor. Errors: `storage.unavailable`.
  static Task<Result<void>> remove(std::shared_ptr<SqliteFiles> files, ActorId id);

  /// Waits for running statements, closes every file. Blocks.
  void close();

  // -- for SqliteFile, on the storage pool without its mutex ----------------------------------------------------------
  Result<std::unique_ptr<SqliteConnection>> open_connection(const std::shared_ptr<SqliteFile>& file);
  void used(const SqliteFile* file);
  void closed(const SqliteFile* file);

 private:
  SqliteFiles(const Ports& ports, std::filesystem::path directory, const StorageSettings& settings,
              std::shared_ptr<const GenerationFences> fences);

  struct Open {
    std::shared_ptr<SqliteFile> file;
    std::chrono::nanoseconds last_used{0};
  };
  using OpenList = std::list<Open>;

  std::filesystem::path path_of(const ActorId& id) const { return sqlite_file_path(directory_, id); }
  /// Files that may be closed, least recently used first: those unused since `before`.
  std::vector<std::shared_ptr<SqliteFile>> idle_since(std::chrono::nanoseconds before, std::size_t limit) const;
  void make_room();
  void sweep();
  Result<void> delete_files(const std::filesystem::path& path) const;

  const std::shared_ptr<SqliteShared> shared_;
  const std::filesystem::path directory_;
  const std::size_t handles_max_;
  const Millis idle_close_;
  std::shared_ptr<DelayedJob> sweep_later_;

  mutable std::mutex mutex_;
  std::unordered_map<ActorId, std::weak_ptr<SqliteFile>> files_;
  /// Least recently used first.
  OpenList open_;
  std::unordered_map<const SqliteFile*, OpenList::iterator> open_index_;
  /// `files_` is cleared of dead entries when it has grown to this size.
  std::size_t prune_at_ = 64;
};

}  // namespace troupe
