#include "engine/storage/pages/page_read.h"

#include "engine/base/errors.h"
#include "engine/storage/pages/page_keys.h"
#include "engine/storage/run_on_pool.h"

namespace troupe {
namespace {

using Pgnos = std::vector<std::uint32_t>;
using Values = std::vector<std::optional<Bytes>>;

/// Pages that are unpacked on the caller's thread.
constexpr std::size_t kInlinePagesMax = 8;

/// The head, the pages, and with `unfolded_txid` the pages of that commit.
std::vector<Bytes> keys_of(const ActorId& id, const Pgnos& pgnos, std::uint64_t unfolded_txid) {
  std::vector<Bytes> keys;
  keys.reserve(1 + pgnos.size() * (unfolded_txid == 0 ? 1 : 2));
  keys.push_back(keys::page_head(id));
  for (const std::uint32_t pgno : pgnos) keys.push_back(keys::page(id, pgno));
  if (unfolded_txid == 0) return keys;
  for (const std::uint32_t pgno : pgnos) keys.push_back(keys::staged_page(id, unfolded_txid, pgno));
  return keys;
}

Result<PageSnapshot> assemble(const PageHead& head, const Pgnos& pgnos, const Values& values) {
  PageSnapshot snapshot;
  snapshot.head = head;
  snapshot.pages.reserve(pgnos.size());
  const bool has_unfolded = values.size() > 1 + pgnos.size();
  for (std::size_t i = 0; i < pgnos.size(); ++i) {
    if (pgnos[i] == 0 || pgnos[i] > head.size_pages) {
      snapshot.pages.emplace_back();
      continue;
    }
    const std::optional<Bytes>* stored = &values[1 + i];
    if (has_unfolded && values[1 + pgnos.size() + i]) stored = &values[1 + pgnos.size() + i];
    if (*stored) {
      TROUPE_TRY(Bytes page, decode_page(**stored));
      snapshot.pages.emplace_back(std::move(page));
    } else {
      snapshot.pages.emplace_back(Bytes(kPageBytes));
    }
  }
  return snapshot;
}

Task<Result<std::optional<PageSnapshot>>> read_few(Store& store, ActorId id, Pgnos pgnos) {
  std::uint64_t unfolded_txid = 0;
  while (true) {
    TROUPE_CO_TRY(const Values values, co_await store.get_many(keys_of(id, pgnos, unfolded_txid)));
    if (!values[0]) co_return std::optional<PageSnapshot>();
    TROUPE_CO_TRY(const PageHead head, decode_page_head(*values[0]));
    if (head.unfolded_txid == 0 || head.unfolded_txid == unfolded_txid) {
      TROUPE_CO_TRY(PageSnapshot snapshot, assemble(head, pgnos, values));
      co_return std::optional<PageSnapshot>(std::move(snapshot));
    }
    unfolded_txid = head.unfolded_txid;
  }
}

}  // namespace

Result<std::optional<PageSnapshot>> read_pages_now(Store& store, const ActorId& id, const Pgnos& pgnos) {
  std::uint64_t unfolded_txid = 0;
  while (true) {
    TROUPE_TRY(const Values values, store.get_many_now(keys_of(id, pgnos, unfolded_txid)));
    if (!values[0]) return std::optional<PageSnapshot>();
    TROUPE_TRY(const PageHead head, decode_page_head(*values[0]));
    if (head.unfolded_txid == 0 || head.unfolded_txid == unfolded_txid) {
      TROUPE_TRY(PageSnapshot snapshot, assemble(head, pgnos, values));
      return std::optional<PageSnapshot>(std::move(snapshot));
    }
    // Only a commit in segments comes between, and each of those takes many requests.
    unfolded_txid = head.unfolded_txid;
  }
}

Task<Result<std::optional<PageSnapshot>>> read_pages(Ports ports, Store& store, ActorId id, Pgnos pgnos) {
  if (pgnos.size() <= kInlinePagesMax) return read_few(store, id, std::move(pgnos));
  auto read = [store = &store, id, pgnos = std::move(pgnos)] { return read_pages_now(*store, id, pgnos); };
  return run_on_pool(ports.storage, std::move(read));
}

}  // namespace troupe
