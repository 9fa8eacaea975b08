#include "engine/storage/rocks/group_sync.h"

#include <condition_variable>

#include "engine/base/errors.h"
#include "storage_world.h"

namespace troupe {
namespace {

/// A sync that the test lets go, one at a time.
class ManualSync {
 public:
  Result<void> operator()() {
    std::unique_lock lock(mutex_);
    ++started_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return allowed_ > 0; });
    --allowed_;
    return fail_ ? Result<void>(make_error("storage", "unavailable")) : Result<void>();
  }
  void allow(int count = 1) {
    std::lock_guard lock(mutex_);
    allowed_ += count;
    changed_.notify_all();
  }
  void fail_from_now() {
    std::lock_guard lock(mutex_);
    fail_ = true;
  }
  void wait_started(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return started_ >= count; });
  }
  int started() {
    std::lock_guard lock(mutex_);
    return started_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int started_ = 0;
  int allowed_ = 0;
  bool fail_ = false;
};

class GroupSyncTest : public testing::Test {
 protected:
  Pending<Result<void>> join() {
    auto start = [group = group_](Continuation<Result<void>> done) { group->join(std::move(done)); };
    return world_.start(suspend<Result<void>>(std::move(start)));
  }
  void TearDown() override {
    gate_->close();
    group_->finish();
  }

  StorageWorld world_;
  ManualSync sync_;
  std::shared_ptr<JobGate> gate_ = std::make_shared<JobGate>();
  std::shared_ptr<GroupSync> group_ =
      std::make_shared<GroupSync>(world_.ports().storage, gate_, [this] { return sync_(); });
};

TEST_F(GroupSyncTest, EverybodyWhoJoinsDuringASyncSharesTheNextOne) {
  auto first = join();
  sync_.wait_started(1);
  std::vector<Pending<Result<void>>> others;
  for (int i = 0; i < 100; ++i) others.push_back(join());
  EXPECT_EQ(sync_.started(), 1);
  sync_.allow();
  EXPECT_TRUE(world_.wait(first));
  sync_.wait_started(2);
  for (const auto& other : others) EXPECT_FALSE(other.done());
  sync_.allow();
  for (auto& other : others) EXPECT_TRUE(world_.wait(other));
  EXPECT_EQ(group_->rounds(), 2u);
}

TEST_F(GroupSyncTest, AFailedSyncFailsAllOfItsWaiters) {
  sync_.fail_from_now();
  auto first = join();
  sync_.wait_started(1);
  auto second = join();
  auto third = join();
  sync_.allow(2);
  EXPECT_EQ(code_of(world_.wait(first)), "storage.unavailable");
  EXPECT_EQ(code_of(world_.wait(second)), "storage.unavailable");
  EXPECT_EQ(code_of(world_.wait(third)), "storage.unavailable");
}

TEST_F(GroupSyncTest, FinishAnswersWhoeverIsLeftAfterTheGateHasClosed) {
  auto first = join();
  sync_.wait_started(1);
  auto left = join();
  sync_.allow(2);
  gate_->close();
  group_->finish();
  EXPECT_TRUE(world_.wait(first));
  EXPECT_TRUE(world_.wait(left));
}

}  // namespace
}  // namespace troupe
