#include "troupe/actor.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/unit/sdk/fake_actor.h"

namespace troupe::test {
namespace {

struct Counter {
  std::int64_t count = 0;
  std::int64_t doubled() const { return count * 2; }
  std::int64_t add(std::int64_t n) { return count += n; }
  TROUPE_FIELDS(count)
};
using Ctx = Context<Counter>;

Task<std::int64_t> slow_add(Counter& s, Ctx& c, std::int64_t n) {
  (void)co_await c.delay(std::chrono::milliseconds(10));
  s.count += n;
  co_return s.count;
}

Actor<Counter> counter() {
  return actor<Counter>("counter")
      .action("add",
              [](Counter& s, Ctx& c, std::int64_t n) {
                s.count += n;
                c.broadcast("count", s.count);
                return s.count;
              })
      .action("get", [](const Counter& s) { return s.count; });
}

TEST(Actor, ACounterCountsAndBroadcasts) {
  FakeActor actor(counter());
  EXPECT_EQ(actor.call("add", 2).value(), Value(2));
  EXPECT_EQ(actor.call("add", 3).value(), Value(5));
  EXPECT_EQ(actor.call("get").value(), Value(5));
  EXPECT_EQ(actor.context.events, (Events{{"count", Value::array({2})}, {"count", Value::array({5})}}));
  EXPECT_EQ(actor.state(), Value::object({{"count", 5}}));
}

TEST(Actor, TheDefinitionTellsNamesOptionsAndHooks) {
  auto builder = counter();
  builder.sleep_timeout(std::chrono::milliseconds(7)).on_wake([] {}).on_request([] { return HttpResponse(); });
  const ActorDefinition definition = builder;
  EXPECT_EQ(definition.name, "counter");
  EXPECT_EQ(definition.options.sleep_timeout, std::chrono::milliseconds(7));
  EXPECT_EQ(definition.actions, (std::vector<std::string>{"add", "get"}));
  EXPECT_TRUE(definition.hooks.create_state);
  EXPECT_TRUE(definition.hooks.on_wake);
  EXPECT_TRUE(definition.hooks.on_request);
  EXPECT_FALSE(definition.hooks.on_connect);
  EXPECT_FALSE(definition.hooks.create_conn_state);
}

TEST(Actor, AnActorWithoutStateHasNone) {
  const ActorDefinition definition = actor("plain").action("ping", [] { return "pong"; });
  EXPECT_FALSE(definition.hooks.create_state);
  FakeActor plain(definition);
  EXPECT_EQ(plain.call("ping").value(), Value("pong"));
  EXPECT_TRUE(plain.behavior->serialize_state().value().empty());
  EXPECT_EQ(plain.context.saves, 0);
}

TEST(Actor, HandlersTakeWhatTheyNeedInEveryForm) {
  FakeActor actor(troupe::actor<Counter>("forms")
                      .action("nothing", [] {})
                      .action("method", &Counter::add)
                      .action("const_method", &Counter::doubled)
                      .action("coroutine", &slow_add)
                      .action("context_copy", [](Ctx c) { return c.name(); })
                      .action("result", []() -> Result<int> { return 1; })
                      .action("failed", []() -> Result<int> { return user_error("no", "No"); })
                      .action("void_result", []() -> Result<void> { return {}; })
                      .action("task_result", []() -> Task<Result<int>> { co_return 2; })
                      .action("task_void", []() -> Task<void> { co_return; })
                      .action("reference", [](const std::string& text) { return text.size(); })
                      .action("dynamic", [](Value v) { return v; }));
  EXPECT_EQ(actor.call("nothing").value(), Value(Undefined{}));
  EXPECT_EQ(actor.call("method", 4).value(), Value(4));
  EXPECT_EQ(actor.call("const_method").value(), Value(8));
  EXPECT_EQ(actor.call("context_copy").value(), Value("name"));
  EXPECT_EQ(actor.call("result").value(), Value(1));
  EXPECT_EQ(actor.call("failed").error().id(), "user.no");
  EXPECT_EQ(actor.call("void_result").value(), Value(Undefined{}));
  EXPECT_EQ(actor.call("task_result").value(), Value(2));
  EXPECT_EQ(actor.call("task_void").value(), Value(Undefined{}));
  EXPECT_EQ(actor.call("reference", "four").value(), Value(4));
  EXPECT_EQ(actor.call("dynamic", 1.5).value(), Value(1.5));
  EXPECT_EQ(actor.call("dynamic").value(), Value(nullptr));
  const auto outcome = actor.start("coroutine", 1);
  EXPECT_FALSE(outcome->has_value());
  actor.world.advance(std::chrono::milliseconds(10));
  EXPECT_EQ(value_of((*outcome)->value()), Value(5));
}

TEST(Actor, UnknownActionsAreNamed) {
  FakeActor actor(counter());
  EXPECT_EQ(actor.call("nope").error().message(), "Action `nope` was not found.");
}

TEST(Actor, WrongArgumentsAreValidationErrorsThatNameTheArgument) {
  FakeActor actor(
      troupe::actor("args").action("f", [](std::int64_t, std::string, std::optional<int>, std::optional<int>) {}));
  const auto problem = [&](const auto&... args) {
    auto outcome = actor.call("f", args...);
    if (outcome) return std::string("none");
    EXPECT_EQ(outcome.error().id(), "actor.validation_error");
    EXPECT_EQ(outcome.error().message(), "Invalid action `f` arguments");
    return outcome.error().detail();
  };
  EXPECT_EQ(problem(1, "a"), "none");
  EXPECT_EQ(problem(1, "a", Undefined{}, 2), "none");
  EXPECT_EQ(problem(), "argument 1 is missing");
  EXPECT_EQ(problem(1), "argument 2 is missing");
  EXPECT_EQ(problem(1, 2), "argument 2: expected text, got a number");
  EXPECT_EQ(problem(1, "a", "b"), "argument 3: expected an integer, got text");
  EXPECT_EQ(problem(1, "a", 1, 1, "ignored"), "none");
  EXPECT_EQ(problem("$x", "a"), "argument 1: expected an integer, got text");
}

TEST(Actor, TwoArgumentsOfWhichTheFirstBeginsWithADollarKeepTheirText) {
  FakeActor actor(troupe::actor("args").action("f", [](std::string a, Value) { return a; }));
  EXPECT_EQ(actor.call("f", "$x", 1).value(), Value("$x"));
  Bytes unescaped;
  CborWriter writer(unescaped);
  writer.array(2);
  writer.text("$x");
  writer.number(std::int64_t{1});
  auto output = actor.world.run(actor.behavior->action({"f", unescaped, nullptr}));
  EXPECT_EQ(value_of(output.value()), Value("$x"));
}

TEST(Actor, ExceptionsBecomeErrors) {
  FakeActor actor(troupe::actor("errors")
                      .action("user",
                              []() -> void {
                                throw UserError("bad", "Bad", Value::object({{"n", 1}}));
                              })
                      .action("slow_user",
                              []() -> Task<void> {
                                throw UserError("bad", "Bad");
                                co_return;
                              })
                      .action("bug", []() -> void { throw std::runtime_error("secret"); })
                      .action("odd", []() -> void { throw 1; })
                      .action("value", [](Context<None>& c) -> Task<int> {
                        auto answer = co_await c.actor("other").call<int>("f");
                        co_return answer.value();
                      }));
  const auto error = actor.call("user").error();
  EXPECT_EQ(error.id(), "user.bad");
  EXPECT_EQ(error.metadata(), Value::object({{"n", 1}}));
  EXPECT_EQ(actor.call("slow_user").error().id(), "user.bad");
  EXPECT_EQ(actor.call("bug").error().id(), "rivetkit.internal_error");
  EXPECT_EQ(masked(actor.call("bug").error()).message(), "An internal error occurred");
  EXPECT_EQ(actor.call("odd").error().id(), "rivetkit.internal_error");
  actor.context.reply = user_error("theirs", "Theirs");
  EXPECT_EQ(actor.call("value").error().id(), "user.theirs");
}

TEST(Actor, RawPassesAnythingThrough) {
  FakeActor actor(troupe::actor("raw").action("same", [](Raw x) { return x; }));
  for (const auto& value :
       {Value(1), Value(Undefined{}), Value(nullptr), Value(Bytes{1, 2}), Value(BigInt{"12345678901234567890"}),
        Value::array({"$x", 1}), Value::object({{"a", Value::array({})}})})
    EXPECT_EQ(actor.call("same", value).value(), value);
  EXPECT_EQ(actor.call("same").value(), Value(Undefined{}));
}

TEST(Actor, CallsToOtherActorsAreTyped) {
  FakeActor boss(troupe::actor("boss").action("hire", [](Context<None>& c, std::string name) {
    return c.actor("account", name, "eu").call<double>("deposit", 5, "gift");
  }));
  boss.context.reply = encode(7.5);
  EXPECT_EQ(boss.call("hire", "alice").value(), Value(7.5));
  ASSERT_EQ(boss.context.calls.size(), 1u);
  const auto& call = boss.context.calls[0];
  EXPECT_EQ(call.to.name, "account");
  EXPECT_EQ(call.to.key, (std::vector<std::string>{"alice", "eu"}));
  EXPECT_EQ(call.action, "deposit");
  EXPECT_EQ(call.args, Value::array({5, "gift"}));
  boss.context.reply = encode("text");
  EXPECT_EQ(boss.call("hire", "alice").error().message(), "Invalid result");
}

TEST(Actor, KeysMayBeGivenAsAList) {
  FakeActor boss(troupe::actor("boss").action("hire", [](Context<None>& c) -> Task<Result<void>> {
    auto account = c.actor("account", {"a", "b"});
    co_return co_await account.call("open");
  }));
  EXPECT_TRUE(boss.call("hire"));
  EXPECT_EQ(boss.context.calls[0].to.key, (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace troupe::test
