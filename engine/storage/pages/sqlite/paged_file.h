#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "engine/storage/pages/page_store.h"

namespace troupe {

/// Pages that a connection may have changed and not handed over yet. Beyond that SQLite is told that the disk is full.
inline constexpr std::size_t kUncommittedPagesMax = 16'384;

/// A stored database as the one file of one SQLite connection: reads come from the page store, writes are collected in
/// memory. At the end of each SQLite transaction they are sealed; the owner hands what is sealed to PageStore::commit
/// before anybody learns of it, and drops the connection if that fails.
///
/// All reads are of one head. When somebody else has written meanwhile, reads fail and the file is stale.
/// Threads: one at a time, of the storage pool; blocks. Lifetime: `store` outlives it.
class PagedFile {
 public:
  PagedFile(Store& store, ActorId id) : store_(store), id_(id) {}

  /// Takes the head as it is now.
  Result<void> open();

  // -- for SQLite; the results are its codes --------------------------------------------------------------------------
  int read(void* out, std::size_t bytes, std::int64_t offset);
  int write(const void* data, std::size_t bytes, std::int64_t offset);
  int truncate(std::int64_t bytes);
  std::int64_t size() const { return static_cast<std::int64_t>(size_pages_) * static_cast<std::int64_t>(kPageBytes); }
  /// A transaction has ended: its changes belong to the next commit.
  void seal();
  /// From now on SQLite hears that the rollback journal is a file as usual, and cannot change that.
  void hide_journal_mode() { hides_journal_mode_ = true; }
  bool hides_journal_mode() const { return hides_journal_mode_; }

  // -- for the owner --------------------------------------------------------------------------------------------------
  std::uint64_t txid() const { return txid_; }
  /// What to commit; nothing: no transaction has changed anything.
  std::optional<PageCommit> take_commit();
  void committed(std::uint64_t txid) { txid_ = txid; }
  /// Of a read that failed; SQLite's own text says less.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  using Pages = std::unordered_map<std::uint32_t, Bytes>;

  /// Null: `failure_` says why.
  const Bytes* find(std::uint32_t pgno);
  const Bytes* fetch(std::uint32_t pgno);

  Store& store_;
  const ActorId id_;
  std::uint64_t txid_ = 0;
  /// Of the stored database.
  std::uint32_t stored_pages_ = 0;
  /// As SQLite sees it.
  std::uint32_t size_pages_ = 0;
  Pages dirty_;
  Pages sealed_;
  std::uint32_t sealed_size_pages_ = 0;
  bool is_sealed_ = false;
  bool is_changed_ = false;
  bool hides_journal_mode_ = false;
  /// Read before SQLite has asked; it keeps the pages it has asked for in a cache of its own.
  Pages ahead_;
  std::uint32_t next_in_sequence_ = 0;
  std::uint32_t window_ = 1;
  Bytes current_;
  std::optional<Error> failure_;
};

}  // namespace troupe
