#include <gtest/gtest.h>

#include "tests/unit/sdk/fake_actor.h"
#include "tests/unit/sdk/stage.h"

namespace troupe::test {
namespace {

struct Job {
  std::int64_t n = 0;
  TROUPE_FIELDS(n)
};
struct Sum {
  std::int64_t sum = 0;
  TROUPE_FIELDS(sum)
};
using Ctx = Context<Sum>;

QueueReceive completable() {
  QueueReceive wanted;
  wanted.completable = true;
  return wanted;
}

Task<Result<std::int64_t>> take_two(Sum&, Ctx& c) {
  const auto queue = c.queue();
  auto first = co_await queue.next<Job>(completable());
  if (!first) co_return first.error();
  auto second = co_await queue.next<Job>(completable());
  co_return second ? Result<std::int64_t>((*second)->body.n) : second.error();
}

Task<Result<std::int64_t>> sum_all(Sum& s, Ctx& c) {
  const auto add = [&s](Message<Job> message) -> Task<Result<void>> {
    s.sum += message.body.n;
    co_return co_await message.complete(s.sum);
  };
  auto done = co_await c.queue().for_each<Job>(completable(), add);
  if (!done) co_return done.error();
  co_return s.sum;
}

Task<Result<std::string>> misuse(Ctx& c) {
  auto message = co_await c.queue().try_next();
  if (!message || !*message) co_return std::string("nothing");
  auto completed = co_await (*message)->complete();
  co_return completed ? std::string("completed") : completed.error().id();
}

Task<Result<std::string>> wait_named(Ctx& c) {
  QueueReceive wanted;
  wanted.timeout = std::chrono::milliseconds(0);
  std::vector<std::string> names(1, "jobs");
  auto message = co_await c.queue().wait_for_names<Job>(std::move(names), wanted);
  co_return message ? std::to_string(message->body.n) : message.error().id();
}

Task<Result<std::string>> take_all(Ctx& c) {
  QueueReceive wanted;
  wanted.count = 10;
  auto messages = co_await c.queue().next_batch<Job>(wanted);
  if (!messages) co_return messages.error().id();
  std::string numbers;
  for (const auto& message : *messages) numbers += std::to_string(message.body.n) + " ";
  co_return numbers;
}

Task<Result<std::int64_t>> tell(Ctx& c) {
  auto sent = co_await c.actor("other", "k").send_and_wait<std::int64_t>("jobs", Job{4});
  if (!sent) co_return sent.error();
  co_return sent->response.value_or(-1);
}

ActorDefinition worker() {
  return actor<Sum>("worker")
      .queue<Job>("jobs")
      .queue("closed", [](Ctx&) { return false; })
      .action("put", [](Ctx& c, std::string name, std::int64_t n) { return c.queue().send(std::move(name), Job{n}); })
      .action("putText", [](Ctx& c, std::string name) { return c.queue().send(std::move(name), std::string("text")); })
      .action("takeTwo", &take_two)
      .action("takeAll", &take_all)
      .action("sum", &sum_all)
      .action("misuse", &misuse)
      .action("waitNamed", &wait_named)
      .action("tell", &tell)
      .action(
          "strict", [](Sum& s) { return ++s.sum; }, Durability::commit);
}

TEST(SdkQueue, ADefinitionNamesItsQueuesAndLevels) {
  const auto definition = worker();
  EXPECT_EQ(definition.queues, (std::vector<std::string>{"closed", "jobs"}));
  EXPECT_TRUE(definition.hooks.can_publish);
  EXPECT_EQ(definition.durability.at("strict"), Durability::commit);
  EXPECT_EQ(definition.durability.size(), 1u);
}

TEST(SdkQueue, SendsAndReceivesTypedBodies) {
  FakeActor fake(worker());
  EXPECT_EQ(fake.call("put", "jobs", 3).value(), Value(1));
  EXPECT_EQ(fake.call("waitNamed").value(), Value("3"));
  EXPECT_EQ(fake.call("waitNamed").value(), Value("queue.timed_out"));
}

TEST(SdkQueue, AnUncompletedMessageBlocksTheNext) {
  FakeActor fake(worker());
  ASSERT_TRUE(fake.call("put", "jobs", 1));
  ASSERT_TRUE(fake.call("put", "jobs", 2));
  auto refused = fake.call("takeTwo");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().id(), "queue.previous_message_not_completed");
  // Another handler is not concerned.
  EXPECT_EQ(fake.call("sum").value(), Value(3));
}

TEST(SdkQueue, AnIterationCompletesEachAndEndsWithTheStop) {
  FakeActor fake(worker());
  for (int n : {1, 2, 3}) ASSERT_TRUE(fake.call("put", "jobs", n));
  EXPECT_EQ(fake.call("sum").value(), Value(6));
  EXPECT_EQ(fake.context.messages.responses, (std::vector<Value>{Value(1), Value(3), Value(6)}));
  EXPECT_TRUE(fake.context.messages.messages.empty());
}

TEST(SdkQueue, AMessageThatWasTakenForGoodCannotBeCompleted) {
  FakeActor fake(worker());
  ASSERT_TRUE(fake.call("put", "jobs", 1));
  EXPECT_EQ(fake.call("misuse").value(), Value("queue.complete_not_configured"));
  EXPECT_EQ(fake.call("misuse").value(), Value("nothing"));
}

TEST(SdkQueue, AMessageThatCannotBeReadTakesNoOtherAlong) {
  FakeActor fake(worker());
  ASSERT_TRUE(fake.call("put", "jobs", 1));
  ASSERT_TRUE(fake.call("putText", "jobs"));
  ASSERT_TRUE(fake.call("put", "jobs", 3));
  EXPECT_EQ(fake.call("takeAll").value(), Value("1 3 "));
  ASSERT_EQ(fake.context.logs.size(), 1u);
  EXPECT_NE(fake.context.logs.front().find("message 2 of the queue jobs is removed"), std::string::npos);
  ASSERT_TRUE(fake.call("putText", "jobs"));
  EXPECT_EQ(fake.call("takeAll").value(), Value("actor.validation_error"));
}

TEST(SdkQueue, PublishingIsCheckedByTypeAndByTheActor) {
  FakeActor fake(worker());
  const auto ask = [&](std::string name, Value body) {
    return fake.world.run(fake.behavior->can_publish(nullptr, std::move(name), cbor(body)));
  };
  EXPECT_TRUE(ask("jobs", Value::object({{"n", 1}})).value());
  EXPECT_EQ(ask("jobs", Value("text")).error().id(), "actor.validation_error");
  EXPECT_FALSE(ask("closed", Value(1)).value());
}

TEST(SdkQueue, SendsToOtherActors) {
  FakeActor fake(worker());
  fake.context.reply = cbor(Value(8));
  EXPECT_EQ(fake.call("tell").value(), Value(8));
  EXPECT_EQ(fake.context.calls.at(0).action, "queue jobs");
}

/// A call that nobody waits for any more when its signal fires.
class SignalledScope final : public CallScope {
 public:
  bool aborted() const override { return fires->aborted(); }
  std::shared_ptr<AbortSignal> signal() const override { return fires; }
  const std::shared_ptr<AbortSignal> fires = std::make_shared<AbortSignal>();
};

TEST(MessageQueue, AWaitEndsWithTheCallItBelongsToAndByItsOwnSignal) {
  const auto own = std::make_shared<AbortSignal>();
  const auto receive = [own](Ctx& c, bool with_own) -> Task<Result<void>> {
    QueueReceive wanted;
    wanted.timeout = std::chrono::milliseconds(1);
    if (with_own) wanted.abort = own;
    auto message = co_await c.queue().next(wanted);
    co_return message ? Result<void>() : message.error();
  };
  FakeActor fake(actor<Sum>("worker").action("receive", receive));
  const auto scope = std::make_shared<SignalledScope>();
  const auto run = [&](bool with_own) {
    ActionCall call;
    call.name = "receive";
    call.args = detail::encode_arguments(with_own);
    call.scope = scope;
    EXPECT_TRUE(fake.world.run(fake.behavior->action(std::move(call))));
    return fake.context.messages.last_abort;
  };
  EXPECT_EQ(run(false), scope->fires);
  // Listens to both no longer than the wait lasts.
  const auto both = run(true);
  ASSERT_TRUE(both);
  own->abort();
  EXPECT_FALSE(both->aborted());
  EXPECT_TRUE(run(true)->aborted());
}

// -- the demo actor ---------------------------------------------------------------------------------------------------

Value posting(std::int64_t i) { return Value::object({{"i", i}}); }

TEST(DemoLedger, AppliesPostingsInOrderAndAnswersQuestions) {
  Stage stage;
  auto& ledger = stage.actor("ledger");
  for (int i : {3, 1, 2}) ASSERT_TRUE(ledger.send("post", posting(i)));
  auto asked = ledger.send("ask", posting(21), true);
  ASSERT_TRUE(asked);
  EXPECT_EQ(value_of(*asked->response), Value::object({{"double", 42}}));
  auto expected = Value::object({{"applied", 4}, {"order", Value::array({3, 1, 2, 21})}});
  EXPECT_EQ(ledger.call("read").value(), expected);
}

TEST(DemoLedger, DoublesNumbersBeyondWhatJavaScriptCountsExactly) {
  Stage stage;
  auto& ledger = stage.actor("ledger");
  const auto twice = [&](std::int64_t i) { return value_of(*ledger.send("ask", posting(i), true)->response); };
  constexpr std::int64_t kHalf = std::int64_t{1} << 52;
  EXPECT_EQ(twice(kHalf), Value::object({{"double", 2 * kHalf}}));
  EXPECT_EQ(twice(-kHalf), Value::object({{"double", -2 * kHalf}}));
  EXPECT_EQ(twice(kHalf + 1), Value::object({{"double", 2.0 * static_cast<double>(kHalf + 1)}}));
  EXPECT_EQ(twice(INT64_MAX), Value::object({{"double", 0x1p64}}));
  EXPECT_EQ(twice(INT64_MIN), Value::object({{"double", -0x1p64}}));
}

TEST(DemoLedger, KeepsWhatItAppliedOverASleep) {
  Stage stage;
  auto& ledger = stage.actor("ledger");
  ASSERT_TRUE(ledger.send("post", posting(1)));
  ASSERT_TRUE(ledger.send("ask", posting(2), true));
  ledger.sleep();
  ledger.wake();
  ASSERT_TRUE(ledger.send("ask", posting(3), true));
  auto expected = Value::object({{"applied", 3}, {"order", Value::array({1, 2, 3})}});
  EXPECT_EQ(ledger.call("read").value(), expected);
}

TEST(DemoLedger, RefusesWhatIsNoPosting) {
  Stage stage;
  auto& ledger = stage.actor("ledger");
  EXPECT_EQ(ledger.send("post", Value("x")).error().id(), "actor.validation_error");
}

}  // namespace
}  // namespace troupe::test
