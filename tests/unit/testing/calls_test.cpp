// Calls between actors, under the real engine.
#include <gtest/gtest.h>

#include <map>

#include "engine/base/codec/json.h"
#include "troupe/testing.h"

using namespace std::chrono_literals;

namespace troupe {
namespace {

using Ctx = Context<None>;
using Text = Result<std::string>;

/// Calls `action` of each actor in turn: "b.relay c.ping" makes b call c's ping.
Task<Text> relay(Ctx& c, std::vector<std::string> steps) {
  if (steps.empty()) co_return "done";
  const auto next = steps.front();
  steps.erase(steps.begin());
  co_return co_await c.actor(next, "k").call<std::string>("relay", steps);
}

Task<Result<void>> wait(Ctx& c, int ms) { co_return co_await c.delay(std::chrono::milliseconds(ms)); }

Task<Result<void>> wait_for_other(Ctx& c, std::string other, int ms) {
  co_return co_await c.actor(other, "k").call("wait", ms);
}

/// Calls b until c, which has to be made and started first, has answered somebody else.
Task<Result<int>> storm(Ctx& c) {
  constexpr int kCallsMax = 100'000;
  auto other_answered = std::make_shared<bool>(false);
  c.spawn([other_answered](Ctx& own) -> Task<Result<void>> {
    (void)co_await own.actor("c", "k").call<std::string>("relay", std::vector<std::string>());
    *other_answered = true;
    co_return Result<void>();
  });
  const auto target = c.actor("b", "k");
  const std::vector<std::string> nowhere;
  int calls = 0;
  while (!*other_answered && calls < kCallsMax) {
    auto answer = co_await target.call<std::string>("relay", nowhere);
    if (!answer) co_return answer.error();
    ++calls;
  }
  co_return calls;
}

struct Log {
  std::vector<std::string> lines;
  TROUPE_FIELDS(lines)
};

/// Notes how its delays end.
Task<void> noted_wait(Context<Log>& c, int ms) {
  auto waited = co_await c.delay(std::chrono::milliseconds(ms));
  c.mutable_state().lines.push_back(waited ? "waited" : waited.error().id() + (c.aborted() ? " aborted" : ""));
}

class Calls : public ::testing::Test {
 protected:
  /// What the hooks of an actor do; by its name.
  using Hook = std::function<Task<Result<void>>(Ctx&)>;
  struct Hooks {
    std::map<std::string, Hook> wake, sleep;
  };

  Registry actors() {
    Registry registry;
    for (std::string name : {"a", "b", "c"}) {
      auto run = [](const Hooks& all, std::map<std::string, Hook> Hooks::*of, const std::string& of_actor,
                    Ctx& c) -> Task<Result<void>> {
        const auto found = (all.*of).find(of_actor);
        if (found == (all.*of).end()) co_return Result<void>();
        co_return co_await found->second(c);
      };
      registry.add(
          actor(name)
              .options({.sleep_grace_period = 5s, .action_timeout = 20s})
              .on_wake([run, name, hooks = hooks](Ctx& c) { return run(*hooks, &Hooks::wake, name, c); })
              .on_sleep([run, name, hooks = hooks](Ctx& c) { return run(*hooks, &Hooks::sleep, name, c); })
              .action("relay", &relay)
              .action("storm", &storm)
              .action("wait", &wait)
              .action("wait_for_other", &wait_for_other)
              .action("fail",
                      []() -> int {
                        throw UserError("sour", "no grapes", Value::object({{"n", 1}}));
                      })
              .action("fail_of", [](Ctx& c, std::string other) { return c.actor(other, "k").call<int>("fail"); }));
    }
    registry.add(
        actor<Log>("log").action("wait", &noted_wait).action("lines", [](const Log& log) { return log.lines; }));
    registry.add(actor("hasty").options({.action_timeout = 1s}).action("wait_for_other", &wait_for_other));
    return registry;
  }
  /// "done", or the error; of a deadlock with its path.
  static std::string outcome(const Result<std::string>& result) {
    if (result) return *result;
    const auto* path = result.error().metadata() ? result.error().metadata()->find("path") : nullptr;
    return result.error().id() + (path != nullptr ? " " + to_json(*path) : "");
  }
  std::string relay_from(const std::string& first, std::vector<std::string> steps) {
    auto calling = engine->actor(first, "k").start<std::string>("relay", steps);
    return calling.done() ? outcome(calling.result()) : "waiting";
  }

