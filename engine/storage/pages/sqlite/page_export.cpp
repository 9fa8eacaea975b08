#include "engine/storage/pages/sqlite/page_export.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "engine/base/errors.h"
#include "engine/storage/pages/page_read.h"
#include "engine/storage/rocks/file_system.h"

namespace troupe {
namespace {

constexpr std::uint32_t kPagesPerRead = 256;
constexpr int kAttemptsMax = 5;

/// A file that vanishes unless it is kept.
class NewFile {
 public:
  static Result<NewFile> make(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) return storage_unavailable("cannot make", path, errno);
    return NewFile(path, fd);
  }
  NewFile(NewFile&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile() {
    if (fd_ < 0) return;
    ::close(fd_);
    ::unlink(path_.c_str());
  }

  Result<void> empty() {
    if (::ftruncate(fd_, 0) != 0) return storage_unavailable("cannot empty", path_, errno);
    return {};
  }
  Result<void> write(BytesView bytes, std::int64_t offset) {
    while (!bytes.empty()) {
      const auto written = ::pwrite(fd_, bytes.data(), bytes.size(), offset);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return storage_unavailable("cannot write", path_, errno);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      offset += written;
    }
    return {};
  }
  /// Under its final name, which must be free.
  Result<void> keep(const std::filesystem::path& name) {
    if (::fsync(fd_) != 0) return storage_unavailable("cannot sync", path_, errno);
    // Unlike a rename, a link never replaces what is there.
    if (::link(path_.c_str(), name.c_str()) != 0) return storage_unavailable("cannot make", name, errno);
    ::unlink(path_.c_str());
    ::close(std::exchange(fd_, -1));
    const std::filesystem::path parent = name.parent_path();
    return sync_directory(parent.empty() ? "." : parent);
  }

 private:
  NewFile(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}
  std::filesystem::path path_;
  int fd_;
};

Result<PageSnapshot> read_some(Store& store, const ActorId& id, std::uint32_t first, std::uint32_t count) {
  std::vector<std::uint32_t> pgnos;
  for (std::uint32_t i = 0; i < count; ++i) pgnos.push_back(first + i);
  TROUPE_TRY(auto snapshot, read_pages_now(store, id, pgnos));
  if (!snapshot || snapshot->head.txid == 0) return make_error("depot", "database_not_found");
  return *std::move(snapshot);
}

/// `storage.conflict`: the head has moved.
Result<ExportedDatabase> write_pages(Store& store, const ActorId& id, NewFile& file) {
  TROUPE_TRY(const PageSnapshot start, read_some(store, id, 1, 0));
  const std::uint32_t size = start.head.size_pages;
  for (std::uint32_t first = 1; first <= size; first += kPagesPerRead) {
    TROUPE_TRY(const PageSnapshot pages, read_some(store, id, first, std::min(kPagesPerRead, size - first + 1)));
    if (pages.head.txid != start.head.txid) return make_error("storage", "conflict");
    Bytes block;
    block.reserve(pages.pages.size() * kPageBytes);
    for (const auto& page : pages.pages) block.insert(block.end(), page->begin(), page->end());
    TROUPE_CHECK(file.write(block, static_cast<std::int64_t>(first - 1) * static_cast<std::int64_t>(kPageBytes)));
  }
  ExportedDatabase exported;
  exported.txid = start.head.txid;
  exported.size_pages = size;
  return exported;
}

}  // namespace

Result<ExportedDatabase> export_pages(Store& store, const ActorId& id, const std::filesystem::path& file) {
  if (std::filesystem::exists(file)) return storage_unavailable("cannot make", file, EEXIST);
  TROUPE_TRY(NewFile partial, NewFile::make(file.string() + ".partial"));
  for (int attempt = 1;; ++attempt) {
    TROUPE_CHECK(partial.empty());
    auto exported = write_pages(store, id, partial);
    if (exported) {
      TROUPE_CHECK(partial.keep(file));
      return exported;
    }
    if (!exported.error().is("storage", "conflict") || attempt == kAttemptsMax) return exported;
  }
}

}  // namespace troupe
