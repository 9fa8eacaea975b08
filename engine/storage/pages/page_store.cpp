#include "engine/storage/pages/page_store.h"

#include "engine/base/errors.h"
#include "engine/storage/pages/page_keys.h"
#include "engine/storage/pages/page_rules.h"
#include "engine/storage/run_on_pool.h"

namespace troupe {
namespace {

/// Pages that are packed on the caller's thread.
constexpr std::size_t kInlinePagesMax = 8;

}  // namespace

std::shared_ptr<PageStore> PageStore::make(const Ports& ports, Store& store,
                                           std::shared_ptr<const GenerationFences> fences) {
  return std::shared_ptr<PageStore>(new PageStore(ports, store, std::move(fences)));
}

PageStore::PageStore(const Ports& ports, Store& store, std::shared_ptr<const GenerationFences> fences)
    : ports_(ports), store_(store), access_(store), fences_(std::move(fences)) {}

Task<Result<PageSnapshot>> PageStore::read(ActorId id, std::uint32_t generation, std::vector<std::uint32_t> pgnos) {
  TROUPE_CO_CHECK(fences_->check(id, generation));
  TROUPE_CO_TRY(auto snapshot, co_await read_pages(ports_, store_, id, std::move(pgnos)));
  const bool is_staging = snapshot && snapshot->head.stage_txid != 0 && snapshot->head.stage_generation == generation;
  if (!snapshot || (snapshot->head.txid == 0 && !is_staging)) co_return make_error("depot", "database_not_found");
  if (snapshot->head.txid == 0) co_return make_error("depot", "meta_missing");
  if (snapshot->head.unfolded_txid != 0) start_folding(id);
  co_return std::move(*snapshot);
}

Task<Result<PageStore::HeadRow>> PageStore::read_head(ActorId id) {
  HeadRow row;
  TROUPE_CO_TRY(row.stored, co_await store_.get(keys::page_head(id)));
  if (row.stored) {
    TROUPE_CO_TRY(row.head, decode_page_head(*row.stored));
  }
  co_return row;
}

Task<std::vector<PageStore::Encoded>> PageStore::encode(std::vector<Page> pages) {
  const bool is_small = pages.size() <= kInlinePagesMax;
  auto pack = [pages = std::move(pages)] {
    std::vector<Encoded> encoded;
    encoded.reserve(pages.size());
    for (const Page& page : pages) encoded.push_back({page.pgno, encode_page(page.bytes)});
    return encoded;
  };
  if (is_small) co_return pack();
  co_return co_await run_on_pool(ports_.storage, std::move(pack));
}

Task<Result<void>> PageStore::write(ActorId id, std::uint32_t generation, HeadRow row, PageHead next, WriteBatch batch,
                                    Ack ack) {
  batch.put(keys::page_head(id), encode_page_head(next));
  batch.expect(keys::page_head(id), std::move(row.stored));
  batch.guard([fences = fences_, id, generation] { return fences->hold(id, generation); });
  return store_.commit(std::move(batch), ack);
}

void PageStore::drop_stage(const ActorId& id, PageHead& head, WriteBatch& batch) {
  if (head.stage_txid == 0) return;
  keys::Range range = keys::staged(id, head.stage_txid);
  batch.erase_range(std::move(range.begin), std::move(range.end));
  head.stage_txid = 0;
  head.stage_generation = 0;
}

void PageStore::shrink(const ActorId& id, const PageHead& old_head, std::uint32_t size_pages, WriteBatch& batch) {
  if (size_pages >= old_head.size_pages) return;
  keys::Range range = keys::pages_from(id, size_pages + 1);
  batch.erase_range(std::move(range.begin), std::move(range.end));
  if (old_head.unfolded_txid == 0) return;
  range = keys::staged_pages_from(id, old_head.unfolded_txid, size_pages + 1);
  batch.erase_range(std::move(range.begin), std::move(range.end));
}

Task<Result<std::uint64_t>> PageStore::commit(ActorId id, std::uint32_t generation, PageCommit commit) {
  TROUPE_CO_CHECK(fences_->check(id, generation));
  std::erase_if(commit.pages, [&](const Page& page) { return page.pgno > commit.size_pages; });
  std::vector<Encoded> encoded = co_await encode(std::move(commit.pages));
  const auto pages = std::make_shared<const std::vector<Encoded>>(std::move(encoded));
  for (int attempt = 1;; ++attempt) {
    auto committed = co_await try_commit(id, generation, pages, commit.size_pages, commit.expected_txid);
    const bool again = !committed && committed.error().is("storage", "conflict") && attempt < kPageWriteAttemptsMax;
    if (!again) co_return committed;
  }
}

Task<Result<std::uint64_t>> PageStore::try_commit(ActorId id, std::uint32_t generation,
                                                  std::shared_ptr<const std::vector<Encoded>> pages,
                                                  std::uint32_t size_pages,
                                                  std::optional<std::uint64_t> expected_txid) {
  TROUPE_CO_TRY(HeadRow row, co_await read_head(id));
  if (expected_txid && *expected_txid != row.head.txid) co_return head_mismatch(*expected_txid, row.head.txid);
  TROUPE_CO_CHECK(check_size(size_pages));
  PageHead next = row.head;
  WriteBatch batch;
  drop_stage(id, next, batch);
  shrink(id, row.head, size_pages, batch);
  for (const Encoded& page : *pages) {
    batch.put(keys::page(id, page.pgno), page.value);
    if (next.unfolded_txid != 0) batch.erase(keys::staged_page(id, next.unfolded_txid, page.pgno));
  }
  ++next.txid;
  next.size_pages = size_pages;
  TROUPE_CO_CHECK(co_await write(id, generation, std::move(row), next, std::move(batch), Ack::durable));
  if (next.unfolded_txid != 0) start_folding(id);
  co_return next.txid;
}

}  // namespace troupe
