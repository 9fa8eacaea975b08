#include "engine/pools/pool_error_records.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <map>
#include <utility>
#include <vector>

#include "engine/base/async.h"
#include "engine/base/errors.h"
#include "engine/pools/pool_codec.h"
#include "engine/pools/pool_error_key.h"

namespace troupe {
namespace {

class Records final : public PoolErrorRecords, public std::enable_shared_from_this<Records> {
 public:
  Records(IoExecutor io, Store& store, PoolErrors& errors)
      : strand_(boost::asio::make_strand(io)), store_(store), errors_(errors) {}

  void listen() {
    errors_.on_change([weak = weak_from_this()](const NamespaceId& ns, const std::string& pool,
                                                const std::optional<FailingPool>& now) {
      const auto self = weak.lock();
      if (!self) return;
      boost::asio::post(self->strand_, [self, key = Key(ns, pool), now] { self->note(key, now); });
    });
  }

  Task<Result<void>> open(const PoolDirectory& pools) override {
    auto range = keys::family(keys::Family::pool);
    TROUPE_CO_TRY(auto rows, co_await store_.scan(std::move(range.begin), std::move(range.end)));
    WriteBatch gone;
    for (auto& row : rows) {
      if (!keys::is_pool_error(row.key)) continue;
      const auto key = keys::parse_pool_error(row.key);
      if (!key) co_return make_error("storage", "corrupt", std::nullopt, "key of the error of a pool");
      TROUPE_CO_TRY(auto failing, decode_failing_pool(key->name, row.value));
      if (pools.find(key->namespace_id, key->name)) {
        errors_.restore(key->namespace_id, key->name, std::move(failing));
      } else {
        gone.erase(std::move(row.key));
      }
    }
    if (gone.empty()) co_return Result<void>();
    co_return co_await store_.commit(std::move(gone), Ack::written);
  }

  Task<void> written() override {
    auto wait = [self = shared_from_this()](Continuation<Done> waiter) {
      boost::asio::post(self->strand_, [self, waiter = std::move(waiter)]() mutable {
        if (!self->writing_) return waiter.resume({});
        self->waiters_.push_back(std::move(waiter));
      });
    };
    co_await suspend<Done>(std::move(wait));
  }

 private:
  using Key = std::pair<NamespaceId, std::string>;

  void note(const Key& key, const std::optional<FailingPool>& now) {
    unwritten_.insert_or_assign(key, now);
    if (std::exchange(writing_, true)) return;
    boost::asio::co_spawn(strand_, write(shared_from_this()), boost::asio::detached);
  }

  static Task<void> write(std::shared_ptr<Records> self) {
    while (!self->unwritten_.empty()) {
      WriteBatch batch;
      for (const auto& [key, failing] : std::exchange(self->unwritten_, {})) {
        const auto& [ns, pool] = key;
        if (failing) {
          batch.put(keys::pool_error(ns, pool), encode_failing_pool(*failing));
        } else {
          batch.erase(keys::pool_error(ns, pool));
        }
      }
      const auto done = co_await self->store_.commit(std::move(batch), Ack::written);
      if (!done) spdlog::warn("errors of pools cannot be kept over a restart: {}", done.error().id());
    }
    self->writing_ = false;
    for (auto& waiter : std::exchange(self->waiters_, {})) waiter.resume({});
  }

  const Strand strand_;
  Store& store_;
  PoolErrors& errors_;
  // On the strand.
  /// The last of each pool since the commit that is under way.
  std::map<Key, std::optional<FailingPool>> unwritten_;
  bool writing_ = false;
  std::vector<Continuation<Done>> waiters_;
};

}  // namespace

std::shared_ptr<PoolErrorRecords> make_pool_error_records(IoExecutor io, Store& store, PoolErrors& errors) {
  auto records = std::make_shared<Records>(io, store, errors);
  records->listen();
  return records;
}

}  // namespace troupe
