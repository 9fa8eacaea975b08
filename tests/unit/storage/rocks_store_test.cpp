#include "engine/storage/rocks/rocks_store.h"

#include <array>
#include <future>

#include "engine/storage/keys.h"
#include "storage_world.h"

namespace troupe {
namespace {

class RocksStoreTest : public testing::Test {
 protected:
  void open(StorageSettings settings = tiny_settings()) {
    core_ = RocksCore::open(world_.ports(), path(), settings).value();
    store_ = make_rocks_store(core_);
  }
  void close() {
    store_.reset();
    core_.reset();
  }
  std::filesystem::path path() const { return world_.directory() / "data" / "store"; }
  Task<Result<void>> put(std::string_view key, std::string_view value, Ack ack) {
    WriteBatch batch;
    batch.put(b(key), b(value));
    return store_->commit(std::move(batch), ack);
  }

  /// All that the pool has been given so far is done: each of its threads has come to a job behind it.
  void finish_jobs() {
    struct Meeting {
      std::array<std::promise<void>, kPoolThreads> arrived;
      std::promise<void> release;
      std::shared_future<void> released = release.get_future().share();
    };
    const auto meeting = std::make_shared<Meeting>();
    for (auto& thread : meeting->arrived)
      boost::asio::post(world_.pool(), [meeting, &thread] {
        thread.set_value();
        meeting->released.wait();
      });
    for (auto& thread : meeting->arrived) thread.get_future().wait();
    meeting->release.set_value();
  }

