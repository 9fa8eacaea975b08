#pragma once

#include <memory>

#include "engine/base/async.h"
#include "engine/base/errors.h"
#include "engine/storage/open.h"
#include "engine/storage/store.h"

namespace troupe {

/// The memory store with a count of what it does, and switches that break and delay commits.
class WatchedStore final : public Store {
 public:
  Task<Result<std::optional<Bytes>>> get(Bytes key) override {
    ++gets;
    return inner_->get(std::move(key));
  }
  Task<Result<std::vector<std::optional<Bytes>>>> get_many(std::vector<Bytes> keys) override {
    ++gets;
    return inner_->get_many(std::move(keys));
  }
  Result<std::vector<std::optional<Bytes>>> get_many_now(const std::vector<Bytes>& keys) override {
    ++gets;
    return inner_->get_many_now(keys);
  }
  Task<Result<std::uint64_t>> approximate_bytes(Bytes begin, Bytes end) override {
    return inner_->approximate_bytes(std::move(begin), std::move(end));
  }
  Task<Result<std::vector<StoreEntry>>> scan(Bytes begin, Bytes end, ScanOptions options) override {
    ++scans;
    return inner_->scan(std::move(begin), std::move(end), options);
  }
  Task<Result<void>> commit(WriteBatch batch, Ack ack) override {
    if (broken) co_return make_error("storage", "unavailable");
    ++(ack == Ack::durable ? durable_commits : written_commits);
    const bool held = std::exchange(tells_next_later, false);
    auto committed = co_await inner_->commit(std::move(batch), ack);
    if (std::exchange(denies_next, false)) co_return make_error("storage", "unavailable");
    if (held) co_await told.wait();
    co_return committed;
  }

  bool broken = false;
  /// The next commit is made, and who made it is told that it failed.
  bool denies_next = false;
  /// The next commit is made at once, and who made it hears of that when `told` is notified.
  bool tells_next_later = false;
  Signal told;
  int gets = 0, scans = 0, durable_commits = 0, written_commits = 0;

 private:
  std::unique_ptr<Store> inner_ = make_memory_store();
};

}  // namespace troupe
