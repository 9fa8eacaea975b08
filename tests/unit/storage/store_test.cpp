#include "engine/storage/store.h"

#include "engine/base/errors.h"
#include "storage_world.h"

namespace troupe {
namespace {

/// The contract of Store, for every Store there is.
class StoreContract : public testing::TestWithParam<const char*> {
 protected:
  StoreContract() {
    store_ = std::string(GetParam()) == "memory"
                 ? make_memory_store()
                 : open_store(world_.ports(), world_.directory() / "store", tiny_settings()).value();
  }
  void put(std::string_view key, std::string_view value) {
    WriteBatch batch;
    batch.put(b(key), b(value));
    ASSERT_TRUE(world_.run(store_->commit(std::move(batch), Ack::written)));
  }
  std::string get(std::string_view key) {
    const auto value = world_.run(store_->get(b(key))).value();
    return value ? to_string(*value) : "(none)";
  }
  std::string keys(std::string_view begin, std::string_view end, ScanOptions options = {}) {
    std::string out;
    for (const StoreEntry& entry : world_.run(store_->scan(b(begin), b(end), options)).value()) {
      out += to_string(entry.key) + ' ';
    }
    return out;
  }
  std::string commit(WriteBatch batch) { return code_of(world_.run(store_->commit(std::move(batch), Ack::durable))); }