  static constexpr std::size_t kPoolThreads = 2;
  StorageWorld world_;
  std::shared_ptr<RocksCore> core_;
  std::unique_ptr<Store> store_;
};

TEST_F(RocksStoreTest, GivesBackItsCacheWhenNobodyWrites) {
  open();
  // So few that nothing is compacted, which would move them in the background.
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(world_.run(put("key" + std::to_string(i), std::string(500, 'v'), Ack::written)));
  }
  close();
  open();
  const Bytes early = b("key1");
  ASSERT_TRUE(world_.run(store_->get(early)).value());
  ASSERT_TRUE(core_->get_cached(early));
  store_->release_memory();
  finish_jobs();
  ASSERT_TRUE(world_.run(put("one more", "v", Ack::written)));
  store_->release_memory();
  finish_jobs();
  EXPECT_TRUE(core_->get_cached(early)) << "there was a write";
  store_->release_memory();
  finish_jobs();
  EXPECT_FALSE(core_->get_cached(early));
  EXPECT_TRUE(world_.run(store_->get(early)).value());
}

TEST_F(RocksStoreTest, KeepsEverythingAcrossFlushesCompactionsAndReopening) {
  open();
  const std::string value(500, 'v');
  for (int i = 0; i < 3'000; ++i) {
    ASSERT_TRUE(world_.run(put("key" + std::to_string(i % 1'500), value + std::to_string(i), Ack::written)));
  }
  close();
  open();
  const auto entries = world_.run(store_->scan(b("key"), b("kez"))).value();
  ASSERT_EQ(entries.size(), 1'500u);
  for (int i = 0; i < 1'500; ++i) {
    const auto found = world_.run(store_->get(b("key" + std::to_string(i)))).value();
    ASSERT_TRUE(found);
    EXPECT_EQ(to_string(*found), value + std::to_string(i + 1'500));
  }
}

TEST_F(RocksStoreTest, ManyDurableCommitsShareFewSyncs) {
  open();
  // The pool is kept busy until all have written, so the order of events is known.
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  for (int i = 0; i < 2; ++i) boost::asio::post(world_.pool(), [released] { released.wait(); });
  std::vector<Pending<Result<void>>> commits;
  for (int i = 0; i < 200; ++i) commits.push_back(world_.start(put("k" + std::to_string(i), "v", Ack::durable)));
  release.set_value();
  for (auto& commit : commits) EXPECT_TRUE(world_.wait(commit));
  EXPECT_LE(core_->sync_rounds(), 3u);
  EXPECT_GE(core_->sync_rounds(), 1u);
}

TEST_F(RocksStoreTest, AWrittenCommitReturnsWithoutASyncAndIsSyncedSoonAfter) {
  open();
  EXPECT_TRUE(world_.run(put("k", "v", Ack::written)));
  EXPECT_EQ(core_->sync_rounds(), 0u);
  world_.advance(tiny_settings().sync_interval);
  world_.run_until([&] { return core_->sync_rounds() == 1; });
}

TEST_F(RocksStoreTest, InIntervalModeADurableCommitDoesNotWaitForASync) {
  StorageSettings settings = tiny_settings();
  settings.durability = DurabilityMode::interval;
  open(settings);
  EXPECT_TRUE(world_.run(put("k", "v", Ack::durable)));
  EXPECT_EQ(core_->sync_rounds(), 0u);
  world_.advance(settings.sync_interval);
  world_.run_until([&] { return core_->sync_rounds() == 1; });
}

TEST_F(RocksStoreTest, InOsModeNothingIsSynced) {
  StorageSettings settings = tiny_settings();
  settings.durability = DurabilityMode::os;
  open(settings);
  EXPECT_TRUE(world_.run(put("k", "v", Ack::durable)));
  world_.advance(settings.sync_interval * 10);
  EXPECT_EQ(core_->sync_rounds(), 0u);
}

TEST_F(RocksStoreTest, CommitsThatNeedTheDiskKeepTheirOrderWithThoseThatDoNot) {
  open();
  for (int i = 0; i < 2'000; ++i) {
    ASSERT_TRUE(world_.run(put("cold" + std::to_string(i), std::string(100, 'x'), Ack::written)));
  }
  close();
  open();
  // After the opening nothing of the tables is in memory: the first commit has to go to the pool, and the rest, which
  // could be written at once, must not overtake it.
  std::vector<Pending<Result<void>>> commits;
  for (int i = 0; i < 100; ++i) {
    WriteBatch batch;
    batch.expect(b("cold" + std::to_string(i * 19)), b(std::string(100, 'x')));
    batch.put(b("last"), b(std::to_string(i)));
    commits.push_back(world_.start(store_->commit(std::move(batch), i % 2 ? Ack::durable : Ack::written)));
    commits.push_back(world_.start(put("plain", std::to_string(i), Ack::written)));
  }
  for (auto& commit : commits) EXPECT_TRUE(world_.wait(commit));
  EXPECT_EQ(to_string(*world_.run(store_->get(b("last"))).value()), "99");
  EXPECT_EQ(to_string(*world_.run(store_->get(b("plain"))).value()), "99");
}

TEST_F(RocksStoreTest, ASecondHolderIsTurnedAway) {
  open();
  EXPECT_EQ(code_of(open_store(world_.ports(), path(), tiny_settings())), "storage.locked");
  close();
  EXPECT_EQ(code_of(open_store(world_.ports(), path(), tiny_settings())), "ok");
}

TEST_F(RocksStoreTest, DataOfANewerFormatAreRefused) {
  open();
  WriteBatch batch;
  batch.put(keys::format_version(), keys::encode_format_version(keys::kFormatVersion + 1));
  ASSERT_TRUE(world_.run(store_->commit(std::move(batch), Ack::durable)));
  close();
  const auto refused = open_store(world_.ports(), path(), tiny_settings());
  ASSERT_EQ(code_of(refused), "storage.format_unsupported");
  EXPECT_EQ(refused.error().metadata()->find("found")->as_int(), keys::kFormatVersion + 1);
}

TEST_F(RocksStoreTest, CommitsInFlightAreAnsweredWhenTheStoreCloses) {
  open();
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  for (int i = 0; i < 2; ++i) boost::asio::post(world_.pool(), [released] { released.wait(); });
  auto commit = world_.start(put("k", "v", Ack::durable));
  EXPECT_FALSE(commit.done());
  close();
  release.set_value();
  EXPECT_TRUE(world_.wait(commit));
  open();
  EXPECT_EQ(to_string(*world_.run(store_->get(b("k"))).value()), "v");
}

}  // namespace
}  // namespace troupe
