#include "engine/base/async.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/strand.hpp>

#include "engine/base/virtual_ports.h"

namespace troupe {
namespace {

class Async : public testing::Test {
 protected:
  VirtualWorld world;
};

TEST_F(Async, ASuspendedCoroutineGoesOnWithTheValueItIsGiven) {
  Continuation<int> kept;
  int seen = 0;
  auto body = [&]() -> Task<void> {
    seen = co_await suspend<int>([&](Continuation<int> waiter) { kept = std::move(waiter); });
  };
  boost::asio::co_spawn(world.context(), body, boost::asio::detached);
  world.settle();
  ASSERT_TRUE(kept);
  kept.resume(7);
  EXPECT_FALSE(kept);
  world.settle();
  EXPECT_EQ(seen, 7);
}

TEST_F(Async, AValueMayBeGivenBeforeTheSuspensionIsComplete) {
  auto body = []() -> Task<int> {
    auto answer = suspend<int>([](Continuation<int> waiter) { waiter.resume(9); });
    co_return co_await std::move(answer);
  };
  EXPECT_EQ(world.run(body()), 9);
}

TEST_F(Async, ACoroutineGoesOnOnItsOwnExecutor) {
  auto strand = boost::asio::make_strand(world.context());
  Continuation<int> kept;
  bool right = false;
  auto body = [&]() -> Task<void> {
    (void)co_await suspend<int>([&](Continuation<int> waiter) { kept = std::move(waiter); });
    right = strand.running_in_this_thread();
  };
  boost::asio::co_spawn(strand, body, boost::asio::detached);
  world.settle();
  kept.resume(1);
  world.settle();
  EXPECT_TRUE(right);
}

TEST_F(Async, APostedContinuationRunsLater) {
  Continuation<int> kept;
  bool resumed = false;
  auto body = [&]() -> Task<void> {
    (void)co_await suspend<int>([&](Continuation<int> waiter) { kept = std::move(waiter); });
    resumed = true;
  };
  boost::asio::co_spawn(world.context(), body, boost::asio::detached);
  world.settle();
  boost::asio::post(world.context(), [&] {
    kept.post(1);
    EXPECT_FALSE(resumed);
  });
  world.settle();
  EXPECT_TRUE(resumed);
}

TEST_F(Async, HandOversRunAtOnceUntilTheyAreNestedTooDeep) {
  const Executor executor = world.context().get_executor();
  int depth = 0, deepest = 0, runs = 0;
  std::function<void()> step = [&] {
    deepest = std::max(deepest, ++depth);
    if (++runs < 1'000) hand_over(executor, [&] { step(); });
    --depth;
  };
  boost::asio::post(executor, [&] { step(); });
  world.settle();
  EXPECT_EQ(runs, 1'000);
  EXPECT_GT(deepest, 1);
  EXPECT_LT(deepest, 50);
}

TEST_F(Async, ASignalWakesAllWhoWaitAndNobodyElse) {
  Signal signal;
  int woken = 0;
  auto body = [&]() -> Task<void> {
    co_await signal.wait();
    ++woken;
  };
  for (int i = 0; i < 3; ++i) boost::asio::co_spawn(world.context(), body, boost::asio::detached);
  world.settle();
  EXPECT_TRUE(signal.awaited());
  signal.notify_all();
  EXPECT_EQ(woken, 0);
  EXPECT_FALSE(signal.awaited());
  boost::asio::co_spawn(world.context(), body, boost::asio::detached);
  world.settle();
  EXPECT_EQ(woken, 3);
  signal.notify_all();
  world.settle();
  EXPECT_EQ(woken, 4);
}

}  // namespace
}  // namespace troupe
