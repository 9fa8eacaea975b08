#include "engine/storage/rocks/rocks_store.h"
#include "pages_world.h"
#include "tests/unit/storage/faulty_file_system.h"

namespace troupe {
namespace {

class PageFaultTest : public PagesTest {
 protected:
  PageFaultTest() {
    actors_.reset();
    store_.reset();
    open_faulty();
  }
  void open_faulty() {
    auto core = RocksCore::open(world_.ports(), world_.directory() / "store", tiny_settings(), env_.get()).value();
    store_ = make_rocks_store(std::move(core));
    actors_ = make_actor_store(world_.ports(), *store_, world_.directory() / "sqlite", tiny_settings());
    actors_->set_generation(id_, 1);
  }
  void wait_until_writable() {
    const ActorId other = awake();
    world_.run_until([&] {
      world_.advance(Millis(1'000));
      return commit(other, {1}, 1, 1).starts_with("ok");
    });
  }

  std::shared_ptr<Faults> faults_ = std::make_shared<Faults>();
  std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(std::make_shared<FaultyFileSystem>(faults_));
  const ActorId id_ = world_.make_id();
};

TEST_F(PageFaultTest, AFullDiskFailsCommitsAndTheDatabaseStaysAsItWas) {
  ASSERT_EQ(commit(id_, {1, 2}, 1, 2, 0), "ok 1");
  faults_->no_space = true;
  EXPECT_EQ(commit(id_, {1, 2}, 2, 2, 1), "storage.unavailable");
  EXPECT_EQ(begin(id_), "storage.unavailable");
  EXPECT_EQ(read(id_, {1, 2}), "1/2: 1 1");
  faults_->no_space = false;
  wait_until_writable();
  EXPECT_EQ(commit(id_, {2}, 3, 2, 1), "ok 2");
  actors_.reset();
  store_.reset();
  open_faulty();
  EXPECT_EQ(read(id_, {1, 2}), "2/2: 1 3");
}

TEST_F(PageFaultTest, ACommitWhoseSyncFailsIsNotAcknowledged) {
  ASSERT_EQ(commit(id_, {1}, 1, 1, 0), "ok 1");
  faults_->sync_fails = true;
  EXPECT_EQ(commit(id_, {1}, 2, 1, 1), "storage.unavailable");
  EXPECT_EQ(commit(id_, {1}, 3, 1), "storage.unavailable");
  faults_->sync_fails = false;
  actors_.reset();
  store_.reset();
  open_faulty();
  // Whether it has come through is not known; what is read is one of the two, whole.
  const std::string now = read(id_, {1});
  EXPECT_TRUE(now == "1/1: 1" || now == "2/1: 2") << now;
}

TEST_F(PageFaultTest, AStageMeetsAFullDiskAndIsContinued) {
  ASSERT_EQ(begin(id_), "ok 1");
  ASSERT_EQ(segment(id_, 1, 0, {1, 2}, 1), "ok");
  faults_->no_space = true;
  EXPECT_EQ(segment(id_, 1, 320, {320}, 1), "storage.unavailable");
  EXPECT_EQ(finish(id_, 1, 320, {0}), "storage.unavailable");
  faults_->no_space = false;
  wait_until_writable();
  ASSERT_EQ(segment(id_, 1, 320, {320}, 1), "ok");
  ASSERT_EQ(finish(id_, 1, 320, {0, 320}), "ok 1");
  EXPECT_EQ(read(id_, {1, 2, 3, 320}), "1/320: 1 1 0 1");
  wait_until_folded(id_);
  EXPECT_EQ(read(id_, {1, 2, 3, 320}), "1/320: 1 1 0 1");
}

}  // namespace
}  // namespace troupe