  StorageWorld world_;
  std::unique_ptr<Store> store_;
};

TEST_P(StoreContract, AMissingKeyIsNothingAndAnEmptyValueIsAValue) {
  put("a", "");
  EXPECT_EQ(get("a"), "");
  EXPECT_EQ(get("b"), "(none)");
}

TEST_P(StoreContract, ManyKeysAreReadInOrderMissingOnesIncluded) {
  put("a", "1");
  put("c", "");
  const std::vector<Bytes> keys{b("c"), b("b"), b("a"), b("c")};
  const std::vector<std::optional<Bytes>> expected{b(""), std::nullopt, b("1"), b("")};
  EXPECT_EQ(world_.run(store_->get_many(keys)).value(), expected);
  EXPECT_EQ(store_->get_many_now(keys).value(), expected);
  EXPECT_TRUE(world_.run(store_->get_many({})).value().empty());
}

TEST_P(StoreContract, AThousandKeysAreReadInOneCall) {
  std::vector<Bytes> keys;
  for (int i = 0; i < 1'000; ++i) {
    const std::string key = "k" + std::to_string(i);
    if (i % 3 != 0) put(key, key + std::string(300, 'v'));
    keys.push_back(b(key));
  }
  const auto values = world_.run(store_->get_many(keys)).value();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string expected = i % 3 == 0 ? "(none)" : to_string(keys[i]) + std::string(300, 'v');
    EXPECT_EQ(values[i] ? to_string(*values[i]) : "(none)", expected);
  }
}

TEST_P(StoreContract, NothingOvertakesALargeBatch) {
  WriteBatch large;
  large.put(b("a"), b("1"));
  for (int i = 0; i < 40; ++i) large.put(b("large" + std::to_string(i)), Bytes(10'000, 'v'));
  auto first = world_.start(store_->commit(std::move(large), Ack::durable));
  WriteBatch small;
  small.put(b("a"), b("2"));
  auto second = world_.start(store_->commit(std::move(small), Ack::durable));
  EXPECT_TRUE(world_.wait(second));
  EXPECT_TRUE(world_.wait(first));
  EXPECT_EQ(get("a"), "2");
  EXPECT_EQ(get("large39").size(), 10'000u);
}

TEST_P(StoreContract, SizesOfRangesAreEstimated) {
  // Beyond the size where an estimate is a guess about single entries.
  for (int i = 0; i < 2'000; ++i) put("k" + std::to_string(i), std::string(200, 'v'));
  const std::uint64_t bytes = world_.run(store_->approximate_bytes(b("k"), b("l"))).value();
  EXPECT_GT(bytes, 10'000u);
  EXPECT_LT(bytes, 2'000'000u);
  EXPECT_EQ(world_.run(store_->approximate_bytes(b("x"), b("y"))).value(), 0u);
}

TEST_P(StoreContract, ScansAreOrderedAndBounded) {
  for (const char* key : {"a", "b", "c", "d"}) put(key, "12");
  EXPECT_EQ(keys("a", "d"), "a b c ");
  EXPECT_EQ(keys("aa", "z"), "b c d ");
  EXPECT_EQ(keys("a", "d", {.reverse = true}), "c b a ");
  EXPECT_EQ(keys("a", "z", {.limit = 2}), "a b ");
  EXPECT_EQ(keys("a", "z", {.reverse = true, .limit = 2}), "d c ");
  EXPECT_EQ(keys("a", "z", {.bytes_max = 4}), "a b ");
  EXPECT_EQ(keys("a", "z", {.limit = 0}), "");
  EXPECT_EQ(keys("z", "a"), "");
}

TEST_P(StoreContract, TheChangesOfABatchAreAppliedInOrder) {
  put("r1", "old");
  put("r2", "old");
  WriteBatch batch;
  batch.put(b("r3"), b("early"));
  batch.erase_range(b("r"), b("s"));
  batch.put(b("r2"), b("new"));
  batch.put(b("x"), b("1"));
  batch.erase(b("x"));
  EXPECT_EQ(commit(std::move(batch)), "ok");
  EXPECT_EQ(keys("a", "z"), "r2 ");
  EXPECT_EQ(get("r2"), "new");
}

TEST_P(StoreContract, LargeRangesAreErasedToo) {
  for (int i = 0; i < 600; ++i) put("k" + std::to_string(i), "v");
  put("l", "stays");
  WriteBatch batch;
  batch.erase_range(b("k"), b("l"));
  EXPECT_EQ(commit(std::move(batch)), "ok");
  EXPECT_EQ(keys("a", "z"), "l ");
}

TEST_P(StoreContract, AFailedExpectationChangesNothing) {
  put("a", "1");
  WriteBatch stale;
  stale.expect(b("a"), b("2"));
  stale.put(b("b"), b("x"));
  EXPECT_EQ(commit(std::move(stale)), "storage.conflict");
  WriteBatch present;
  present.expect(b("a"), std::nullopt);
  present.put(b("b"), b("x"));
  EXPECT_EQ(commit(std::move(present)), "storage.conflict");
  EXPECT_EQ(get("b"), "(none)");

  WriteBatch right;
  right.expect(b("a"), b("1"));
  right.expect(b("b"), std::nullopt);
  right.put(b("b"), b("x"));
  EXPECT_EQ(commit(std::move(right)), "ok");
  EXPECT_EQ(get("b"), "x");
}

TEST_P(StoreContract, OfManyWhoExpectTheSameKeyAbsentOneWins) {
  std::vector<Pending<Result<void>>> racers;
  for (int i = 0; i < 50; ++i) {
    WriteBatch batch;
    batch.expect(b("once"), std::nullopt);
    batch.put(b("once"), b(std::to_string(i)));
    racers.push_back(world_.start(store_->commit(std::move(batch), Ack::durable)));
  }
  int winners = 0;
  for (auto& racer : racers) winners += world_.wait(racer) ? 1 : 0;
  EXPECT_EQ(winners, 1);
}

TEST_P(StoreContract, AGuardDecidesAndIsHeldDuringTheWrite) {
  auto mutex = std::make_shared<std::mutex>();
  WriteBatch refused;
  refused.put(b("a"), b("1"));
  refused.guard([]() -> Result<std::unique_lock<std::mutex>> { return make_error("actor", "fenced"); });
  EXPECT_EQ(commit(std::move(refused)), "actor.fenced");
  EXPECT_EQ(get("a"), "(none)");

  WriteBatch allowed;
  allowed.put(b("a"), b("1"));
  allowed.guard([mutex]() -> Result<std::unique_lock<std::mutex>> { return std::unique_lock(*mutex); });
  EXPECT_EQ(commit(std::move(allowed)), "ok");
  EXPECT_EQ(get("a"), "1");
  EXPECT_TRUE(mutex->try_lock());
  mutex->unlock();
}

TEST_P(StoreContract, ATaskOutlivesItsStore) {
  put("a", "1");
  auto read = store_->get(b("a"));
  auto scan = store_->scan(b("a"), b("z"));
  WriteBatch batch;
  batch.put(b("b"), b("2"));
  auto write = store_->commit(std::move(batch), Ack::durable);
  store_.reset();
  // The memory store still answers, the real one says that it is closed; neither touches freed memory.
  const std::string expected = std::string(GetParam()) == "memory" ? "ok" : "storage.unavailable";
  EXPECT_EQ(code_of(world_.run(std::move(read))), expected);
  EXPECT_EQ(code_of(world_.run(std::move(scan))), expected);
  EXPECT_EQ(code_of(world_.run(std::move(write))), expected);
}

INSTANTIATE_TEST_SUITE_P(All, StoreContract, testing::Values("memory", "rocks"),
                         [](const auto& kind) { return std::string(kind.param); });

}  // namespace
}  // namespace troupe
