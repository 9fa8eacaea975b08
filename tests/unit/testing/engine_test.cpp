#include <gtest/gtest.h>

#include "src/demo/demo.h"
#include "troupe/testing.h"

using namespace std::chrono_literals;

namespace troupe {
namespace {

struct Diary {
  std::vector<std::string> lines;
  TROUPE_FIELDS(lines)
};
using Ctx = Context<Diary>;

Task<Result<std::int64_t>> nap(Ctx& c, int ms) {
  TROUPE_CO_CHECK(co_await c.delay(std::chrono::milliseconds(ms)));
  co_return c.now_ms();
}

class EngineInMemory : public ::testing::Test {
 protected:
  static Registry actors() {
    Registry registry;
    register_demo_actors(registry);
    registry.add(actor("desk").queue("mail"));
    registry.add(actor<Diary>("diary")
                     .sleep_timeout(10s)
                     .create_state([](std::optional<std::string> first) { return Diary{{first.value_or("")}}; })
                     .on_wake([](Diary& state) { state.lines.push_back("wake"); })
                     .on_sleep([](Diary& state) { state.lines.push_back("sleep"); })
                     .action("write",
                             [](Diary& state, Ctx& c, std::string line) {
                               state.lines.push_back(line);
                               c.broadcast("line", line, state.lines.size());
                             })
                     .action("lines", [](const Diary& state) { return state.lines; })
                     .action("nap", &nap)
                     .action("refuse", []() -> int { throw UserError("no", "not now"); })
                     .on_request([](Ctx&, HttpRequest request) { return text_response(200, request.target); })
                     .on_before_connect([](std::optional<std::string> who) {
                       if (who == "stranger") throw UserError("stranger", "who are you?");
                     }));
    return registry;
  }
  using Lines = std::vector<std::string>;

