#include "tests/unit/runtime/fixture.h"

namespace troupe {
namespace {

class ActorStop : public ActorTest {
 protected:
  ActorStop() {
    definition.options.sleep_timeout = 1h;
    definition.options.sleep_grace_period = 1s;
    script->action = [this](ActionCall call) -> Task<Result<Bytes>> {
      if (call.name == "other") {
        auto gate = release;
        co_await gate->wait();
      }
      co_return Bytes();
    };
  }

  std::shared_ptr<Gate> release = std::make_shared<Gate>();
};

TEST_F(ActorStop, OfAnIdleActorEndsAtOnceAndForGood) {
  start();
  stop(StopReason::sleep_intent);
  stop(StopReason::destroy);
  EXPECT_TRUE(is_error(act(), "actor.stopping"));
  EXPECT_TRUE(is_error(connect(), "actor.stopping"));
}

TEST_F(ActorStop, RunsOnSleepOrOnDestroy) {
  script->on_sleep = script->on_destroy = [this] {
    EXPECT_TRUE(script->context->aborted());
    return succeed();
  };
  start();
  stop(StopReason::going_away);
  EXPECT_EQ(script->log.back(), "onSleep");
  start();
  stop(StopReason::destroy_intent);
  EXPECT_EQ(script->log.back(), "onDestroy");
}

TEST_F(ActorStop, ClosesConnectionsAfterOnDisconnectSawThemListed) {
  std::size_t listed = 0;
  script->on_disconnect = [&](std::shared_ptr<Connection> conn) {
    listed = script->context->connections().size();
    conn->send("last", to_bytes("words"));
    return succeed();
  };
  start();
  auto sink = std::make_shared<FakeSink>();
  auto conn = connect(sink);
  stop(StopReason::sleep_intent);
  EXPECT_EQ(listed, 1u);
  EXPECT_THAT(sink->events, ElementsAre("last:words"));
  EXPECT_THAT(sink->closes, ElementsAre("1000 actor.stopped"));
  EXPECT_THAT(script->context->connections(), IsEmpty());
}

TEST_F(ActorStop, ByDestroyClosesConnectionsWithoutAReason) {
  start();
  auto sink = std::make_shared<FakeSink>();
  auto conn = connect(sink);
  stop(StopReason::destroy);
  EXPECT_THAT(sink->closes, ElementsAre("1000 "));
}

TEST_F(ActorStop, LetsOnSleepReachTheClients) {
  script->on_sleep = [this] {
    script->context->broadcast("bye", to_bytes("!"));
    return succeed();
  };
  start();
  auto sink = std::make_shared<FakeSink>();
  auto conn = *connect(sink);
  (void)world.run(actor->subscribe(conn, "bye", true));
  stop(StopReason::sleep_intent);
  EXPECT_THAT(sink->events, ElementsAre("bye:!"));
}

TEST_F(ActorStop, RunsOnDisconnectOnceWhenTheClientLeavesMeanwhile) {
  auto gate = release;
  script->on_disconnect = [gate](std::shared_ptr<Connection>) -> Task<Result<void>> {
    co_await gate->wait();
    co_return Result<void>();
  };
  start();
  auto conn = *connect();
  script->log.clear();
  auto stopped = begin_stop(StopReason::sleep_intent);
  actor->disconnected(conn, "left");
  world.settle();
  EXPECT_FALSE(stopped->done());
  gate->open();
  world.settle();
  EXPECT_TRUE(stopped->done());
  EXPECT_THAT(script->log, ElementsAre("onDisconnect"));
}

TEST_F(ActorStop, WaitsForARunningActionAndAnswersIt) {
  start();
  auto call = begin(actor->transient_action({}, "other", {}));
  auto stopped = begin_stop(StopReason::sleep_intent);
  EXPECT_FALSE(stopped->done());
  release->open();
  world.settle();
  EXPECT_TRUE(stopped->done());
  EXPECT_TRUE(**call);
}

TEST_F(ActorStop, AbandonsWhatIsLeftAtTheEndOfTheGracePeriod) {
  start();
  auto call = begin(actor->transient_action({}, "other", {}));
  auto stopped = begin_stop(StopReason::sleep_intent);
  world.advance(999ms);
  EXPECT_FALSE(stopped->done());
  world.advance(1ms);
  EXPECT_TRUE(stopped->done());
  ASSERT_TRUE(call->done());
  EXPECT_TRUE(is_error(**call, "actor.dropped_reply"));
  release->open();
  world.settle();
}

TEST_F(ActorStop, AcceptsCallsButNoConnectionsDuringTheGraceOfASleep) {
  start();
  auto token = script->context->keep_awake();
  auto stopped = begin_stop(StopReason::sleep_intent);
  EXPECT_TRUE(act());
  EXPECT_TRUE(transient());
  EXPECT_TRUE(is_error(connect(), "actor.stopping"));
  token.reset();
  world.settle();
  EXPECT_TRUE(stopped->done());
}

TEST_F(ActorStop, AcceptsNothingDuringTheGraceOfADestroy) {
  start();
  auto token = script->context->keep_awake();
  auto stopped = begin_stop(StopReason::destroy);
  EXPECT_TRUE(is_error(act(), "actor.destroying"));
  EXPECT_TRUE(is_error(connect(), "actor.destroying"));
  world.advance(1s);
  EXPECT_TRUE(stopped->done());
  EXPECT_TRUE(is_error(act(), "actor.stopping"));
}

TEST_F(ActorStop, DrainsKeepAwakeAndSpawnedTasks) {
  start();
  bool finished = false;
  auto gate = release;
  script->context->spawn([&finished, gate]() -> Task<Result<void>> {
    co_await gate->wait();
    finished = true;
    co_return Result<void>();
  });
  auto stopped = begin_stop(StopReason::destroy);
  EXPECT_FALSE(stopped->done());
  gate->open();
  world.settle();
  EXPECT_TRUE(stopped->done());
  EXPECT_TRUE(finished);
}

TEST_F(ActorStop, BySleepWaitsForTheRunHandlerButByDestroyDoesNot) {
  auto gate = release;
  script->run = [gate]() -> Task<Result<void>> {
    co_await gate->wait();
    co_return Result<void>();
  };
  start();
  auto slept = begin_stop(StopReason::sleep_intent);
  EXPECT_FALSE(slept->done());
  world.advance(1s);
  EXPECT_TRUE(slept->done());
  start();
  EXPECT_TRUE(begin_stop(StopReason::destroy)->done());
  gate->open();
}

TEST_F(ActorStop, EndsDelaysWithAborted) {
  std::optional<Error> seen;
  script->run = [this, &seen]() -> Task<Result<void>> {
    auto waited = co_await script->context->delay(1h);
    if (!waited) seen = waited.error();
    co_return waited;
  };
  start();
  stop(StopReason::sleep_intent);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->id(), "actor.aborted");
  EXPECT_TRUE(is_error(world.run(script->context->delay(1ms)), "actor.aborted"));
}

TEST_F(ActorStop, DuringTheStartWaitsForTheStart) {
  auto gate = release;
  script->on_before_actor_start = [gate]() -> Task<Result<void>> {
    co_await gate->wait();
    co_return Result<void>();
  };
  script->on_destroy = [] { return succeed(); };
  make();
  auto started = begin(actor->start());
  auto slept = begin_stop(StopReason::sleep_intent), destroyed = begin_stop(StopReason::destroy);
  EXPECT_FALSE(slept->done() || destroyed->done());
  gate->open();
  world.settle();
  EXPECT_TRUE(**started);
  EXPECT_TRUE(slept->done() && destroyed->done());
  EXPECT_EQ(script->log.back(), "onDestroy") << "the destroy outweighs the sleep";
}

TEST_F(ActorStop, DuringAStartThatFailsEndsWithIt) {
  auto gate = release;
  script->on_wake = [gate]() -> Task<Result<void>> {
    co_await gate->wait();
    co_return user_error("no", "no");
  };
  make();
  auto started = begin(actor->start());
  auto stopped = begin_stop(StopReason::sleep_intent);
  gate->open();
  world.settle();
  EXPECT_FALSE(**started);
  EXPECT_TRUE(stopped->done());
}

TEST_F(ActorStop, BeforeTheStartEndsTheActor) {
  make();
  stop(StopReason::destroy);
  EXPECT_TRUE(is_error(world.run(actor->start()), "actor.stopping"));
  EXPECT_THAT(script->log, IsEmpty());
}

TEST_F(ActorStop, IsSharedByAllWhoAskForIt) {
  start();
  auto token = script->context->keep_awake();
  auto first = begin_stop(StopReason::sleep_intent), second = begin_stop(StopReason::going_away);
  EXPECT_FALSE(first->done() || second->done());
  token.reset();
  world.settle();
  EXPECT_TRUE(first->done() && second->done());
}

TEST_F(ActorStop, ClosesTheDatabaseAndTheEntries) {
  start();
  auto& kv = script->context->kv();
  script->context->db();
  stop(StopReason::destroy);
  EXPECT_EQ(store.databases_closed, 1);
  EXPECT_TRUE(is_error(world.run(kv.put({0x61}, {})), "actor.stopping"));
  EXPECT_EQ(store.saves.size(), 1u);
}

TEST_F(ActorStop, RefusesADatabaseThatIsFirstUsedAfterwards) {
  start();
  stop(StopReason::sleep_intent);
  EXPECT_TRUE(is_error(world.run(script->context->db().exec("SELECT 1")), "sqlite.closed"));
  EXPECT_TRUE(is_error(world.run(script->context->kv().get({0x61})), "actor.stopping"));
  EXPECT_EQ(store.databases_opened, 0);
}

TEST_F(ActorStop, LetsHooksUseTheDatabase) {
  script->on_sleep = [this]() -> Task<Result<void>> {
    auto query = script->context->db().exec("SELECT 1");
    auto result = co_await std::move(query);
    EXPECT_TRUE(result);
    co_return Result<void>();
  };
  start();
  stop(StopReason::sleep_intent);
}

TEST_F(ActorStop, EndsEvenWhenTheDatabaseDoesNotClose) {
  start();
  script->context->db();
  store.hold_close = release;
  auto stopped = begin_stop(StopReason::sleep_intent);
  world.advance(15s);
  EXPECT_TRUE(stopped->done());
  release->open();
}

TEST_F(ActorStop, DropsTasksThatAreSpawnedAfterwards) {
  start();
  stop(StopReason::sleep_intent);
  bool ran = false;
  script->context->spawn([&ran] {
    ran = true;
    return succeed();
  });
  world.settle();
  EXPECT_FALSE(ran);
  EXPECT_TRUE(is_error(world.run(script->context->call({}, "x", {})), "actor.aborted"));
}

TEST_F(ActorStop, FreesTheInstanceWhenNobodyRunsInIt) {
  start();
  stop(StopReason::sleep_intent);
  std::weak_ptr<ActorInstance> weak = actor;
  actor.reset();
  world.settle();
  EXPECT_TRUE(weak.expired());
}

TEST_F(ActorStop, KeepsTheInstanceForAHandlerThatDoesNotReturn) {
  start();
  auto call = begin(actor->action(nullptr, "other", {}));
  auto stopped = begin_stop(StopReason::sleep_intent);
  world.advance(1s);
  ASSERT_TRUE(stopped->done());
  std::weak_ptr<ActorInstance> weak = actor;
  actor.reset();
  world.settle();
  EXPECT_FALSE(weak.expired());
  release->open();
  world.settle();
  EXPECT_TRUE(weak.expired());
}

// A hook that breaks in any way neither stops the others nor the stop.
struct BrokenHook {
  const char* how;
  std::function<Task<Result<void>>()> hook;
  Millis takes;
};

class ActorStopWithBrokenHooks : public ActorStop, public testing::WithParamInterface<int> {
 protected:
  BrokenHook broken() {
    switch (GetParam()) {
      case 0:
        return {"fails", [] { return fail(user_error("no", "no")); }, 0ms};
      case 1:
        return {"throws", []() -> Task<Result<void>> { throw std::runtime_error("boom"); }, 0ms};
      case 2:
        return {"throws later", [this] { return throw_later(); }, 500ms};
      default:
        return {"never returns", [] { return never(); }, 1s};
    }
  }
  Task<Result<void>> throw_later() {
    auto timer = wait_for(world.ports().timers, script->context->executor(), 500ms);
    co_await std::move(timer);
    throw std::runtime_error("boom");
  }
};

TEST_P(ActorStopWithBrokenHooks, StillStops) {
  for (auto reason : {StopReason::sleep_intent, StopReason::destroy}) {
    const auto hook = broken();
    script->run = script->on_sleep = script->on_destroy = hook.hook;
    script->on_disconnect = [hook](std::shared_ptr<Connection>) { return hook.hook(); };
    script->on_connect = nullptr;
    start();
    auto sink = std::make_shared<FakeSink>();
    auto conn = connect(sink);
    ASSERT_TRUE(conn);
    script->context->spawn(hook.hook);
    auto stopped = begin_stop(reason);
    world.advance(hook.takes);
    EXPECT_TRUE(stopped->done()) << hook.how;
    EXPECT_EQ(sink->closes.size(), 1u) << hook.how;
    EXPECT_THAT(script->context->connections(), IsEmpty()) << hook.how;
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, ActorStopWithBrokenHooks, testing::Range(0, 4));

}  // namespace
}  // namespace troupe
