#pragma once

#include <filesystem>
#include <string_view>

#include "troupe/result.h"

namespace troupe {

/// Makes the directory and its parents and syncs every directory that got a new entry, so that a power loss after
/// this returns does not lose the path. Blocks. Errors: `storage.unavailable`.
Result<void> make_directories(const std::filesystem::path& directory);

/// Blocks. Errors: `storage.unavailable`.
Result<void> sync_directory(const std::filesystem::path& directory);

/// `storage.unavailable` for a failed system call. `code` is its errno.
Error storage_unavailable(std::string_view doing, const std::filesystem::path& path, int code);

/// An exclusive lock on a directory, held by an open file in it. The operating system lets go of it with the process.
class DirectoryLock {
 public:
  /// Errors: `storage.locked` when another holder lives, `storage.unavailable`.
  static Result<DirectoryLock> acquire(const std::filesystem::path& directory);

  DirectoryLock() = default;
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&& other) noexcept;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace troupe