  testing::Engine engine{actors()};
  testing::Actor diary = engine.actor("diary", "k");
};

TEST_F(EngineInMemory, ActionsAreCalledWithTypes) {
  ASSERT_TRUE(diary.create(std::string("dear")));
  ASSERT_TRUE(diary.call("write", "hello"));
  EXPECT_EQ(diary.call<Lines>("lines").value(), (Lines{"dear", "wake", "hello"}));
  EXPECT_EQ(diary.call<int>("refuse").error().id(), "user.no");
  EXPECT_EQ(diary.call("unknown").error().id(), "actor.action_not_found");
}

TEST_F(EngineInMemory, TimePassesOnlyWhenTheTestSaysSo) {
  const auto start = engine.now_ms();
  auto napping = diary.start<std::int64_t>("nap", 5'000);
  EXPECT_FALSE(napping.done());
  EXPECT_THROW((void)napping.result(), testing::Misuse);
  engine.advance(4'999ms);
  EXPECT_FALSE(napping.done());
  engine.advance(1ms);
  EXPECT_EQ(napping.result().value(), start + 5'000);
  EXPECT_THROW((void)diary.call("nap", 10), testing::Misuse);
}

TEST_F(EngineInMemory, AnIdleActorFallsAsleepAndWakesWithItsState) {
  ASSERT_TRUE(diary.call("write", "a"));
  EXPECT_TRUE(diary.awake());
  EXPECT_EQ(diary.generation(), 1u);
  engine.advance(10s);
  EXPECT_FALSE(diary.awake());
  EXPECT_EQ(engine.awake_actors(), 0u);
  EXPECT_EQ(diary.call<Lines>("lines").value(), (Lines{"", "wake", "a", "sleep", "wake"}));
  EXPECT_EQ(diary.generation(), 2u);
}

TEST_F(EngineInMemory, SleepAndWakeCanBeForced) {
  EXPECT_THROW(diary.sleep(), testing::Misuse);
  diary.wake();
  EXPECT_TRUE(diary.awake());
  diary.sleep();
  EXPECT_FALSE(diary.awake());
  EXPECT_TRUE(diary.exists());
  diary.wake();
  auto napping = diary.start<std::int64_t>("nap", 1'000);
  diary.sleep();  // a delay ends when the actor stops
  EXPECT_EQ(napping.result().error().id(), "actor.aborted");
}

TEST_F(EngineInMemory, DestroyTakesEverythingAway) {
  ASSERT_TRUE(diary.call("write", "a"));
  const auto first = diary.id();
  EXPECT_TRUE(diary.destroy());
  EXPECT_FALSE(diary.exists());
  EXPECT_EQ(diary.id(), "");
  EXPECT_TRUE(diary.destroy());
  EXPECT_EQ(diary.call<Lines>("lines").value(), (Lines{"", "wake"}));
  EXPECT_NE(diary.id(), first);
}

TEST_F(EngineInMemory, ARestartKeepsWhatWasStored) {
  ASSERT_TRUE(diary.call("write", "a"));
  engine.restart();
  EXPECT_FALSE(diary.awake());
  EXPECT_EQ(diary.call<Lines>("lines").value(), (Lines{"", "wake", "a", "sleep", "wake"}));
}

TEST_F(EngineInMemory, AConnectionGetsEventsAndAnswers) {
  auto connection = diary.connect(std::string("ada"));
  EXPECT_EQ(connection.closed(), "");
  EXPECT_FALSE(connection.id().empty());
  ASSERT_TRUE(diary.call("write", "unheard"));
  connection.subscribe("line");
  ASSERT_TRUE(connection.call("write", "heard"));
  auto events = connection.take_events();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].name, "line");
  EXPECT_EQ(events[0].args, Value::array({"heard", 4}));
  connection.unsubscribe("line");
  ASSERT_TRUE(connection.call("write", "unheard again"));
  EXPECT_TRUE(connection.take_events().empty());
  EXPECT_EQ(connection.call<int>("refuse").error().id(), "user.no");
  auto napping = connection.start<std::int64_t>("nap", 100);
  engine.advance(100ms);
  EXPECT_TRUE(napping.result());
  connection.close();
  EXPECT_EQ(connection.call("write", "late").error().id(), "ws.connection_closed");
}

TEST_F(EngineInMemory, MessagesReachTheQueuesOfAnActor) {
  auto ledger = engine.actor("ledger", "k");
  const auto posting = [](Value i) { return Value::object({{"i", std::move(i)}}); };
  ASSERT_TRUE(ledger.send("post", posting(3)));
  const auto asked = ledger.send_and_wait("ask", posting(4));
  ASSERT_TRUE(asked.done());
  const auto sent = asked.result().value();
  EXPECT_TRUE(sent.completed);
  EXPECT_EQ(sent.response, Value::object({{"double", 8}}));
  EXPECT_EQ(*ledger.call<Value>("read")->find("order"), Value::array({3, 4}));
  EXPECT_EQ(ledger.send("post", "no posting").error().id(), "actor.validation_error");
  EXPECT_EQ(ledger.send_and_wait<int>("ask", posting(5)).result().error().id(), "actor.validation_error");
}

TEST_F(EngineInMemory, AMessageThatNobodyCompletesWaitsForItsTime) {
  auto desk = engine.actor("desk", "k");
  const auto open = desk.send_and_wait("mail", "hello", 10s);
  engine.advance(9s);
  EXPECT_FALSE(open.done());
  EXPECT_THROW((void)open.result(), testing::Misuse);
  engine.advance(1s);
  ASSERT_TRUE(open.done());
  EXPECT_FALSE(open.result()->completed);
}

TEST_F(EngineInMemory, ARefusedConnectionSaysWhy) {
  auto connection = diary.connect(std::string("stranger"));
  EXPECT_EQ(connection.closed(), "1011 user.stranger");
}

TEST_F(EngineInMemory, RawRequestsReachTheActor) {
  HttpRequest request;
  request.method = "GET";
  request.target = "/request/page?x=1";
  const auto response = diary.fetch(std::move(request));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(to_string(response.body), "/page?x=1");
}

TEST_F(EngineInMemory, DatabasesWork) {
  auto notes = engine.actor("chat", "room");
  ASSERT_TRUE(notes.call("send", "hello"));
  notes.sleep();
  EXPECT_EQ(notes.call<Value>("history").value().get_if<Value::Array>()->size(), 1u);
}

TEST_F(EngineInMemory, TheSameSeedGivesTheSameRun) {
  testing::Engine first(actors(), {.seed = 7}), second(actors(), {.seed = 7}), third(actors(), {.seed = 8});
  for (auto* each : {&first, &second, &third}) each->actor("diary", "k").wake();
  EXPECT_EQ(first.actor("diary", "k").id(), second.actor("diary", "k").id());
  EXPECT_NE(first.actor("diary", "k").id(), third.actor("diary", "k").id());
}

}  // namespace
}  // namespace troupe
