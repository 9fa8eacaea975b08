#include <map>
#include <mutex>

#include "engine/base/errors.h"
#include "engine/storage/open.h"

namespace troupe {
namespace {

/// Shared with the tasks, so that a task stays good after the store has gone.
struct Rows {
  std::mutex mutex;
  std::map<Bytes, Bytes> map;

  Result<void> commit(const WriteBatch& batch) {
    std::lock_guard lock(mutex);
    std::unique_lock<std::mutex> guard;
    if (batch.guard()) {
      TROUPE_TRY(guard, batch.guard()());
    }
    for (const WriteBatch::Expect& expect : batch.expects()) {
      const auto found = map.find(expect.key);
      const bool met = found == map.end() ? !expect.value : expect.value && *expect.value == found->second;
      if (!met) return make_error("storage", "conflict");
    }
    for (const WriteBatch::Change& change : batch.changes()) {
      if (const auto* put = std::get_if<WriteBatch::Put>(&change)) {
        map.insert_or_assign(put->key, put->value);
      } else if (const auto* erase = std::get_if<WriteBatch::Erase>(&change)) {
        map.erase(erase->key);
      } else if (const auto& range = std::get<WriteBatch::EraseRange>(change); range.begin < range.end) {
        map.erase(map.lower_bound(range.begin), map.lower_bound(range.end));
      }
    }
    return {};
  }

  std::optional<Bytes> get(const Bytes& key) {
    std::lock_guard lock(mutex);
    const auto found = map.find(key);
    if (found == map.end()) return std::nullopt;
    return found->second;
  }

  std::vector<std::optional<Bytes>> get_many(const std::vector<Bytes>& keys) {
    std::lock_guard lock(mutex);
    std::vector<std::optional<Bytes>> values;
    values.reserve(keys.size());
    for (const Bytes& key : keys) {
      const auto found = map.find(key);
      values.push_back(found == map.end() ? std::nullopt : std::optional<Bytes>(found->second));
    }
    return values;
  }

  std::uint64_t bytes_between(const Bytes& begin, const Bytes& end) {
    std::lock_guard lock(mutex);
    std::uint64_t bytes = 0;
    for (auto row = map.lower_bound(begin); row != map.end() && row->first < end; ++row) {
      bytes += row->first.size() + row->second.size();
    }
    return bytes;
  }

  std::vector<StoreEntry> scan(const Bytes& begin, const Bytes& end, const ScanOptions& options) {
    std::vector<StoreEntry> entries;
    if (begin >= end || options.limit == 0) return entries;
    std::lock_guard lock(mutex);
    std::size_t bytes = 0;
    // Whether the scan goes on after this entry.
    const auto take = [&](const std::pair<const Bytes, Bytes>& row) {
      bytes += row.first.size() + row.second.size();
      entries.push_back({row.first, row.second});
      return entries.size() < options.limit && bytes < options.bytes_max;
    };
    const auto first = map.lower_bound(begin);
    const auto last = map.lower_bound(end);
    if (options.reverse) {
      for (auto row = last; row != first && take(*--row);) {
      }
    } else {
      for (auto row = first; row != last && take(*row); ++row) {
      }
    }
    return entries;
  }
};

class MemoryStore final : public Store {
 public:
  Task<Result<std::optional<Bytes>>> get(Bytes key) override { return get_task(rows_, std::move(key)); }
  Task<Result<std::vector<std::optional<Bytes>>>> get_many(std::vector<Bytes> keys) override {
    return get_many_task(rows_, std::move(keys));
  }
  Result<std::vector<std::optional<Bytes>>> get_many_now(const std::vector<Bytes>& keys) override {
    return rows_->get_many(keys);
  }
  Task<Result<std::uint64_t>> approximate_bytes(Bytes begin, Bytes end) override {
    return bytes_task(rows_, std::move(begin), std::move(end));
  }
  Task<Result<std::vector<StoreEntry>>> scan(Bytes begin, Bytes end, ScanOptions options) override {
    return scan_task(rows_, std::move(begin), std::move(end), options);
  }
  Task<Result<void>> commit(WriteBatch batch, Ack) override { return commit_task(rows_, std::move(batch)); }

 private:
  static Task<Result<std::optional<Bytes>>> get_task(std::shared_ptr<Rows> rows, Bytes key) {
    co_return rows->get(key);
  }
  static Task<Result<std::vector<std::optional<Bytes>>>> get_many_task(std::shared_ptr<Rows> rows,
                                                                       std::vector<Bytes> keys) {
    co_return rows->get_many(keys);
  }
  static Task<Result<std::uint64_t>> bytes_task(std::shared_ptr<Rows> rows, Bytes begin, Bytes end) {
    co_return rows->bytes_between(begin, end);
  }
  static Task<Result<std::vector<StoreEntry>>> scan_task(std::shared_ptr<Rows> rows, Bytes begin, Bytes end,
                                                         ScanOptions options) {
    co_return rows->scan(begin, end, options);
  }
  static Task<Result<void>> commit_task(std::shared_ptr<Rows> rows, WriteBatch batch) { co_return rows->commit(batch); }

  const std::shared_ptr<Rows> rows_ = std::make_shared<Rows>();
};

}  // namespace

std::unique_ptr<Store> make_memory_store() { return std::make_unique<MemoryStore>(); }

}  // namespace troupe
