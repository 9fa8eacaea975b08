#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "engine/storage/rocks/rocks_store.h"
#include "faulty_file_system.h"
#include "storage_world.h"

namespace troupe {
namespace {

constexpr Millis kRetry{1'000};

class RocksFaultTest : public testing::Test {
 protected:
  std::filesystem::path path() const { return world_.directory() / "store"; }
  std::string open() {
    auto opened = RocksCore::open(world_.ports(), path(), tiny_settings(), env_.get());
    if (opened) store_ = make_rocks_store(core_ = *opened);
    return code_of(opened);
  }
  std::string put(std::string_view key, Ack ack) {
    WriteBatch batch;
    batch.put(b(key), b("v"));
    return code_of(world_.run(store_->commit(std::move(batch), ack)));
  }
  bool has(std::string_view key) { return world_.run(store_->get(b(key))).value().has_value(); }
  /// Time passes until a commit of that key gets through.
  void wait_until_writable(std::string_view key) {
    world_.run_until([&] {
      world_.advance(kRetry);
      return put(key, Ack::durable) == "ok";
    });
  }

  StorageWorld world_;
  std::shared_ptr<Faults> faults_ = std::make_shared<Faults>();
  std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(std::make_shared<FaultyFileSystem>(faults_));
  std::shared_ptr<RocksCore> core_;
  std::unique_ptr<Store> store_;
};

TEST_F(RocksFaultTest, AFullDiskFailsCommitsAndLosesNothingAndWritesGoOnWhenThereIsSpace) {
  ASSERT_EQ(open(), "ok");
  EXPECT_EQ(put("before", Ack::durable), "ok");
  faults_->no_space = true;
  EXPECT_EQ(put("lost", Ack::durable), "storage.unavailable");
  EXPECT_EQ(put("lost too", Ack::written), "storage.unavailable");
  EXPECT_FALSE(has("lost"));
  EXPECT_TRUE(has("before"));
  world_.advance(kRetry);
  EXPECT_EQ(put("lost", Ack::durable), "storage.unavailable");
  faults_->no_space = false;
  wait_until_writable("after");
  store_.reset();
  ASSERT_EQ(open(), "ok");
  EXPECT_TRUE(has("before"));
  EXPECT_TRUE(has("after"));
  EXPECT_FALSE(has("lost"));
}

TEST_F(RocksFaultTest, ADiskThatIsFullAtTheFirstWriteToALogIsNoExceptionToThat) {
  ASSERT_EQ(open(), "ok");
  EXPECT_EQ(put("before", Ack::durable), "ok");
  for (int round = 0; round < 3; ++round) {
    // An orderly close leaves nothing in the log or in the memtable.
    store_.reset();
    core_.reset();
    ASSERT_EQ(open(), "ok");
    faults_->no_space = true;
    EXPECT_EQ(put("lost", Ack::durable), "storage.unavailable");
    faults_->no_space = false;
    wait_until_writable("after " + std::to_string(round));
    EXPECT_EQ(put("more", Ack::durable), "ok");
    EXPECT_TRUE(has("before"));
    EXPECT_FALSE(has("lost"));
  }
  store_.reset();
  core_.reset();
  ASSERT_EQ(open(), "ok");
  for (const auto* key : {"before", "after 0", "after 1", "after 2", "more"}) EXPECT_TRUE(has(key)) << key;
  EXPECT_FALSE(has("lost"));
}

TEST_F(RocksFaultTest, CommitsGoOnWhenThereAreDescriptorsAgain) {
  ASSERT_EQ(open(), "ok");
  std::vector<std::string> acknowledged;
  for (int round = 0; round < 3; ++round) {
    faults_->no_descriptors = true;
    // Until a memtable is full and its file cannot be made.
    for (int i = 0;; ++i) {
      ASSERT_LT(i, 100'000);
      const auto key = std::to_string(round) + " " + std::to_string(i);
      const auto code = put(key, Ack::written);
      if (code != "ok") {
        EXPECT_EQ(code, "storage.unavailable");
        break;
      }
      acknowledged.push_back(key);
    }
    world_.advance(kRetry);
    EXPECT_EQ(put("too early", Ack::durable), "storage.unavailable");
    faults_->no_descriptors = false;
    acknowledged.push_back("after " + std::to_string(round));
    wait_until_writable(acknowledged.back());
  }
  store_.reset();
  core_.reset();
  ASSERT_EQ(open(), "ok");
  for (const auto& key : acknowledged) EXPECT_TRUE(has(key)) << key;
}

TEST_F(RocksFaultTest, ASyncThatFollowsAFailedAppendIsAnErrorAndNotTheEndOfTheProcess) {
  ASSERT_EQ(open(), "ok");
  EXPECT_EQ(put("waits for the sync", Ack::written), "ok");
  faults_->no_space = true;
  EXPECT_EQ(put("lost", Ack::written), "storage.unavailable");
  const auto sync = [](std::shared_ptr<RocksCore> core) -> Task<Result<void>> {
    auto join = [core](Continuation<Result<void>> done) { core->join_sync(std::move(done)); };
    co_return co_await suspend<Result<void>>(std::move(join));
  };
  EXPECT_EQ(code_of(world_.run(sync(core_))), "storage.unavailable");
  faults_->no_space = false;
  wait_until_writable("after");
  EXPECT_EQ(code_of(world_.run(sync(core_))), "ok");
  EXPECT_TRUE(has("waits for the sync"));
}

TEST_F(RocksFaultTest, AfterAFailedSyncNothingIsAcknowledgedUntilTheDataAreRewritten) {
  ASSERT_EQ(open(), "ok");
  EXPECT_EQ(put("written", Ack::written), "ok");
  faults_->sync_has_no_space = true;
  EXPECT_EQ(put("unsynced", Ack::durable), "storage.unavailable");
  faults_->sync_has_no_space = false;
  // The next sync would succeed, but it says nothing about the pages of the one that failed.
  EXPECT_EQ(put("too early", Ack::durable), "storage.unavailable");
  EXPECT_EQ(put("too early", Ack::written), "storage.unavailable");
  wait_until_writable("after");
  store_.reset();
  ASSERT_EQ(open(), "ok");
  EXPECT_TRUE(has("written"));
  EXPECT_TRUE(has("after"));
  EXPECT_FALSE(has("too early"));
}

TEST_F(RocksFaultTest, ADiskThatFailsToSyncIsNotTrustedAgainBeforeARestart) {
  ASSERT_EQ(open(), "ok");
  EXPECT_EQ(put("before", Ack::durable), "ok");
  faults_->sync_fails = true;
  EXPECT_EQ(put("unsynced", Ack::durable), "storage.unavailable");
  faults_->sync_fails = false;
  for (int i = 0; i < 3; ++i) {
    world_.advance(kRetry);
    EXPECT_EQ(put("refused", Ack::durable), "storage.unavailable");
  }
  EXPECT_TRUE(has("before"));
  store_.reset();
  ASSERT_EQ(open(), "ok");
  EXPECT_TRUE(has("before"));
  EXPECT_EQ(put("after", Ack::durable), "ok");
}

TEST_F(RocksFaultTest, AFileInTheWayIsUnavailable) {
  std::ofstream(path()) << "not a directory";
  EXPECT_EQ(open(), "storage.unavailable");
}

TEST_F(RocksFaultTest, ADirectoryWithoutPermissionIsUnavailable) {
  std::filesystem::create_directories(path());
  ASSERT_EQ(::chmod(path().c_str(), 0500), 0);
  // The superuser is asked nothing, so the test becomes nobody for a moment.
  constexpr uid_t kNobody = 65534;
  const bool is_superuser = ::geteuid() == 0;
  if (is_superuser) {
    ASSERT_EQ(::chmod(world_.directory().c_str(), 0755), 0);
    ASSERT_EQ(::chmod(path().c_str(), 0555), 0);
    ASSERT_EQ(::seteuid(kNobody), 0);
  }
  const auto refused = RocksCore::open(world_.ports(), path(), tiny_settings());
  const int restored = is_superuser ? ::seteuid(0) : 0;
  ASSERT_EQ(restored, 0);
  ASSERT_EQ(code_of(refused), "storage.unavailable");
  EXPECT_NE(refused.error().detail().find("Permission denied"), std::string::npos);
}

TEST_F(RocksFaultTest, DamagedFilesAreCorrupt) {
  ASSERT_EQ(open(), "ok");
  EXPECT_EQ(put("k", Ack::durable), "ok");
  store_.reset();
  int damaged = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path() / "db")) {
    if (entry.path().extension() != ".sst") continue;
    std::filesystem::resize_file(entry.path(), entry.file_size() / 2);
    ++damaged;
  }
  ASSERT_GT(damaged, 0);
  EXPECT_EQ(open(), "storage.corrupt");
}

TEST_F(RocksFaultTest, MissingFilesAreCorrupt) {
  ASSERT_EQ(open(), "ok");
  EXPECT_EQ(put("k", Ack::durable), "ok");
  store_.reset();
  for (const auto& entry : std::filesystem::directory_iterator(path() / "db")) {
    if (entry.path().extension() == ".sst") std::filesystem::remove(entry.path());
  }
  EXPECT_EQ(open(), "storage.corrupt");
}

}  // namespace
}  // namespace troupe
