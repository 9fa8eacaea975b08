#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/unit/sdk/fake_actor.h"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;

struct State {
  std::int64_t n = 0;
  std::string text;
  TROUPE_FIELDS(n, text)
};
using Ctx = Context<State>;

Task<void> two_steps(State& s, Ctx& c) {
  s.n = 1;
  (void)co_await c.delay(10ms);
  s.n = 2;
}

Task<void> only_waits(State&, Ctx& c) { (void)co_await c.delay(10ms); }

Actor<State> watched(std::vector<std::int64_t>& seen) {
  return actor<State>("watched")
      .on_state_change([&seen](const State& s) { seen.push_back(s.n); })
      .action("set", [](State& s, std::int64_t n) { s.n = n; })
      .action("get", [](const State& s) { return s.n; })
      .action("fail",
              [](State& s) {
                ++s.n;
                throw UserError("no", "No");
              })
      .action("through_context", [](Ctx& c) { c.mutable_state().n = 9; })
      .action("read_context", [](Ctx& c) { return c.state().n; })
      .action("two_steps", &two_steps)
      .action("only_waits", &only_waits)
      .action("grow", [](State& s) { s.text.assign(100'000, 'x'); })
      .action("spawn", [](Ctx& c) {
        c.spawn([](Ctx& own) -> Task<void> {
          (void)co_await own.delay(5ms);
          own.mutable_state().n = 77;
        });
      });
}

struct StateChanges : testing::Test {
  std::vector<std::int64_t> seen;
  FakeActor actor{watched(seen)};
  int saves() const { return actor.context.saves; }
};

TEST_F(StateChanges, AChangeIsSavedAndToldOnce) {
  ASSERT_TRUE(actor.call("set", 1));
  EXPECT_EQ(saves(), 1);
  EXPECT_EQ(seen, (std::vector<std::int64_t>{1}));
}

TEST_F(StateChanges, AWriterThatChangesNothingSavesNothing) {
  ASSERT_TRUE(actor.call("set", 0));
  EXPECT_EQ(saves(), 0);
  EXPECT_TRUE(seen.empty());
}

TEST_F(StateChanges, ReadersSaveNothing) {
  ASSERT_TRUE(actor.call("get"));
  ASSERT_TRUE(actor.call("read_context"));
  EXPECT_EQ(saves(), 0);
}

TEST_F(StateChanges, AChangeBeforeAnErrorIsSavedToo) {
  EXPECT_EQ(actor.call("fail").error().id(), "user.no");
  EXPECT_EQ(saves(), 1);
  EXPECT_EQ(seen, (std::vector<std::int64_t>{1}));
}

TEST_F(StateChanges, AChangeThroughTheContextIsSeen) {
  ASSERT_TRUE(actor.call("through_context"));
  EXPECT_EQ(saves(), 1);
  EXPECT_EQ(seen, (std::vector<std::int64_t>{9}));
}

TEST_F(StateChanges, ACoroutineIsCheckedWhenItWaitsAndAtItsEnd) {
  const auto outcome = actor.start("two_steps");
  EXPECT_EQ(seen, (std::vector<std::int64_t>{1}));
  actor.world.advance(10ms);
  EXPECT_TRUE(outcome->has_value());
  EXPECT_EQ(seen, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(saves(), 2);
}

TEST_F(StateChanges, ACoroutineThatOnlyWaitsSavesNothing) {
  const auto outcome = actor.start("only_waits");
  actor.world.advance(10ms);
  EXPECT_TRUE(outcome->has_value());
  EXPECT_EQ(saves(), 0);
}

TEST_F(StateChanges, ALargeStateIsSavedButNotComparedAtEveryWait) {
  ASSERT_TRUE(actor.call("grow"));
  ASSERT_EQ(saves(), 1);
  const auto outcome = actor.start("two_steps");
  EXPECT_EQ(saves(), 2);
  EXPECT_EQ(seen, (std::vector<std::int64_t>{0}));
  actor.world.advance(10ms);
  EXPECT_EQ(seen, (std::vector<std::int64_t>{0, 2}));
}

TEST_F(StateChanges, ASpawnedTaskIsCheckedAtItsEnd) {
  ASSERT_TRUE(actor.call("spawn"));
  actor.world.advance(5ms);
  EXPECT_EQ(seen, (std::vector<std::int64_t>{77}));
  EXPECT_EQ(saves(), 1);
  ASSERT_EQ(actor.context.spawned.size(), 1u);
  EXPECT_TRUE(actor.context.spawned[0]);
}

TEST_F(StateChanges, ALoadedStateIsNoChange) {
  ASSERT_TRUE(actor.behavior->load_state(cbor(Value::object({{"n", 5}, {"gone", true}}))));
  EXPECT_EQ(actor.call("get").value(), Value(5));
  ASSERT_TRUE(actor.call("set", 5));
  EXPECT_EQ(saves(), 0);
}

TEST_F(StateChanges, AStoredStateOfAnotherShapeIsAnError) {
  const auto loaded = actor.behavior->load_state(cbor(Value::object({{"n", "five"}})));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().message(), "Invalid stored state");
}

TEST(StateChange, MutatingInsideTheHookIsRefusedAndFailsTheAction) {
  FakeActor actor(troupe::actor<State>("reentrant")
                      .on_state_change([](Ctx& c) { c.mutable_state().n = 100; })
                      .action("set", [](State& s, std::int64_t n) { s.n = n; }));
  EXPECT_EQ(actor.call("set", 1).error().id(), "actor.state_mutation_reentrant");
  EXPECT_EQ(actor.state(), Value::object({{"n", 1}, {"text", ""}}));
  EXPECT_EQ(actor.context.saves, 1);
}

TEST(StateChange, ConnectionStateIsRefusedInsideTheHookToo) {
  using WithConn = Context<State, State>;
  FakeActor actor(troupe::actor<State, State>("reentrant")
                      .on_state_change([](WithConn& c) {
                        for (const auto& conn : c.conns()) conn.set_state({1, ""});
                      })
                      .action("set", [](State& s, std::int64_t n) { s.n = n; }));
  actor.context.conns.push_back(std::make_shared<FakeConnection>());
  EXPECT_EQ(actor.call("set", 1).error().id(), "actor.state_mutation_reentrant");
}

TEST(StateChange, AFailureWhileAHandlerWaitsIsLogged) {
  FakeActor actor(troupe::actor<State>("failing")
                      .on_state_change([](const State&) { throw std::runtime_error("oops"); })
                      .action("two_steps", &two_steps));
  const auto outcome = actor.start("two_steps");
  ASSERT_EQ(actor.context.logs.size(), 1u);
  EXPECT_NE(actor.context.logs[0].find("oops"), std::string::npos);
  actor.world.advance(10ms);
  EXPECT_FALSE(**outcome);
}

}  // namespace
}  // namespace troupe::test
