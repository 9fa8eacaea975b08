#include "tests/unit/runtime/fixture.h"

namespace troupe {
namespace {

class ActorSleep : public ActorTest {
 protected:
  ActorSleep() {
    definition.options.sleep_timeout = 1s;
    script->action = [this](ActionCall call) -> Task<Result<Bytes>> {
      if (call.name == "other") (void)co_await script->context->delay(5s);
      co_return Bytes();
    };
  }
};

TEST_F(ActorSleep, IsAskedForAfterTheTimeoutOnce) {
  start();
  world.advance(999ms);
  EXPECT_EQ(host->sleep_intents, 0);
  world.advance(1ms);
  EXPECT_EQ(host->sleep_intents, 1);
  world.advance(1h);
  EXPECT_EQ(host->sleep_intents, 1);
}

TEST_F(ActorSleep, IsPutOffByEveryAction) {
  start();
  for (int i = 0; i < 10; ++i) {
    world.advance(900ms);
    EXPECT_TRUE(transient());
  }
  EXPECT_EQ(host->sleep_intents, 0);
  world.advance(999ms);
  EXPECT_EQ(host->sleep_intents, 0);
  world.advance(1ms);
  EXPECT_EQ(host->sleep_intents, 1);
}

TEST_F(ActorSleep, WaitsForARunningAction) {
  start();
  auto call = begin(actor->action(nullptr, "other", {}));
  world.advance(5s + 999ms);
  EXPECT_TRUE(call->done());
  EXPECT_EQ(host->sleep_intents, 0);
  world.advance(1ms);
  EXPECT_EQ(host->sleep_intents, 1);
}

TEST_F(ActorSleep, WaitsForTheLastConnection) {
  start();
  auto conn = *connect();
  world.advance(1min);
  EXPECT_EQ(host->sleep_intents, 0);
  actor->disconnected(conn, "");
  world.advance(1s);
  EXPECT_EQ(host->sleep_intents, 1);
}

TEST_F(ActorSleep, WaitsForHibernatableConnectionsToo) {
  start();
  auto conn = world.run(actor->connect({.hibernatable = true}, nullptr));
  EXPECT_TRUE((*conn)->hibernatable());
  world.advance(1min);
  EXPECT_EQ(host->sleep_intents, 0);
}

TEST_F(ActorSleep, WaitsForTheRunHandler) {
  script->run = [this] { return script->context->delay(10s); };
  start();
  world.advance(10s);
  EXPECT_EQ(host->sleep_intents, 0);
  world.advance(1s);
  EXPECT_EQ(host->sleep_intents, 1);
}

TEST_F(ActorSleep, FollowsARunHandlerThatThrows) {
  script->run = []() -> Task<Result<void>> { throw std::runtime_error("boom"); };
  start();
  EXPECT_TRUE(act());
  world.advance(1s);
  EXPECT_EQ(host->sleep_intents, 1);
}

TEST_F(ActorSleep, WaitsForEveryKeepAwakeToken) {
  start();
  auto first = script->context->keep_awake(), second = script->context->keep_awake();
  world.advance(1min);
  first.reset();
  world.advance(1min);
  EXPECT_EQ(host->sleep_intents, 0);
  second.reset();
  world.advance(1s);
  EXPECT_EQ(host->sleep_intents, 1);
}

TEST_F(ActorSleep, DoesNotWaitForSpawnedTasks) {
  start();
  script->context->spawn([this] { return script->context->delay(1min); });
  world.advance(1s);
  EXPECT_EQ(host->sleep_intents, 1);
}

TEST_F(ActorSleep, WaitsForOnDisconnect) {
  script->on_disconnect = [this](std::shared_ptr<Connection>) { return script->context->delay(3s); };
  start();
  actor->disconnected(*connect(), "");
  world.advance(3s);
  EXPECT_EQ(host->sleep_intents, 0);
  world.advance(1s);
  EXPECT_EQ(host->sleep_intents, 1);
}

TEST_F(ActorSleep, NeverComesByItselfWithNoSleep) {
  definition.options.no_sleep = true;
  start();
  world.advance(24h);
  EXPECT_EQ(host->sleep_intents, 0);
  EXPECT_TRUE(script->context->sleep());
  world.settle();
  EXPECT_EQ(host->sleep_intents, 1);
}

TEST_F(ActorSleep, LeavesTheActorRunningUntilTheHostStopsIt) {
  start();
  world.advance(1s);
  EXPECT_TRUE(act());
  EXPECT_FALSE(script->context->aborted());
}

TEST_F(ActorSleep, AskedForByAnActionReachesTheHostAfterTheAction) {
  script->action = [this](ActionCall) -> Task<Result<Bytes>> {
    EXPECT_TRUE(script->context->sleep());
    EXPECT_TRUE(script->context->sleep());
    EXPECT_EQ(host->sleep_intents, 0);
    co_return Bytes();
  };
  start();
  EXPECT_TRUE(act());
  world.settle();
  EXPECT_EQ(host->sleep_intents, 1);
}

TEST_F(ActorSleep, IsNotAskedForOnceADestroyIs) {
  start();
  EXPECT_TRUE(script->context->destroy());
  EXPECT_FALSE(script->context->aborted());
  EXPECT_TRUE(is_error(act(), "actor.destroying"));
  EXPECT_TRUE(is_error(connect(), "actor.destroying"));
  EXPECT_TRUE(is_error(script->context->destroy(), "actor.stopping"));
  world.advance(1min);
  EXPECT_EQ(host->destroy_intents, 1);
  EXPECT_EQ(host->sleep_intents, 0);
}

}  // namespace
}  // namespace troupe
