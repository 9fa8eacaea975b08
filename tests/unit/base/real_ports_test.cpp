#include "engine/base/real_ports.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <thread>
#include <vector>

namespace troupe {
namespace {

using namespace std::chrono_literals;

TEST(RealPorts, TimersCallBackOnTheirExecutorUnlessCancelled) {
  boost::asio::io_context context;
  auto timers = make_asio_timers();
  std::vector<int> fired;
  auto cancelled = timers->make(context.get_executor());
  auto destroyed = timers->make(context.get_executor());
  auto restarted = timers->make(context.get_executor());
  cancelled->start(0ms, [&] { fired.push_back(1); });
  destroyed->start(0ms, [&] { fired.push_back(2); });
  restarted->start(0ms, [&] { fired.push_back(3); });
  cancelled->cancel();
  destroyed.reset();
  restarted->start(1ms, [&] { fired.push_back(4); });
  EXPECT_EQ(fired, std::vector<int>{});
  context.run();
  EXPECT_EQ(fired, std::vector<int>{4});
}

TEST(RealPorts, CoroutinesWait) {
  boost::asio::io_context context;
  auto timers = make_asio_timers();
  bool done = false;
  auto task = [](Timers& on, Executor executor, bool& flag) -> Task<void> {
    co_await wait_for(on, executor, 1ms);
    flag = true;
  };
  boost::asio::co_spawn(context, task(*timers, context.get_executor(), done), boost::asio::detached);
  context.run();
  EXPECT_TRUE(done);
}

TEST(RealPorts, AContextMayEndWhileTasksWait) {
  auto timers = make_asio_timers();
  auto held = std::make_shared<int>(1);
  {
    boost::asio::io_context context;
    auto task = [](Timers& on, Executor executor, std::shared_ptr<int> kept) -> Task<void> {
      co_await wait_for(on, executor, 1h);
      ++*kept;
    };
    boost::asio::co_spawn(context, task(*timers, context.get_executor(), held), boost::asio::detached);
    context.poll();
    EXPECT_GT(held.use_count(), 1);
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(RealPorts, ATimerMayGoOnAnotherThreadWhileItsWaitEnds) {
  boost::asio::io_context context;
  auto timers = make_asio_timers();
  auto work = boost::asio::make_work_guard(context);
  std::thread runner([&] { context.run(); });
  for (int i = 0; i < 1000; ++i) {
    std::promise<std::unique_ptr<Timer>> armed;
    boost::asio::post(context, [&] {
      auto timer = timers->make(context.get_executor());
      timer->start(1h, [] { ADD_FAILURE() << "the wait was cancelled"; });
      // Its handler is on its way when the other thread lets the timer go.
      timer->cancel();
      armed.set_value(std::move(timer));
    });
    armed.get_future().get().reset();
  }
  work.reset();
  runner.join();
}

TEST(RealPorts, RandomBytesDiffer) {
  auto random = make_system_random();
  std::vector<std::uint8_t> a(32), b(32);
  random->fill(a);
  random->fill(b);
  random->fill({});
  EXPECT_NE(a, b);
}

TEST(RealPorts, TheClocksMoveForward) {
  auto clock = make_system_clock();
  const auto first = clock->monotonic();
  EXPECT_GE(clock->monotonic(), first);
  EXPECT_GT(clock->now_ms(), 1'700'000'000'000);
}

}  // namespace
}  // namespace troupe
