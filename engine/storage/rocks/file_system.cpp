#include "engine/storage/rocks/file_system.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "engine/base/errors.h"

namespace troupe {
namespace {

constexpr int kFileMode = 0600;
constexpr int kDirectoryMode = 0700;

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace

Error storage_unavailable(std::string_view doing, const std::filesystem::path& path, int code) {
  std::string detail(doing);
  detail += " " + path.string() + ": " + std::generic_category().message(code);
  return make_error("storage", "unavailable", std::nullopt, std::move(detail));
}

Result<void> sync_directory(const std::filesystem::path& directory) {
  const FileDescriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return storage_unavailable("cannot open directory", directory, errno);
  if (::fsync(fd.get()) != 0) return storage_unavailable("cannot sync directory", directory, errno);
  return {};
}

Result<void> make_directories(const std::filesystem::path& directory) {
  if (directory.empty()) return {};
  if (::mkdir(directory.c_str(), kDirectoryMode) == 0) {
    const std::filesystem::path parent = directory.parent_path();
    return sync_directory(parent.empty() ? "." : parent);
  }
  const int code = errno;
  std::error_code ignored;
  if (code == EEXIST && std::filesystem::is_directory(directory, ignored)) return {};
  if (code == EEXIST) return storage_unavailable("cannot make directory", directory, ENOTDIR);
  const std::filesystem::path parent = directory.parent_path();
  if (code != ENOENT || parent.empty() || parent == directory) {
    return storage_unavailable("cannot make directory", directory, code);
  }
  TROUPE_CHECK(make_directories(parent));
  if (::mkdir(directory.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
    return storage_unavailable("cannot make directory", directory, errno);
  }
  return sync_directory(parent);
}

Result<DirectoryLock> DirectoryLock::acquire(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / "lock";
  FileDescriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode));
  if (fd.get() < 0) return storage_unavailable("cannot open", path, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return storage_unavailable("cannot lock", path, errno);
    return make_error("storage", "locked", Value::object({{"directory", directory.string()}}));
  }
  return DirectoryLock(fd.release());
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace troupe
