#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "engine/base/errors.h"
#include "engine/storage/pages/page_keys.h"
#include "engine/storage/pages/page_store.h"

// The pages of a staged commit move to where all pages are. Every piece is a batch whose precondition is the head, so a
// commit that comes between makes the piece fail instead of being overwritten; it is read anew then.
namespace troupe {
namespace {

constexpr std::size_t kPiecePages = 512;
constexpr std::size_t kPieceBytes = 1u << 20;
/// Each means that a commit has got on; the next read or commit starts the folding again.
constexpr int kConflictsMax = 1'000;

Error closed_error() { return make_error("storage", "unavailable", std::nullopt, "the store is closed"); }

}  // namespace

Task<Result<bool>> PageStore::fold_some(std::shared_ptr<PageStore> self, ActorId id) {
  auto read = self->access_.with([&](Store& store) { return store.get(keys::page_head(id)); });
  if (!read) co_return closed_error();
  TROUPE_CO_TRY(std::optional<Bytes> stored, co_await std::move(*read));
  if (!stored) co_return false;
  TROUPE_CO_TRY(PageHead head, decode_page_head(*stored));
  if (head.unfolded_txid == 0) co_return false;

  ScanOptions options;
  options.limit = kPiecePages;
  options.bytes_max = kPieceBytes;
  const keys::Range range = keys::staged_pages_from(id, head.unfolded_txid, 0);
  auto scan = self->access_.with([&](Store& store) { return store.scan(range.begin, range.end, options); });
  if (!scan) co_return closed_error();
  TROUPE_CO_TRY(std::vector<StoreEntry> rows, co_await std::move(*scan));

  WriteBatch batch;
  for (StoreEntry& row : rows) {
    const std::uint32_t pgno = keys::pgno_of(row.key);
    if (pgno <= head.size_pages) batch.put(keys::page(id, pgno), std::move(row.value));
    batch.erase(std::move(row.key));
  }
  if (rows.empty()) {
    head.unfolded_txid = 0;
    batch.put(keys::page_head(id), encode_page_head(head));
  }
  batch.expect(keys::page_head(id), std::move(*stored));
  auto write = self->access_.with([&](Store& store) { return store.commit(std::move(batch), Ack::written); });
  if (!write) co_return closed_error();
  TROUPE_CO_CHECK(co_await std::move(*write));
  co_return !rows.empty();
}

void PageStore::start_folding(const ActorId& id) {
  {
    std::lock_guard lock(mutex_);
    if (!folding_.insert(id).second) return;
  }
  boost::asio::co_spawn(ports_.io, fold_in_background(shared_from_this(), id), boost::asio::detached);
}

Task<void> PageStore::fold_in_background(std::shared_ptr<PageStore> self, ActorId id) {
  int conflicts = 0;
  while (conflicts < kConflictsMax) {
    const auto more = co_await fold_some(self, id);
    if (!more && more.error().is("storage", "conflict")) {
      ++conflicts;
    } else if (!more || !*more) {
      break;
    }
  }
  std::lock_guard lock(self->mutex_);
  self->folding_.erase(id);
}

}  // namespace troupe
