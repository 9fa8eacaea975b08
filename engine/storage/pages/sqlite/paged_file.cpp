#include "engine/storage/pages/sqlite/paged_file.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>

#include "engine/base/errors.h"

namespace troupe {
namespace {

/// Pages read at once when reads go from one page to the next.
constexpr std::uint32_t kWindowMax = 64;
constexpr std::size_t kAheadPagesMax = 128;

}  // namespace

Result<void> PagedFile::open() {
  TROUPE_TRY(const auto snapshot, read_pages_now(store_, id_, {}));
  if (snapshot) {
    txid_ = snapshot->head.txid;
    stored_pages_ = size_pages_ = sealed_size_pages_ = snapshot->head.size_pages;
  }
  return {};
}

int PagedFile::read(void* out, std::size_t bytes, std::int64_t offset) {
  auto* to = static_cast<std::uint8_t*>(out);
  while (bytes > 0) {
    const std::int64_t index = offset / static_cast<std::int64_t>(kPageBytes);
    if (index >= std::int64_t{size_pages_}) {
      std::memset(to, 0, bytes);
      return SQLITE_IOERR_SHORT_READ;
    }
    const auto at = static_cast<std::size_t>(offset % static_cast<std::int64_t>(kPageBytes));
    const std::size_t count = std::min(bytes, kPageBytes - at);
    const Bytes* page = find(static_cast<std::uint32_t>(index) + 1);
    if (!page) return SQLITE_IOERR_READ;
    std::memcpy(to, page->data() + at, count);
    to += count;
    offset += static_cast<std::int64_t>(count);
    bytes -= count;
  }
  return SQLITE_OK;
}

const Bytes* PagedFile::find(std::uint32_t pgno) {
  for (const Pages* pages : {&dirty_, &sealed_}) {
    if (const auto found = pages->find(pgno); found != pages->end()) return &found->second;
  }
  if (const auto found = ahead_.find(pgno); found != ahead_.end()) {
    current_ = std::move(found->second);
    ahead_.erase(found);
    next_in_sequence_ = pgno + 1;
    return &current_;
  }
  if (pgno > stored_pages_) {
    current_.assign(kPageBytes, 0);
    return &current_;
  }
  return fetch(pgno);
}

const Bytes* PagedFile::fetch(std::uint32_t pgno) {
  window_ = pgno == next_in_sequence_ ? std::min(window_ * 2, kWindowMax) : 1;
  std::vector<std::uint32_t> pgnos;
  for (std::uint32_t i = 0; i < window_ && pgno + i <= stored_pages_; ++i) pgnos.push_back(pgno + i);
  auto snapshot = read_pages_now(store_, id_, pgnos);
  if (!snapshot) {
    failure_ = std::move(snapshot).error();
    return nullptr;
  }
  if (!*snapshot || (*snapshot)->head.txid != txid_) {
    failure_ = make_error("sqlite", "unavailable", std::nullopt, "the database was changed by another writer");
    return nullptr;
  }
  if (ahead_.size() + pgnos.size() > kAheadPagesMax) ahead_.clear();
  for (std::size_t i = 1; i < pgnos.size(); ++i) ahead_[pgnos[i]] = *std::move((*snapshot)->pages[i]);
  next_in_sequence_ = pgno + 1;
  current_ = *std::move((*snapshot)->pages[0]);
  return &current_;
}

int PagedFile::write(const void* data, std::size_t bytes, std::int64_t offset) {
  // The page size is fixed, and SQLite writes whole pages.
  if (bytes != kPageBytes || offset % static_cast<std::int64_t>(kPageBytes) != 0) return SQLITE_IOERR_WRITE;
  const auto pgno = static_cast<std::uint32_t>(offset / static_cast<std::int64_t>(kPageBytes)) + 1;
  // A rollback writes pages that are dirty already, so it always succeeds.
  if (dirty_.size() + sealed_.size() >= kUncommittedPagesMax && !dirty_.contains(pgno)) return SQLITE_FULL;
  const auto* from = static_cast<const std::uint8_t*>(data);
  dirty_[pgno].assign(from, from + bytes);
  ahead_.erase(pgno);
  size_pages_ = std::max(size_pages_, pgno);
  is_changed_ = true;
  return SQLITE_OK;
}

int PagedFile::truncate(std::int64_t bytes) {
  size_pages_ = static_cast<std::uint32_t>(bytes / static_cast<std::int64_t>(kPageBytes));
  std::erase_if(dirty_, [&](const auto& page) { return page.first > size_pages_; });
  stored_pages_ = std::min(stored_pages_, size_pages_);
  ahead_.clear();
  is_changed_ = true;
  return SQLITE_OK;
}

void PagedFile::seal() {
  if (!is_changed_) return;
  is_changed_ = false;
  is_sealed_ = true;
  sealed_size_pages_ = size_pages_;
  std::erase_if(sealed_, [&](const auto& page) { return page.first > size_pages_; });
  for (auto& [pgno, bytes] : dirty_) sealed_[pgno] = std::move(bytes);
  dirty_.clear();
}

std::optional<PageCommit> PagedFile::take_commit() {
  if (!is_sealed_) return std::nullopt;
  is_sealed_ = false;
  PageCommit commit;
  commit.size_pages = sealed_size_pages_;
  commit.expected_txid = txid_;
  commit.pages.reserve(sealed_.size());
  for (auto& [pgno, bytes] : sealed_) commit.pages.push_back({pgno, std::move(bytes)});
  sealed_.clear();
  ahead_.clear();
  stored_pages_ = sealed_size_pages_;
  return commit;
}

}  // namespace troupe
