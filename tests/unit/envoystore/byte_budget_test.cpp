#include "engine/envoystore/byte_budget.h"

#include "tests/unit/storage/storage_world.h"

namespace troupe {
namespace {

using Permit = std::optional<ByteBudget::Permit>;

class ByteBudgetTest : public testing::Test {
 protected:
  Pending<Permit> acquire(std::size_t bytes) { return world_.start(ByteBudget::acquire(budget_, bytes)); }

  StorageWorld world_;
  std::shared_ptr<ByteBudget> budget_ = std::make_shared<ByteBudget>(100, 2);
};

TEST_F(ByteBudgetTest, WhoComesFirstIsServedFirstAlsoIfALaterOneWouldFit) {
  auto first = acquire(60);
  ASSERT_TRUE(first.done());
  auto second = acquire(60);
  auto third = acquire(10);
  EXPECT_FALSE(second.done());
  EXPECT_FALSE(third.done());
  first.result->reset();
  world_.wait(second);
  world_.wait(third);
}

TEST_F(ByteBudgetTest, WhoWantsMoreThanThereIsGetsAll) {
  auto small = acquire(1);
  auto huge = acquire(1'000);
  EXPECT_FALSE(huge.done());
  small.result->reset();
  world_.wait(huge);
  auto next = acquire(1);
  EXPECT_FALSE(next.done());
  huge.result->reset();
  world_.wait(next);
}

TEST_F(ByteBudgetTest, TooManyWaitersAreTurnedAway) {
  auto all = acquire(100);
  auto second = acquire(1);
  auto third = acquire(1);
  auto fourth = acquire(1);
  ASSERT_TRUE(fourth.done());
  EXPECT_FALSE(**fourth.result);
  all.result->reset();
  world_.wait(second);
  world_.wait(third);
}

}  // namespace
}  // namespace troupe
