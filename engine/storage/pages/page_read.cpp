#include "engine/storage/pages/page_read.h"

#include <algorithm>

#include "engine/base/errors.h"
#include "engine/storage/pages/page_keys.h"
#include "engine/storage/run_on_pool.h"

namespace troupe {
namespace {

using Pgnos = std::vector<std::uint32_t>;
using Values = std::vector<std::optional<Bytes>>;

/// Pages that are unpacked on the caller's thread.
constexpr std::size_t kInlinePagesMax = 20;

bool exists(std::uint32_t pgno, const PageHead& head) { return pgno > 0 && pgno <= head.size_pages; }

/// Rows to read when the head is `guess`: the head itself, the pages that exist, and these pages of the commit that is
/// not folded in.
std::vector<Bytes> keys_of(const ActorId& id, const Pgnos& pgnos, const PageHead& guess) {
  std::vector<Bytes> keys;
  keys.reserve(1 + pgnos.size());
  keys.push_back(keys::page_head(id));
  for (const std::uint32_t pgno : pgnos) {
    if (exists(pgno, guess)) keys.push_back(keys::page(id, pgno));
  }
  if (guess.unfolded_txid == 0) return keys;
  for (const std::uint32_t pgno : pgnos) {
    if (exists(pgno, guess)) keys.push_back(keys::staged_page(id, guess.unfolded_txid, pgno));
  }
  return keys;
}

/// Whether the rows that were read for `guess` are all that is needed.
bool suffices(const PageHead& guess, const PageHead& head) {
  return head.size_pages <= guess.size_pages && (head.unfolded_txid == 0 || head.unfolded_txid == guess.unfolded_txid);
}

/// `values` are those of `keys_of(…, guess)`.
Result<PageSnapshot> assemble(const PageHead& head, const PageHead& guess, const Pgnos& pgnos, const Values& values) {
  PageSnapshot snapshot;
  snapshot.head = head;
  snapshot.pages.reserve(pgnos.size());
  const std::size_t count = guess.unfolded_txid == 0 ? values.size() - 1 : (values.size() - 1) / 2;
  std::size_t next = 1;
  for (const std::uint32_t pgno : pgnos) {
    std::optional<Bytes>& page = snapshot.pages.emplace_back();
    if (!exists(pgno, guess)) continue;
    const std::size_t at = next++;
    if (!exists(pgno, head)) continue;
    const bool is_unfolded = guess.unfolded_txid != 0 && values[at + count].has_value();
    const std::optional<Bytes>& stored = is_unfolded ? values[at + count] : values[at];
    if (stored) {
      TROUPE_TRY(page, decode_page(*stored));
    } else {
      page.emplace(kPageBytes);
    }
  }
  return snapshot;
}

Result<std::optional<PageHead>> head_of(const std::optional<Bytes>& stored) {
  if (!stored) return std::optional<PageHead>();
  TROUPE_TRY(PageHead head, decode_page_head(*stored));
  return std::optional<PageHead>(head);
}

/// From a first guess on. Only a commit between makes another round necessary, and only one that grows the database or
/// came in segments.
Task<Result<std::optional<PageSnapshot>>> read_few(Store& store, ActorId id, Pgnos pgnos, PageHead guess) {
  while (true) {
    TROUPE_CO_TRY(const Values values, co_await store.get_many(keys_of(id, pgnos, guess)));
    TROUPE_CO_TRY(const auto head, head_of(values[0]));
    if (!head) co_return std::optional<PageSnapshot>();
    if (suffices(guess, *head)) {
      TROUPE_CO_TRY(PageSnapshot snapshot, assemble(*head, guess, pgnos, values));
      co_return std::optional<PageSnapshot>(std::move(snapshot));
    }
    guess = *head;
  }
}

}  // namespace

Result<std::optional<PageSnapshot>> read_pages_now(Store& store, const ActorId& id, const Pgnos& pgnos) {
  PageHead guess;
  while (true) {
    TROUPE_TRY(const Values values, store.get_many_now(keys_of(id, pgnos, guess)));
    TROUPE_TRY(const auto head, head_of(values[0]));
    if (!head) return std::optional<PageSnapshot>();
    if (suffices(guess, *head) || pgnos.empty()) {
      TROUPE_TRY(PageSnapshot snapshot, assemble(*head, guess, pgnos, values));
      return std::optional<PageSnapshot>(std::move(snapshot));
    }
    guess = *head;
  }
}

Task<Result<std::optional<PageSnapshot>>> read_pages(Ports ports, Store& store, ActorId id, Pgnos pgnos) {
  // A first start and every wake ask for 128 pages of a database that has far fewer: the head tells which to look for.
  TROUPE_CO_TRY(const auto stored, co_await store.get(keys::page_head(id)));
  TROUPE_CO_TRY(const auto head, head_of(stored));
  if (!head) co_return std::optional<PageSnapshot>();
  const auto wanted = std::count_if(pgnos.begin(), pgnos.end(), [&](auto pgno) { return exists(pgno, *head); });
  if (static_cast<std::size_t>(wanted) <= kInlinePagesMax)
    co_return co_await read_few(store, id, std::move(pgnos), *head);
  auto read = [store = &store, id, pgnos = std::move(pgnos)] { return read_pages_now(*store, id, pgnos); };
  co_return co_await run_on_pool(ports.storage, std::move(read));
}

}  // namespace troupe
