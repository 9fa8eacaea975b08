#include "tests/unit/runtime/fixture.h"

namespace troupe {
namespace {

class ActorStart : public ActorTest {
 protected:
  ActorStart() {
    script->on_migrate = [](bool) { return succeed(); };
    script->create_state = [this](std::optional<Bytes> given) -> Task<Result<Bytes>> {
      seen_input = given;
      co_return script->state;
    };
    script->on_create = [](std::optional<Bytes>) { return succeed(); };
    script->create_vars = [this] {
      saves_before_vars = store.saves.size();
      return succeed();
    };
    script->on_wake = [] { return succeed(); };
    script->on_before_actor_start = [] { return succeed(); };
    script->run = [] { return succeed(); };
  }

  std::optional<Bytes> seen_input;
  std::size_t saves_before_vars = 0;
};

TEST_F(ActorStart, RunsTheHooksOfANewActorInOrder) {
  start();
  EXPECT_THAT(script->log, ElementsAre("onMigrate new", "createState", "onCreate", "createVars", "onWake",
                                       "onBeforeActorStart", "run"));
}

TEST_F(ActorStart, RunsTheHooksOfAWokenActorInOrder) {
  store.stored = Bytes{0x07};
  start();
  EXPECT_THAT(script->log, ElementsAre("onMigrate", "loadState", "createVars", "onWake", "onBeforeActorStart", "run"));
  EXPECT_EQ(script->state, Bytes{0x07});
  EXPECT_THAT(store.saves, IsEmpty());
}

TEST_F(ActorStart, SavesTheFirstStateDurablyBeforeVarsAreMade) {
  script->on_create = [this](std::optional<Bytes>) {
    script->state = {0x05};
    return succeed();
  };
  start();
  ASSERT_EQ(store.saves.size(), 1u);
  EXPECT_EQ(store.saves[0].state, Bytes{0x05});
  EXPECT_EQ(store.saves[0].ack, Ack::durable);
  EXPECT_EQ(saves_before_vars, 1u);
}

TEST_F(ActorStart, GivesTheInputToANewActorOnly) {
  input = Bytes{0x2a};
  start();
  EXPECT_EQ(seen_input, (Bytes{0x2a}));
}

TEST_F(ActorStart, CreatesTheStateOfAWokenActorWhoseSnapshotIsEmpty) {
  store.stored = Bytes();
  start();
  EXPECT_THAT(script->log,
              ElementsAre("onMigrate", "createState", "createVars", "onWake", "onBeforeActorStart", "run"));
  world.advance(2s);
  EXPECT_EQ(store.stored, script->state);
}

TEST_F(ActorStart, OfAnActorWithoutAnyHookSavesAnEmptyState) {
  *script = Script();
  script->state = {};
  start();
  ASSERT_EQ(store.saves.size(), 1u);
  EXPECT_TRUE(store.saves[0].state.empty());
}

TEST_F(ActorStart, RefusesTrafficUntilItHasEnded) {
  auto gate = std::make_shared<Gate>();
  script->on_wake = [gate]() -> Task<Result<void>> {
    co_await gate->wait();
    co_return Result<void>();
  };
  make();
  auto started = begin(actor->start());
  EXPECT_FALSE(started->done());
  EXPECT_TRUE(is_error(act(), "actor.not_ready"));
  gate->open();
  world.settle();
  ASSERT_TRUE(started->done());
  EXPECT_TRUE(is_error(act(), "actor.action_not_found"));
}

TEST_F(ActorStart, CannotBeAskedForTwice) {
  start();
  EXPECT_TRUE(is_error(world.run(actor->start()), "actor.stopping"));
}

TEST_F(ActorStart, FailingBeforeTheFirstSnapshotLeavesNothingBehind) {
  script->on_create = [this](std::optional<Bytes>) -> Task<Result<void>> {
    script->context->request_save({.immediate = true});
    co_await script->context->delay(2s);
    co_return user_error("no", "not today");
  };
  make();
  auto started = begin(actor->start());
  world.advance(3s);
  ASSERT_TRUE(started->done());
  EXPECT_TRUE(is_error(**started, "user.no"));
  EXPECT_FALSE(store.stored);
  EXPECT_TRUE(is_error(act(), "actor.stopping"));
}

TEST_F(ActorStart, FailsWithTheErrorOfTheStore) {
  store.load_failure = make_error("storage", "unavailable");
  make();
  EXPECT_TRUE(is_error(world.run(actor->start()), "storage.unavailable"));
}

TEST_F(ActorStart, FailsWhenTheFirstSnapshotCannotBeSaved) {
  store.save_failure = make_error("storage", "unavailable");
  make();
  EXPECT_TRUE(is_error(world.run(actor->start()), "storage.unavailable"));
  EXPECT_TRUE(is_error(act(), "actor.stopping"));
}

TEST_F(ActorStart, FailsWhenTheStateOfAWokenActorCannotBeRead) {
  store.stored = Bytes{0xff};
  script->load_state = [](Bytes) -> Result<void> { return internal_error("no state"); };
  make();
  EXPECT_TRUE(is_error(world.run(actor->start()), "rivetkit.internal_error"));
}

TEST_F(ActorStart, ClosesTheDatabaseWhenItFails) {
  script->on_wake = [this] {
    script->context->db();
    return fail(user_error("no", "no"));
  };
  make();
  EXPECT_TRUE(is_error(world.run(actor->start()), "user.no"));
  EXPECT_EQ(store.databases_closed, 1);
}

TEST_F(ActorStart, LetsHooksUseDatabaseAndEntries) {
  script->create_state = [this](std::optional<Bytes>) -> Task<Result<Bytes>> {
    Bytes key{0x61}, value{0x01};
    auto put = co_await script->context->kv().put(std::move(key), std::move(value));
    auto sql = co_await script->context->db().exec("SELECT 1");
    EXPECT_TRUE(put && sql);
    co_return script->state;
  };
  start();
  EXPECT_EQ(store.databases_opened, 1);
  // The entry and the inspector's token are part of the commit that makes the actor.
  EXPECT_EQ(store.saves.at(0).rows, 2u);
}

TEST_F(ActorStart, RefusesSleepAndDestroyFromAHook) {
  script->on_wake = [this] {
    EXPECT_TRUE(is_error(script->context->sleep(), "actor.starting"));
    EXPECT_TRUE(is_error(script->context->destroy(), "actor.starting"));
    return succeed();
  };
  start();
  EXPECT_EQ(host->sleep_intents + host->destroy_intents, 0);
}

TEST_F(ActorStart, LetsTheRunHandlerAskForSleep) {
  script->run = [this] {
    EXPECT_TRUE(script->context->sleep());
    return succeed();
  };
  start();
  world.settle();
  EXPECT_EQ(host->sleep_intents, 1);
}

struct TimedHook {
  const char* name;
  Millis limit;
  void (*install)(Script&);
};

class ActorStartTimeout : public ActorStart, public testing::WithParamInterface<TimedHook> {};

Task<Result<Bytes>> never_bytes() {
  (void)co_await never();
  co_return Bytes();
}

TEST_P(ActorStartTimeout, EndsTheStartWithTheNameOfTheHook) {
  const auto& hook = GetParam();
  hook.install(*script);
  make();
  auto started = begin(actor->start());
  world.advance(hook.limit - 1ms);
  EXPECT_FALSE(started->done());
  world.advance(1ms);
  ASSERT_TRUE(started->done());
  ASSERT_TRUE(is_error(**started, "actor.callback_timed_out"));
  const auto expected = Value::object({{"callback_name", hook.name}, {"duration_ms", hook.limit.count()}});
  EXPECT_EQ((*started)->error().metadata(), expected);
}

INSTANTIATE_TEST_SUITE_P(
    Hooks, ActorStartTimeout,
    testing::Values(
        TimedHook{"onMigrate", 30s, [](Script& s) { s.on_migrate = [](bool) { return never(); }; }},
        TimedHook{"createState", 5s,
                  [](Script& s) { s.create_state = [](std::optional<Bytes>) { return never_bytes(); }; }},
        TimedHook{"onCreate", 5s, [](Script& s) { s.on_create = [](std::optional<Bytes>) { return never(); }; }},
        TimedHook{"createVars", 5s, [](Script& s) { s.create_vars = [] { return never(); }; }},
        TimedHook{"onWake", 30s, [](Script& s) { s.on_wake = [] { return never(); }; }},
        TimedHook{"onBeforeActorStart", 5s, [](Script& s) { s.on_before_actor_start = [] { return never(); }; }}),
    [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace troupe
