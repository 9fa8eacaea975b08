#pragma once

#include <filesystem>

#include "troupe/result.h"

namespace troupe::node {

/// The data directory, made if missing and held by this process alone.
/// Lifetime: the lock ends with the object; the system ends it with the process, however that ends.
class DataDirectory {
 public:
  /// Errors: `storage.locked` naming the process that holds it, `storage.unavailable` when it cannot be made or
  /// written.
  static Result<DataDirectory> open(const std::filesystem::path& path);

  DataDirectory(DataDirectory&& other) noexcept;
  DataDirectory& operator=(DataDirectory&& other) noexcept;
  ~DataDirectory();

  std::filesystem::path records() const { return path_ / "records"; }
  std::filesystem::path sqlite() const { return path_ / "sqlite"; }

 private:
  DataDirectory(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::filesystem::path path_;
  int lock_ = -1;
};

}  // namespace troupe::node
