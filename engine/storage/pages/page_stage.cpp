#include "engine/base/errors.h"
#include "engine/storage/pages/page_keys.h"
#include "engine/storage/pages/page_rules.h"
#include "engine/storage/pages/page_store.h"

namespace troupe {

Task<Result<std::uint64_t>> PageStore::begin_stage(ActorId id, std::uint32_t generation,
                                                   std::optional<std::uint64_t> expected_txid) {
  TROUPE_CO_CHECK(fences_->check(id, generation));
  for (int attempt = 1;; ++attempt) {
    TROUPE_CO_TRY(HeadRow row, co_await read_head(id));
    if (expected_txid && *expected_txid != row.head.txid) co_return head_mismatch(*expected_txid, row.head.txid);
    PageHead next = row.head;
    WriteBatch batch;
    drop_stage(id, next, batch);
    next.stage_txid = row.head.txid + 1;
    next.stage_generation = generation;
    const auto written = co_await write(id, generation, std::move(row), next, std::move(batch), Ack::written);
    if (written) co_return next.stage_txid;
    if (!written.error().is("storage", "conflict") || attempt == kPageWriteAttemptsMax) co_return written.error();
  }
}

Task<Result<std::uint64_t>> PageStore::stage_segment(ActorId id, std::uint32_t generation, std::uint64_t txid,
                                                     std::uint32_t first_pgno, std::vector<Page> pages) {
  TROUPE_CO_CHECK(fences_->check(id, generation));
  TROUPE_CO_TRY(const HeadRow row, co_await read_head(id));
  if (txid != row.head.txid + 1) co_return head_mismatch(txid - 1, row.head.txid);
  TROUPE_CO_CHECK(check_segment(first_pgno, pages));
  std::vector<Encoded> packed = co_await encode(std::move(pages));
  const auto encoded = std::make_shared<const std::vector<Encoded>>(std::move(packed));
  for (int attempt = 1;; ++attempt) {
    auto staged = co_await try_stage_segment(id, generation, txid, first_pgno, encoded);
    const bool again = !staged && staged.error().is("storage", "conflict") && attempt < kPageWriteAttemptsMax;
    if (!again) co_return staged;
  }
}

Task<Result<std::uint64_t>> PageStore::try_stage_segment(ActorId id, std::uint32_t generation, std::uint64_t txid,
                                                         std::uint32_t first_pgno,
                                                         std::shared_ptr<const std::vector<Encoded>> pages) {
  TROUPE_CO_TRY(HeadRow row, co_await read_head(id));
  if (txid != row.head.txid + 1) co_return head_mismatch(txid - 1, row.head.txid);
  PageHead next = row.head;
  WriteBatch batch;
  const bool is_staging = next.stage_txid == txid && next.stage_generation == generation;
  std::vector<StoreEntry> staged;
  if (is_staging) {
    keys::Range range = keys::staged_segments(id, txid);
    TROUPE_CO_TRY(staged, co_await store_.scan(std::move(range.begin), std::move(range.end)));
  } else {
    // What a generation that is over has staged does not mix with this one's.
    drop_stage(id, next, batch);
    next.stage_txid = txid;
    next.stage_generation = generation;
  }
  TROUPE_CO_CHECK(check_room(first_pgno, pages->size() * kPageBytes, staged));
  std::uint64_t bytes = 0;
  for (const Encoded& page : *pages) {
    batch.put(keys::staged_page(id, txid, page.pgno), page.value);
    bytes += page.value.size();
  }
  batch.put(keys::staged_segment(id, txid, first_pgno), encode_staged_segment(pages->size() * kPageBytes));
  batch.expect(keys::staged_segment(id, txid, first_pgno), std::nullopt);
  TROUPE_CO_CHECK(co_await write(id, generation, std::move(row), next, std::move(batch), Ack::written));
  co_return bytes;
}

Task<Result<std::uint64_t>> PageStore::finish_stage(ActorId id, std::uint32_t generation, StagedFinish finish) {
  TROUPE_CO_CHECK(fences_->check(id, generation));
  for (int attempt = 1;; ++attempt) {
    auto finished = co_await try_finish_stage(id, generation, finish);
    const bool again = !finished && finished.error().is("storage", "conflict") && attempt < kPageWriteAttemptsMax;
    if (!again) co_return finished;
  }
}

Task<Result<std::uint64_t>> PageStore::try_finish_stage(ActorId id, std::uint32_t generation, StagedFinish finish) {
  TROUPE_CO_TRY(HeadRow row, co_await read_head(id));
  if (finish.txid != row.head.txid + 1) co_return head_mismatch(finish.txid - 1, row.head.txid);
  std::vector<StoreEntry> staged;
  if (row.head.stage_txid == finish.txid && row.head.stage_generation == generation) {
    keys::Range range = keys::staged_segments(id, finish.txid);
    TROUPE_CO_TRY(staged, co_await store_.scan(std::move(range.begin), std::move(range.end)));
  }
  TROUPE_CO_CHECK(check_claim(finish, staged));
  TROUPE_CO_CHECK(check_size(finish.size_pages));
  if (row.head.unfolded_txid != 0) {
    // There is room for one such commit; the one before has most likely been folded in meanwhile.
    for (bool more = true; more;) {
      auto folded = co_await fold_some(shared_from_this(), id);
      if (!folded) co_return std::move(folded).error();
      more = *folded;
    }
    co_return make_error("storage", "conflict");
  }
  PageHead next = row.head;
  WriteBatch batch;
  keys::Range segments = keys::staged_segments(id, finish.txid);
  batch.erase_range(std::move(segments.begin), std::move(segments.end));
  keys::Range beyond = keys::staged_pages_from(id, finish.txid, finish.size_pages + 1);
  batch.erase_range(std::move(beyond.begin), std::move(beyond.end));
  shrink(id, row.head, finish.size_pages, batch);
  next.txid = finish.txid;
  next.size_pages = finish.size_pages;
  next.unfolded_txid = staged.empty() ? 0 : finish.txid;
  next.stage_txid = 0;
  next.stage_generation = 0;
  TROUPE_CO_CHECK(co_await write(id, generation, std::move(row), next, std::move(batch), Ack::durable));
  if (next.unfolded_txid != 0) start_folding(id);
  co_return next.txid;
}

}  // namespace troupe
