#include "engine/storage/sqlite/sqlite_files.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "engine/base/errors.h"
#include "engine/storage/rocks/file_system.h"

namespace troupe {
namespace {

/// Candidates looked at for one new handle.
constexpr std::size_t kVictimsMax = 16;
/// Files closed by one sweep, so that one job does not keep its thread for long.
constexpr std::size_t kSweepMax = 64;

}  // namespace

std::shared_ptr<SqliteFiles> SqliteFiles::make(const Ports& ports, std::filesystem::path directory,
                                               const StorageSettings& settings,
                                               std::shared_ptr<const GenerationFences> fences) {
  std::shared_ptr<SqliteFiles> files(new SqliteFiles(ports, std::move(directory), settings, std::move(fences)));
  files->sweep_later_ = DelayedJob::make(ports, [weak = std::weak_ptr(files)] {
    const auto alive = weak.lock();
    if (!alive) return;
    boost::asio::post(alive->shared_->ports.storage, [alive] {
      if (const JobGate::Pass pass(alive->shared_->gate); pass) alive->sweep();
    });
  });
  return files;
}

SqliteFiles::SqliteFiles(const Ports& ports, std::filesystem::path directory, const StorageSettings& settings,
                         std::shared_ptr<const GenerationFences> fences)
    : shared_(std::make_shared<SqliteShared>(SqliteShared{ports, settings.durability, std::move(fences)})),
      directory_(std::move(directory)),
      handles_max_(std::max<std::size_t>(settings.sqlite_handles_max, 1)),
      idle_close_(settings.sqlite_idle_close) {}

std::filesystem::path sqlite_file_path(const std::filesystem::path& directory, const ActorId& id) {
  // 256 directories, by a random byte of the id.
  std::array<char, 3> shard{};
  std::snprintf(shard.data(), shard.size(), "%02x", id.bytes()[1]);
  return directory / shard.data() / (id.text() + ".sqlite");
}

std::shared_ptr<SqliteFile> SqliteFiles::file(const ActorId& id) {
  std::lock_guard lock(mutex_);
  std::weak_ptr<SqliteFile>& slot = files_[id];
  if (auto known = slot.lock()) return known;
  auto made = std::make_shared<SqliteFile>(weak_from_this(), shared_, id, path_of(id));
  slot = made;
  if (files_.size() >= prune_at_) {
    std::erase_if(files_, [](const auto& entry) { return entry.second.expired(); });
    prune_at_ = std::max<std::size_t>(64, files_.size() * 2);
  }
  return made;
}

std::shared_ptr<SqliteFile> SqliteFiles::find(const ActorId& id) {
  std::lock_guard lock(mutex_);
  const auto found = files_.find(id);
  return found == files_.end() ? nullptr : found->second.lock();
}

std::size_t SqliteFiles::open_count() const {
  std::lock_guard lock(mutex_);
  return open_.size();
}

Result<std::unique_ptr<SqliteConnection>> SqliteFiles::open_connection(const std::shared_ptr<SqliteFile>& file) {
  make_room();
  if (auto made = make_directories(file->path().parent_path()); !made) {
    return make_error("sqlite", "unavailable", std::nullopt, made.error().detail());
  }
  TROUPE_TRY(auto connection, SqliteConnection::open(file->path(), shared_->durability));
  {
    std::lock_guard lock(mutex_);
    open_.push_back({file, shared_->ports.clock.monotonic()});
    open_index_[file.get()] = std::prev(open_.end());
  }
  sweep_later_->request(idle_close_);
  return connection;
}

void SqliteFiles::used(const SqliteFile* file) {
  std::lock_guard lock(mutex_);
  const auto found = open_index_.find(file);
  if (found == open_index_.end()) return;
  found->second->last_used = shared_->ports.clock.monotonic();
  open_.splice(open_.end(), open_, found->second);
}

void SqliteFiles::closed(const SqliteFile* file) {
  // Outside the lock: the list may hold the last reference.
  std::shared_ptr<SqliteFile> released;
  std::lock_guard lock(mutex_);
  const auto found = open_index_.find(file);
  if (found == open_index_.end()) return;
  released = std::move(found->second->file);
  open_.erase(found->second);
  open_index_.erase(found);
}

std::vector<std::shared_ptr<SqliteFile>> SqliteFiles::idle_since(std::chrono::nanoseconds before,
                                                                 std::size_t limit) const {
  std::vector<std::shared_ptr<SqliteFile>> files;
  std::lock_guard lock(mutex_);
  for (auto entry = open_.begin(); entry != open_.end() && files.size() < limit && entry->last_used <= before;
       ++entry) {
    files.push_back(entry->file);
  }
  return files;
}

void SqliteFiles::make_room() {
  if (open_count() < handles_max_) return;
  for (const auto& victim : idle_since(std::chrono::nanoseconds::max(), kVictimsMax)) {
    if (victim->close_if_idle() && open_count() < handles_max_) return;
  }
}

void SqliteFiles::sweep() {
  const auto now = shared_->ports.clock.monotonic();
  for (const auto& file : idle_since(now - idle_close_, kSweepMax)) {
    // One that cannot be closed moves to the back, or it would be in the way of every later sweep.
    if (!file->close_if_idle()) used(file.get());
  }
  if (open_count() > 0) sweep_later_->request(std::max(idle_close_ / 2, Millis(1)));
}

Result<void> SqliteFiles::delete_files(const std::filesystem::path& path) const {
  bool deleted = false;
  for (const char* suffix : {"", "-wal", "-journal", "-shm"}) {
    const std::filesystem::path victim = path.string() + suffix;
    if (::unlink(victim.c_str()) == 0) {
      deleted = true;
    } else if (errno != ENOENT) {
      return storage_unavailable("cannot delete", victim, errno);
    }
  }
  // Before the note about the removal goes: a power loss must not bring the files back with nobody to delete them.
  if (deleted) return sync_directory(path.parent_path());
  return {};
}

Task<Result<void>> SqliteFiles::remove(std::shared_ptr<SqliteFiles> files, ActorId id) {
  if (const auto file = files->find(id)) {
    auto close = [file](Continuation<Done> closed) { file->close_all(std::move(closed)); };
    co_await suspend<Done>(std::move(close));
  }
  auto start = [files, id](Continuation<Result<void>> done) {
    boost::asio::post(files->shared_->ports.storage, [files, id, done = std::move(done)]() mutable {
      const JobGate::Pass pass(files->shared_->gate);
      if (!pass) return done.post(make_error("storage", "unavailable", std::nullopt, "the store is closed"));
      done.post(files->delete_files(files->path_of(id)));
    });
  };
  co_return co_await suspend<Result<void>>(std::move(start));
}

void SqliteFiles::close() {
  sweep_later_->close();
  shared_->gate->close();
  std::vector<std::shared_ptr<SqliteFile>> files;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, weak] : files_) {
      if (auto file = weak.lock()) files.push_back(std::move(file));
    }
    open_index_.clear();
    open_.clear();
  }
  for (const auto& file : files) file->abandon();
}

}  // namespace troupe