  std::shared_ptr<Hooks> hooks = std::make_shared<Hooks>();
  std::unique_ptr<testing::Engine> engine = std::make_unique<testing::Engine>(actors());
};

TEST_F(Calls, ActorsThatRunMayCallEachOtherInCircles) {
  EXPECT_EQ(relay_from("a", {"b", "a", "c", "b", "a"}), "done");
  EXPECT_EQ(relay_from("a", {"a", "a"}), "done");
}

TEST_F(Calls, AStormOfCallsLeavesOthersTheirTurn) {
  engine->actor("b", "k").wake();
  const auto calls = engine->actor("a", "k").call<int>("storm");
  ASSERT_TRUE(calls);
  EXPECT_LT(*calls, 10'000);
}

TEST_F(Calls, AnErrorNamesTheActorItCameFrom) {
  const auto error = engine->actor("a", "k").call<int>("fail_of", "b").error();
  EXPECT_EQ(error.id(), "user.sour");
  ASSERT_NE(error.origin(), nullptr);
  EXPECT_EQ(error.origin()->actor_id, engine->actor("b", "k").id());
  EXPECT_EQ(error.origin()->key, std::vector<std::string>{"k"});
}

TEST_F(Calls, AStartHookThatCallsItselfThroughAnotherIsADeadlockAndSaysSoAtOnce) {
  std::string seen;
  hooks->wake["a"] = [&seen](Ctx& c) -> Task<Result<void>> {
    const std::vector<std::string> back{"a"};
    auto answer = co_await c.actor("b", "k").call<std::string>("relay", back);
    seen = outcome(answer);
    co_return Result<void>();
  };
  EXPECT_EQ(relay_from("a", {}), "done");
  EXPECT_EQ(seen, R"(actor.call_deadlock ["a/k","b/k","a/k"])");
}

TEST_F(Calls, StartHooksThatCallEachOtherAreADeadlock) {
  std::string seen_by_a, seen_by_b;
  hooks->wake["a"] = [&seen_by_a](Ctx& c) -> Task<Result<void>> {
    auto answer = co_await c.actor("b", "k").call<std::string>("relay", std::vector<std::string>());
    seen_by_a = outcome(answer);
    co_return Result<void>();
  };
  hooks->wake["b"] = [&seen_by_b](Ctx& c) -> Task<Result<void>> {
    auto answer = co_await c.actor("a", "k").call<std::string>("relay", std::vector<std::string>());
    seen_by_b = outcome(answer);
    co_return Result<void>();
  };
  EXPECT_EQ(relay_from("a", {}), "done");
  // The call that closes the circle fails, which lets the other one through.
  EXPECT_EQ(seen_by_a, R"(actor.call_deadlock ["a/k","b/k","a/k"])");
  EXPECT_EQ(seen_by_b, "done");
}

TEST_F(Calls, BackgroundWorkOfAStartMayWaitForTheActor) {
  std::string seen;
  hooks->wake["a"] = [&seen](Ctx& c) -> Task<Result<void>> {
    c.spawn([&seen](Ctx& own) -> Task<Result<void>> {
      const std::vector<std::string> back{"a"};
      auto answer = co_await own.actor("b", "k").call<std::string>("relay", back);
      seen = outcome(answer);
      co_return Result<void>();
    });
    co_return co_await c.delay(1s);
  };
  auto starting = engine->actor("a", "k").start<std::string>("relay", std::vector<std::string>());
  EXPECT_EQ(seen, "");
  engine->advance(1s);
  EXPECT_TRUE(starting.result());
  EXPECT_EQ(seen, "done");
}

TEST_F(Calls, AStopHookThatCallsItselfThroughAnotherIsADeadlock) {
  std::string seen;
  hooks->sleep["a"] = [&seen](Ctx& c) -> Task<Result<void>> {
    const std::vector<std::string> back{"c", "a"};
    auto answer = co_await c.actor("b", "k").call<std::string>("relay", back);
    seen = outcome(answer);
    co_return Result<void>();
  };
  engine->actor("a", "k").wake();
  engine->actor("a", "k").sleep();
  EXPECT_EQ(seen, R"(actor.call_deadlock ["a/k","b/k","c/k","a/k"])");
}

TEST_F(Calls, TheCallersTimeLimitBoundsTheCallee) {
  auto calling = engine->actor("hasty", "k").start("wait_for_other", "log", 15'000);
  engine->advance(1s);
  EXPECT_EQ(calling.result().error().id(), "actor.action_timed_out");
  const auto lines = engine->actor("log", "k").call<std::vector<std::string>>("lines").value();
  EXPECT_EQ(lines, (std::vector<std::string>{"actor.aborted aborted"}));
}

TEST_F(Calls, ACalleeThatStartsIsNotWaitedForLongerThanTheCallersLimit) {
  hooks->wake["b"] = [](Ctx& c) -> Task<Result<void>> { co_return co_await c.delay(10s); };
  auto calling = engine->actor("hasty", "k").start("wait_for_other", "b", 1);
  engine->advance(1s);
  EXPECT_EQ(calling.result().error().id(), "actor.action_timed_out");
}

TEST_F(Calls, ACallerThatIsCutOffAtItsStopTakesItsCallsWithIt) {
  auto calling = engine->actor("a", "k").start("wait_for_other", "log", 15'000);
  engine->actor("a", "k").sleep();
  engine->advance(5s);  // the grace period
  EXPECT_EQ(calling.result().error().id(), "actor.dropped_reply");
  const auto lines = engine->actor("log", "k").call<std::vector<std::string>>("lines").value();
  EXPECT_EQ(lines, (std::vector<std::string>{"actor.aborted aborted"}));
}

}  // namespace
}  // namespace troupe
