#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <vector>

#include "engine/base/id.h"
#include "engine/base/ports.h"
#include "engine/storage/actors/generation_fences.h"
#include "engine/storage/pages/page_codec.h"
#include "engine/storage/pages/page_read.h"
#include "engine/storage/store.h"
#include "engine/storage/store_access.h"

namespace troupe {

/// Of one database; what is staged counts apart.
inline constexpr std::uint64_t kPageStoreBytesMax = 10ULL << 30;
/// A segment begins at a multiple of kSegmentAlignment and covers kSegmentPages.
inline constexpr std::uint32_t kSegmentAlignment = 64;
inline constexpr std::uint32_t kSegmentPages = 320;

/// One transaction as its writer sends it.
struct PageCommit {
  /// Each once; those beyond the new end are dropped.
  std::vector<Page> pages;
  std::uint32_t size_pages = 0;
  /// Nothing: whatever the head is.
  std::optional<std::uint64_t> expected_txid;
};

struct StagedFinish {
  std::uint64_t txid = 0;
  std::uint32_t size_pages = 0;
  /// First pages of all segments, ascending.
  std::vector<std::uint32_t> segments;
};

/// Databases as numbered pages of 4 KiB with a head {txid, size}. A commit is one batch whose precondition is the head
/// as it was read, so the head is the only truth, nothing is kept in memory, and of two writers one loses.
///
/// A commit too large for one batch is staged: its pages lie in rows of their own, unseen, until one small batch makes
/// the head name them. From then on they go before the other pages; a background task folds them in, piece by piece.
///
/// Generations: a write needs the one that GenerationFences names (`actor.fenced` else), asked in the same step with
/// the write. Other errors: those of Store, `depot.*` (errors.def), `storage.conflict` when the head kept changing.
/// Threads: any. Lifetime: outlives every call; `close` before the store goes.
class PageStore : public std::enable_shared_from_this<PageStore> {
 public:
  static std::shared_ptr<PageStore> make(const Ports& ports, Store& store,
                                         std::shared_ptr<const GenerationFences> fences);
  /// Background work ends.
  void close() { access_.close(); }

  /// Errors: `depot.database_not_found` before the first commit, `depot.meta_missing` when there is only a stage.
  Task<Result<PageSnapshot>> read(ActorId id, std::uint32_t generation, std::vector<std::uint32_t> pgnos);
  /// The new txid. Durable.
  Task<Result<std::uint64_t>> commit(ActorId id, std::uint32_t generation, PageCommit commit);

  /// Drops what was staged before. The txid of the commit to come.
  Task<Result<std::uint64_t>> begin_stage(ActorId id, std::uint32_t generation,
                                          std::optional<std::uint64_t> expected_txid);
  /// The bytes it takes. Survives the end of the process; not durable before the end of the commit is.
  Task<Result<std::uint64_t>> stage_segment(ActorId id, std::uint32_t generation, std::uint64_t txid,
                                            std::uint32_t first_pgno, std::vector<Page> pages);
  /// The new txid. Durable, and with it all segments.
  Task<Result<std::uint64_t>> finish_stage(ActorId id, std::uint32_t generation, StagedFinish finish);

  Store& store() { return store_; }
  const Ports& ports() const { return ports_; }
  /// Errors: `actor.fenced`.
  Result<void> check_generation(const ActorId& id, std::uint32_t generation) const {
    return fences_->check(id, generation);
  }

 private:
  /// The head and its stored form, which is the precondition of the next write.
  struct HeadRow {
    PageHead head;
    std::optional<Bytes> stored;
  };
  struct Encoded {
    std::uint32_t pgno;
    Bytes value;
  };

  PageStore(const Ports& ports, Store& store, std::shared_ptr<const GenerationFences> fences);

  Task<Result<HeadRow>> read_head(ActorId id);
  Task<std::vector<Encoded>> encode(std::vector<Page> pages);
  /// Adds the change of the head, and its precondition.
  Task<Result<void>> write(ActorId id, std::uint32_t generation, HeadRow row, PageHead next, WriteBatch batch, Ack ack);
  static void drop_stage(const ActorId& id, PageHead& head, WriteBatch& batch);
  /// Pages beyond the new end go, so that growing again shows zeros.
  static void shrink(const ActorId& id, const PageHead& old_head, std::uint32_t size_pages, WriteBatch& batch);
  Task<Result<std::uint64_t>> try_commit(ActorId id, std::uint32_t generation,
                                         std::shared_ptr<const std::vector<Encoded>> pages, std::uint32_t size_pages,
                                         std::optional<std::uint64_t> expected_txid);
  Task<Result<std::uint64_t>> try_stage_segment(ActorId id, std::uint32_t generation, std::uint64_t txid,
                                                std::uint32_t first_pgno,
                                                std::shared_ptr<const std::vector<Encoded>> pages);
  Task<Result<std::uint64_t>> try_finish_stage(ActorId id, std::uint32_t generation, StagedFinish finish);

  /// One piece; false: nothing is left to fold.
  static Task<Result<bool>> fold_some(std::shared_ptr<PageStore> self, ActorId id);
  static Task<void> fold_in_background(std::shared_ptr<PageStore> self, ActorId id);
  void start_folding(const ActorId& id);

  const Ports ports_;
  Store& store_;
  StoreAccess access_;
  const std::shared_ptr<const GenerationFences> fences_;
  std::mutex mutex_;
  std::unordered_set<ActorId> folding_;
};

}  // namespace troupe
