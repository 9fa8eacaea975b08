#include "engine/storage/rocks/rocks_store.h"

#include "engine/base/errors.h"
#include "engine/storage/rocks/rocks_options.h"

namespace troupe {
namespace {

/// Keys that are looked up in memory on the caller's thread; more would keep it for too long.
constexpr std::size_t kInlineKeysMax = 24;

rocksdb::Slice slice(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
Bytes bytes_of(const rocksdb::Slice& data) { return {data.data(), data.data() + data.size()}; }

Error closed_error() { return make_error("storage", "unavailable", std::nullopt, "the store is closed"); }

Result<std::vector<StoreEntry>> read_range(rocksdb::DB& db, const Bytes& begin, const Bytes& end,
                                           const ScanOptions& options) {
  std::vector<StoreEntry> entries;
  if (begin >= end || options.limit == 0) return entries;
  const rocksdb::Slice lower = slice(begin);
  const rocksdb::Slice upper = slice(end);
  rocksdb::ReadOptions read;
  read.iterate_lower_bound = &lower;
  read.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> row(db.NewIterator(read));
  std::size_t bytes = 0;
  for (options.reverse ? row->SeekToLast() : row->Seek(lower); row->Valid();
       options.reverse ? row->Prev() : row->Next()) {
    bytes += row->key().size() + row->value().size();
    entries.push_back({bytes_of(row->key()), bytes_of(row->value())});
    if (entries.size() >= options.limit || bytes >= options.bytes_max) break;
  }
  if (!row->status().ok()) return rocks_error(row->status(), "cannot scan");
  return entries;
}

/// Everything the tasks need is in the core: a task that was made stays good after the store has gone.
class RocksStore final : public Store {
 public:
  explicit RocksStore(std::shared_ptr<RocksCore> core) : core_(std::move(core)) {}
  ~RocksStore() override { core_->close(); }

  Task<Result<std::optional<Bytes>>> get(Bytes key) override { return get_task(core_, std::move(key)); }

  Task<Result<RocksCore::FoundMany>> get_many(std::vector<Bytes> keys) override {
    return get_many_task(core_, std::move(keys));
  }

  Result<RocksCore::FoundMany> get_many_now(const std::vector<Bytes>& keys) override {
    return core_->get_many_now(keys);
  }

  Task<Result<std::uint64_t>> approximate_bytes(Bytes begin, Bytes end) override {
    auto start = [core = core_, begin = std::move(begin),
                  end = std::move(end)](Continuation<Result<std::uint64_t>> done) mutable {
      core->approximate_bytes(std::move(begin), std::move(end), std::move(done));
    };
    return suspend<Result<std::uint64_t>>(std::move(start));
  }

  Task<Result<std::vector<StoreEntry>>> scan(Bytes begin, Bytes end, ScanOptions options) override {
    auto start = [core = core_, begin = std::move(begin), end = std::move(end),
                  options](Continuation<Result<std::vector<StoreEntry>>> done) mutable {
      core->scan(std::move(begin), std::move(end), options, std::move(done));
    };
    return suspend<Result<std::vector<StoreEntry>>>(std::move(start));
  }

  Task<Result<void>> commit(WriteBatch batch, Ack ack) override {
    return commit_task(core_, std::move(batch), ack == Ack::durable && core_->syncs());
  }

  void release_memory() override { core_->release_memory(); }

 private:
  static Task<Result<std::optional<Bytes>>> get_task(std::shared_ptr<RocksCore> core, Bytes key) {
    auto cached = core->get_cached(key);
    if (cached) co_return std::move(*cached);
    auto start = [core, key = std::move(key)](Continuation<Result<RocksCore::Found>> done) mutable {
      core->get_slowly(std::move(key), std::move(done));
    };
    co_return co_await suspend<Result<RocksCore::Found>>(std::move(start));
  }

  static Task<Result<RocksCore::FoundMany>> get_many_task(std::shared_ptr<RocksCore> core, std::vector<Bytes> keys) {
    if (keys.size() <= kInlineKeysMax) {
      auto cached = core->get_many_cached(keys);
      if (cached) co_return std::move(*cached);
    }
    auto start = [core, keys = std::move(keys)](Continuation<Result<RocksCore::FoundMany>> done) mutable {
      core->get_many_slowly(std::move(keys), std::move(done));
    };
    co_return co_await suspend<Result<RocksCore::FoundMany>>(std::move(start));
  }

  static Task<Result<void>> commit_task(std::shared_ptr<RocksCore> core, WriteBatch batch, bool sync) {
    auto written = core->try_commit(batch, sync);
    if (!written) {
      auto start = [core, batch = std::move(batch), sync](Continuation<Result<void>> done) mutable {
        core->commit_slowly(std::move(batch), sync, std::move(done));
      };
      co_return co_await suspend<Result<void>>(std::move(start));
    }
    if (!*written || !sync) co_return std::move(*written);
    auto join = [core](Continuation<Result<void>> done) { core->join_sync(std::move(done)); };
    co_return co_await suspend<Result<void>>(std::move(join));
  }

  const std::shared_ptr<RocksCore> core_;
};

}  // namespace

std::unique_ptr<Store> make_rocks_store(std::shared_ptr<RocksCore> core) {
  return std::make_unique<RocksStore>(std::move(core));
}

std::optional<Result<RocksCore::Found>> RocksCore::get_cached(const Bytes& key) {
  const JobGate::Pass pass(gate_);
  if (!pass) return Result<Found>(closed_error());
  rocksdb::ReadOptions read;
  read.read_tier = rocksdb::kBlockCacheTier;
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = db_->Get(read, db_->DefaultColumnFamily(), slice(key), &value);
  if (status.IsIncomplete()) return std::nullopt;
  if (status.IsNotFound()) return Result<Found>(Found());
  if (!status.ok()) return Result<Found>(rocks_error(status, "cannot read"));
  return Result<Found>(bytes_of(value));
}

void RocksCore::get_slowly(Bytes key, Continuation<Result<Found>> done) {
  boost::asio::post(
      ports_.storage, [self = shared_from_this(), key = std::move(key), done = std::move(done)]() mutable {
        const JobGate::Pass pass(self->gate_);
        if (!pass) return done.post(closed_error());
        rocksdb::PinnableSlice value;
        const rocksdb::Status status = self->db_->Get({}, self->db_->DefaultColumnFamily(), slice(key), &value);
        if (status.IsNotFound()) return done.post(Found());
        if (!status.ok()) return done.post(rocks_error(status, "cannot read"));
        done.post(Found(bytes_of(value)));
      });
}

std::optional<Result<RocksCore::FoundMany>> RocksCore::multi_get(const std::vector<Bytes>& keys,
                                                                 rocksdb::ReadTier tier) {
  const JobGate::Pass pass(gate_);
  if (!pass) return Result<FoundMany>(closed_error());
  rocksdb::ReadOptions read;
  read.read_tier = tier;
  std::vector<rocksdb::Slice> slices;
  slices.reserve(keys.size());
  for (const Bytes& key : keys) slices.push_back(slice(key));
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  // One call is one moment.
  db_->MultiGet(read, db_->DefaultColumnFamily(), keys.size(), slices.data(), values.data(), statuses.data());
  FoundMany found;
  found.reserve(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsIncomplete() && tier == rocksdb::kBlockCacheTier) return std::nullopt;
    if (!statuses[i].ok() && !statuses[i].IsNotFound()) {
      return Result<FoundMany>(rocks_error(statuses[i], "cannot read"));
    }
    found.push_back(statuses[i].ok() ? std::optional<Bytes>(bytes_of(values[i])) : std::nullopt);
  }
  return Result<FoundMany>(std::move(found));
}

std::optional<Result<RocksCore::FoundMany>> RocksCore::get_many_cached(const std::vector<Bytes>& keys) {
  return multi_get(keys, rocksdb::kBlockCacheTier);
}

Result<RocksCore::FoundMany> RocksCore::get_many_now(const std::vector<Bytes>& keys) {
  return std::move(multi_get(keys, rocksdb::kReadAllTier)).value();
}

void RocksCore::get_many_slowly(std::vector<Bytes> keys, Continuation<Result<FoundMany>> done) {
  boost::asio::post(ports_.storage, [self = shared_from_this(), keys = std::move(keys),
                                     done = std::move(done)]() mutable { done.post(self->get_many_now(keys)); });
}

void RocksCore::approximate_bytes(Bytes begin, Bytes end, Continuation<Result<std::uint64_t>> done) {
  boost::asio::post(ports_.storage, [self = shared_from_this(), begin = std::move(begin), end = std::move(end),
                                     done = std::move(done)]() mutable {
    const JobGate::Pass pass(self->gate_);
    if (!pass) return done.post(closed_error());
    rocksdb::SizeApproximationOptions options;
    options.include_memtables = true;
    options.include_files = true;
    const rocksdb::Range range(slice(begin), slice(end));
    std::uint64_t bytes = 0;
    const rocksdb::Status status =
        self->db_->GetApproximateSizes(options, self->db_->DefaultColumnFamily(), &range, 1, &bytes);
    if (!status.ok()) return done.post(rocks_error(status, "cannot estimate a size"));
    done.post(bytes);
  });
}

void RocksCore::scan(Bytes begin, Bytes end, ScanOptions options, Continuation<Result<std::vector<StoreEntry>>> done) {
  boost::asio::post(ports_.storage, [self = shared_from_this(), begin = std::move(begin), end = std::move(end), options,
                                     done = std::move(done)]() mutable {
    const JobGate::Pass pass(self->gate_);
    if (!pass) return done.post(closed_error());
    done.post(read_range(*self->db_, begin, end, options));
  });
}

}  // namespace troupe
