#pragma once

#include "engine/storage/pages/page_keys.h"
#include "engine/storage/pages/page_store.h"
#include "tests/unit/storage/storage_world.h"

namespace troupe {

/// A page whose bytes tell which one it is; they do not get smaller when `is_random`.
inline Bytes page_of(std::uint32_t pgno, std::uint32_t version, bool is_random = false) {
  Bytes bytes(kPageBytes);
  std::uint64_t state = std::uint64_t{pgno} << 32 | version;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    bytes[i] =
        is_random ? static_cast<std::uint8_t>(state >> 56) : static_cast<std::uint8_t>((pgno + version) % 250 + 1);
  }
  return bytes;
}

/// A page store on RocksDB with tiny buffers.
class PagesTest : public testing::Test {
 protected:
  PagesTest() { open(); }
  void open() {
    store_ = open_store(world_.ports(), world_.directory() / "store", tiny_settings()).value();
    actors_ = make_actor_store(world_.ports(), *store_, world_.directory() / "sqlite", tiny_settings());
  }
  void reopen() {
    actors_.reset();
    store_.reset();
    open();
  }
  PageStore& pages() { return *actors_->pages(); }
  ActorId awake(std::uint32_t generation = 1) {
    const ActorId id = world_.make_id();
    actors_->set_generation(id, generation);
    return id;
  }

  /// "ok <txid>" or the id of the error.
  static std::string text(const Result<std::uint64_t>& result) {
    return result ? "ok " + std::to_string(*result) : result.error().id();
  }
  std::string commit(ActorId id, std::vector<std::uint32_t> pgnos, std::uint32_t version, std::uint32_t size,
                     std::optional<std::uint64_t> expected = std::nullopt, std::uint32_t generation = 1) {
    PageCommit commit;
    for (const std::uint32_t pgno : pgnos) commit.pages.push_back({pgno, page_of(pgno, version)});
    commit.size_pages = size;
    commit.expected_txid = expected;
    return text(world_.run(pages().commit(id, generation, std::move(commit))));
  }
  std::string begin(ActorId id, std::optional<std::uint64_t> expected = std::nullopt, std::uint32_t generation = 1) {
    return text(world_.run(pages().begin_stage(id, generation, expected)));
  }
  /// "ok" or the id of the error.
  std::string segment(ActorId id, std::uint64_t txid, std::uint32_t first, std::vector<std::uint32_t> pgnos,
                      std::uint32_t version, std::uint32_t generation = 1) {
    std::vector<Page> dirty;
    for (const std::uint32_t pgno : pgnos) dirty.push_back({pgno, page_of(pgno, version)});
    return code_of(world_.run(pages().stage_segment(id, generation, txid, first, std::move(dirty))));
  }
  std::string finish(ActorId id, std::uint64_t txid, std::uint32_t size, std::vector<std::uint32_t> segments,
                     std::uint32_t generation = 1) {
    StagedFinish finish;
    finish.txid = txid;
    finish.size_pages = size;
    finish.segments = std::move(segments);
    return text(world_.run(pages().finish_stage(id, generation, std::move(finish))));
  }
  /// "<txid>/<size>:" and for each page its version, 0 for zeros, - beyond the end; or the id of the error.
  std::string read(ActorId id, std::vector<std::uint32_t> pgnos, std::uint32_t generation = 1) {
    const auto snapshot = world_.run(pages().read(id, generation, pgnos));
    if (!snapshot) return snapshot.error().id();
    std::string out = std::to_string(snapshot->head.txid) + "/" + std::to_string(snapshot->head.size_pages) + ":";
    for (std::size_t i = 0; i < pgnos.size(); ++i) {
      const auto& page = snapshot->pages[i];
      if (!page) {
        out += " -";
      } else if (*page == Bytes(kPageBytes)) {
        out += " 0";
      } else {
        const int version = ((*page)[0] - 1 + 250 - static_cast<int>(pgnos[i] % 250)) % 250;
        out += *page == page_of(pgnos[i], static_cast<std::uint32_t>(version)) ? " " + std::to_string(version) : " bad";
      }
    }
    return out;
  }
  std::size_t rows(const keys::Range& range) { return world_.run(store_->scan(range.begin, range.end)).value().size(); }
  PageHead head(ActorId id) { return decode_page_head(*world_.run(store_->get(keys::page_head(id))).value()).value(); }
  void wait_until_folded(ActorId id) {
    world_.run_until([&] { return head(id).unfolded_txid == 0; });
  }

  StorageWorld world_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<ActorStore> actors_;
};

/// from, from + 1, … below end.
inline std::vector<std::uint32_t> range_of(std::uint32_t from, std::uint32_t end) {
  std::vector<std::uint32_t> numbers;
  for (; from < end; ++from) numbers.push_back(from);
  return numbers;
}

}  // namespace troupe
