#include "engine/base/running_code.h"

#include <gtest/gtest.h>

#include <vector>

#include "engine/base/async.h"
#include "engine/base/virtual_ports.h"

namespace troupe {
namespace {

using namespace std::chrono_literals;

class HandClock final : public Clock {
 public:
  std::int64_t now_ms() const override { return 0; }
  std::chrono::nanoseconds monotonic() const override { return now; }
  std::chrono::nanoseconds now{};
};

class RunningCodeTest : public testing::Test {
 protected:
  static std::string text(const CodeLabel& code, std::chrono::nanoseconds held) {
    return code.actor + "." + code.handler + " " +
           std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(held).count());
  }

  HandClock clock;
  std::vector<std::string> stalls;
  std::shared_ptr<const StallWatch> watch = std::make_shared<const StallWatch>(
      clock, 5ms, [this](const CodeLabel& code, auto held) { stalls.push_back(text(code, held)); });
  CodeLabel slow{"counter", "slow", watch}, other{"counter", "other", watch};
};

TEST_F(RunningCodeTest, WhatHoldsTheThreadForLongerThanTheThresholdIsReported) {
  {
    const RunningCode running(&slow);
    clock.now += 5ms;
  }
  EXPECT_TRUE(stalls.empty());
  {
    const RunningCode running(&slow);
    EXPECT_EQ(RunningCode::current(), &slow);
    clock.now += 6ms;
  }
  EXPECT_EQ(stalls, std::vector<std::string>{"counter.slow 6"});
  EXPECT_EQ(RunningCode::current(), nullptr);
}

TEST_F(RunningCodeTest, EachPieceCountsItsOwnTime) {
  {
    const RunningCode outer(&other);
    clock.now += 3ms;
    {
      const RunningCode inner(&slow);
      clock.now += 9ms;
    }
    EXPECT_EQ(RunningCode::current(), &other);
    clock.now += 2ms;
  }
  EXPECT_EQ(stalls, std::vector<std::string>{"counter.slow 9"});
}

TEST_F(RunningCodeTest, CodeWithoutALabelIsNobodysTime) {
  {
    const RunningCode outer(&slow);
    clock.now += 3ms;
    {
      const RunningCode inner(nullptr);
      EXPECT_EQ(RunningCode::current(), nullptr);
      clock.now += 9ms;
    }
    clock.now += 2ms;
  }
  EXPECT_TRUE(stalls.empty());
}

TEST_F(RunningCodeTest, CodeThatGoesOnAfterAWaitKeepsItsLabel) {
  VirtualWorld world;
  Continuation<Done> kept;
  auto code = [](Continuation<Done>& rest, HandClock& time) -> Task<void> {
    auto keep = [&rest](Continuation<Done> waiter) { rest = std::move(waiter); };
    co_await suspend<Done>(std::move(keep));
    time.now += 20ms;
  };
  {
    const RunningCode running(&slow);
    boost::asio::co_spawn(world.context(), code(kept, clock), [](std::exception_ptr) {});
    world.settle();
  }
  EXPECT_TRUE(stalls.empty());
  kept.post({});
  world.settle();
  EXPECT_EQ(stalls, std::vector<std::string>{"counter.slow 20"});
  EXPECT_EQ(RunningCode::current(), nullptr);
}

TEST_F(RunningCodeTest, AThresholdOfZeroWatchesNothing) {
  const auto nobody = std::make_shared<const StallWatch>(clock, 0ms, [](const CodeLabel&, auto) { FAIL(); });
  const CodeLabel code{"a", "b", nobody};
  const RunningCode running(&code);
  EXPECT_EQ(RunningCode::current(), nullptr);
  clock.now += 1s;
}

TEST_F(RunningCodeTest, CodeThatDoesNotEndIsFoundOnce) {
  const RunningCode running(&slow);
  std::vector<std::string> found;
  auto note = [&](const CodeLabel& code, auto held) { found.push_back(text(code, held)); };
  watch->find_stuck(1s, note);
  EXPECT_TRUE(found.empty());
  clock.now += 1'500ms;
  watch->find_stuck(1s, note);
  watch->find_stuck(1s, note);
  EXPECT_EQ(found, std::vector<std::string>{"counter.slow 1500"});
  clock.now -= 1'500ms;
}

}  // namespace
}  // namespace troupe
