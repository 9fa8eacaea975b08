#include "engine/base/virtual_ports.h"

#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <vector>

#include "engine/base/id.h"

namespace troupe {
namespace {

using namespace std::chrono_literals;
using Log = std::vector<std::string>;

class VirtualTime : public ::testing::Test {
 protected:
  std::unique_ptr<Timer> timer(Millis delay, std::string name) {
    auto made = world_.ports().timers.make(world_.ports().io);
    made->start(delay, [this, name] { log_.push_back(name + "@" + std::to_string(world_.now_ms() - kStart)); });
    return made;
  }

  static constexpr std::int64_t kStart = 1'700'000'000'000;
  VirtualWorld world_;
  Log log_;
};

TEST_F(VirtualTime, TimersFireInOrderOfTimeAndThenOfTheirStart) {
  auto c = timer(30ms, "c");
  auto a = timer(10ms, "a");
  auto b1 = timer(20ms, "b1");
  auto b2 = timer(20ms, "b2");
  world_.advance(9ms);
  EXPECT_EQ(log_, Log{});
  world_.advance(100ms);
  EXPECT_EQ(log_, (Log{"a@10", "b1@20", "b2@20", "c@30"}));
  EXPECT_EQ(world_.now_ms(), kStart + 109);
}

TEST_F(VirtualTime, ATimerStartedByATimerFiresInTheSameAdvance) {
  auto outer = world_.ports().timers.make(world_.ports().io);
  std::unique_ptr<Timer> inner;
  outer->start(10ms, [&] { inner = timer(5ms, "inner"); });
  auto later = timer(20ms, "later");
  world_.advance(20ms);
  EXPECT_EQ(log_, (Log{"inner@15", "later@20"}));
}

TEST_F(VirtualTime, CancelledRestartedAndDestroyedTimersStaySilent) {
  auto cancelled = timer(10ms, "cancelled");
  auto destroyed = timer(10ms, "destroyed");
  auto restarted = timer(10ms, "first");
  restarted->start(20ms, [this] { log_.push_back("second"); });
  cancelled->cancel();
  destroyed.reset();
  world_.advance(1s);
  EXPECT_EQ(log_, Log{"second"});
}

TEST_F(VirtualTime, ATimerMayDestroyItselfInItsCallback) {
  auto self = world_.ports().timers.make(world_.ports().io);
  self->start(1ms, [&] {
    self.reset();
    log_.push_back("alive");
  });
  world_.advance(1ms);
  EXPECT_EQ(log_, Log{"alive"});
}

TEST_F(VirtualTime, NothingFiresWithoutAnAdvance) {
  auto now = timer(0ms, "now");
  world_.settle();
  EXPECT_EQ(log_, Log{});
  world_.advance(0ms);
  EXPECT_EQ(log_, Log{"now@0"});
}

TEST_F(VirtualTime, TheWallClockJumpsWithoutTheMonotonicOne) {
  const auto before = world_.ports().clock.monotonic();
  auto fires = timer(10ms, "t");
  world_.jump_wall_clock(-1h);
  EXPECT_EQ(world_.now_ms(), kStart - 3'600'000);
  EXPECT_EQ(world_.ports().clock.monotonic(), before);
  world_.advance(10ms);
  EXPECT_EQ(log_.size(), 1u);
  EXPECT_EQ(world_.ports().clock.monotonic(), before + 10ms);
}

TEST_F(VirtualTime, RunGivesTheResultOfATask) {
  auto answer = []() -> Task<int> { co_return 42; };
  EXPECT_EQ(world_.run(answer()), 42);
  auto nothing = [](Log& log) -> Task<void> {
    log.push_back("ran");
    co_return;
  };
  world_.run(nothing(log_));
  EXPECT_EQ(log_, Log{"ran"});
  auto fails = []() -> Task<Result<int>> { co_return user_error("c", "m"); };
  EXPECT_FALSE(world_.run(fails()));
}

TEST_F(VirtualTime, RunPassesExceptionsOn) {
  auto throws = []() -> Task<int> {
    throw std::runtime_error("boom");
    co_return 1;
  };
  EXPECT_THROW(world_.run(throws()), std::runtime_error);
}

TEST_F(VirtualTime, RunWithThreadsWaitsForOtherThreads) {
  boost::asio::thread_pool pool(1);
  auto task = [](boost::asio::any_io_executor other) -> Task<int> {
    auto there = []() -> Task<int> { co_return 7; };
    const int n = co_await boost::asio::co_spawn(other, there, boost::asio::use_awaitable);
    co_return n;
  };
  EXPECT_EQ(world_.run_with_threads(task(pool.get_executor())), 7);
  pool.join();
}

Task<void> sleep_and_log(Ports ports, Millis delay, Log& log) {
  co_await wait_for(ports.timers, ports.io, delay);
  log.push_back(std::to_string(delay.count()));
}

TEST_F(VirtualTime, CoroutinesWaitOnVirtualTimers) {
  for (auto delay : {30ms, 10ms, 20ms})
    boost::asio::co_spawn(world_.context(), sleep_and_log(world_.ports(), delay, log_), boost::asio::detached);
  world_.settle();
  EXPECT_EQ(log_, Log{});
  world_.advance(20ms);
  EXPECT_EQ(log_, (Log{"10", "20"}));
  world_.advance(10ms);
  EXPECT_EQ(log_, (Log{"10", "20", "30"}));
}

TEST_F(VirtualTime, TheShorterOfTwoWaitsCancelsTheOther) {
  auto race = [](Ports ports, Log& log) -> Task<void> {
    using namespace boost::asio::experimental::awaitable_operators;
    auto first = wait_for(ports.timers, ports.io, 10ms);
    auto second = wait_for(ports.timers, ports.io, 1h);
    auto both = std::move(first) || std::move(second);
    auto winner = co_await std::move(both);
    log.push_back(std::to_string(winner.index()));
  };
  boost::asio::co_spawn(world_.context(), race(world_.ports(), log_), boost::asio::detached);
  world_.advance(10ms);
  EXPECT_EQ(log_, Log{"0"});
}

TEST_F(VirtualTime, AWorldMayEndWhileTasksWait) {
  Log log;
  auto shared = std::make_shared<int>(1);
  {
    VirtualWorld world;
    auto task = [](Ports ports, std::shared_ptr<int> held, Log& out) -> Task<void> {
      auto timer = ports.timers.make(ports.io);
      timer->start(1min, [held, &out] { out.push_back("never"); });
      co_await wait_for(ports.timers, ports.io, 2min);
      out.push_back("never");
    };
    boost::asio::co_spawn(world.context(), task(world.ports(), shared, log), boost::asio::detached);
    world.settle();
    EXPECT_GT(shared.use_count(), 1);
  }
  EXPECT_EQ(shared.use_count(), 1);
  EXPECT_EQ(log, Log{});
}

TEST(VirtualRandom, TheSameSeedGivesTheSameIds) {
  VirtualWorld a(5), b(5), c(6);
  const auto id = Id::make(a.ports().random, 1);
  EXPECT_EQ(id, Id::make(b.ports().random, 1));
  EXPECT_NE(id, Id::make(c.ports().random, 1));
}

TEST(VirtualWorldDeathTest, RunAbortsWhenATaskWaitsForTime) {
  VirtualWorld world;
  Log log;
  EXPECT_DEATH(world.run(sleep_and_log(world.ports(), 1ms, log)), "waits for time");
}

}  // namespace
}  // namespace troupe
