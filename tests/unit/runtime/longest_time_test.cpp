// A time as long as its type allows is for ever, and not over at once.
#include "tests/unit/runtime/fixture.h"

namespace troupe {
namespace {

class LongestTime : public ActorTest {
 protected:
  LongestTime() {
    auto& options = definition.options;
    for (auto* time :
         {&options.sleep_timeout, &options.sleep_grace_period, &options.state_save_interval, &options.action_timeout,
          &options.on_before_connect_timeout, &options.on_connect_timeout, &options.on_wake_timeout})
      *time = Millis::max();
    definition.queues = {"jobs"};
    script->on_before_connect = [](Bytes, std::string) { return ok(); };
    script->on_wake = [] { return ok(); };
    script->action = [this](ActionCall call) { return call.name == "other" ? receive() : wait(std::move(call)); };
  }

  static Task<Result<void>> ok() { co_return Result<void>(); }
  Task<Result<Bytes>> wait(ActionCall call) {
    auto waited = co_await script->context->delay(Millis::max(), call.scope);
    if (!waited) co_return waited.error();
    co_return Bytes();
  }
  Task<Result<Bytes>> receive() {
    QueueReceive wanted;
    wanted.timeout = Millis::max();
    auto messages = co_await script->context->queue().receive(std::move(wanted));
    if (!messages) co_return messages.error();
    co_return messages->at(0).body;
  }
  auto call(std::string name) { return begin(actor->transient_action({}, std::move(name), {0x80})); }
};

TEST_F(LongestTime, AnActorDoesNotFallAsleep) {
  start();
  world.advance(24h * 1'000);
  EXPECT_EQ(host->sleep_intents, 0);
}

TEST_F(LongestTime, AnActionAndItsWaitAreEndedByTheStopOnly) {
  start();
  auto calling = call("act");
  world.advance(24h * 1'000);
  EXPECT_FALSE(calling->done());
  stop(StopReason::sleep_intent);
  ASSERT_TRUE(calling->done());
  EXPECT_TRUE(is_error(**calling, "actor.aborted"));
}

TEST_F(LongestTime, AReceiverWaitsForItsMessage) {
  start();
  auto calling = call("other");
  world.advance(24h * 1'000);
  EXPECT_FALSE(calling->done());
  ASSERT_TRUE(world.run(actor->queue_send({}, {"jobs", to_bytes("x"), false, std::nullopt})));
  world.settle();
  ASSERT_TRUE(calling->done());
  EXPECT_EQ((*calling)->value(), to_bytes("x"));
}

TEST_F(LongestTime, ASenderWaitsForTheCompletion) {
  start();
  auto sending = begin(actor->queue_send({}, {"jobs", to_bytes("x"), true, Millis::max()}));
  world.advance(24h * 1'000);
  EXPECT_FALSE(sending->done());
  ASSERT_TRUE(world.run(script->context->queue().complete(1, "jobs", std::nullopt)).value());
  world.settle();
  ASSERT_TRUE(sending->done());
  EXPECT_TRUE((*sending)->value().completed);
}

}  // namespace
}  // namespace troupe
