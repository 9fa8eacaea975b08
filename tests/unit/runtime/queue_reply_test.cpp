#include "tests/unit/runtime/queue_fixture.h"

namespace troupe {
namespace {

/// Senders that wait, who may publish, and what a stop does to them.
using ActorQueueReply = QueueTest;

TEST_F(ActorQueueReply, ASenderWaitsForTheCompletion) {
  start();
  auto sent = begin_send(message("ask", "a", true));
  EXPECT_FALSE(sent->done());
  auto message = receive_completable();
  ASSERT_TRUE(world.run(message.completion->complete(to_bytes("answer"))));
  world.settle();
  ASSERT_TRUE(sent->done());
  EXPECT_TRUE(sent->value->value().completed);
  EXPECT_EQ(to_string(*sent->value->value().response), "answer");
}

TEST_F(ActorQueueReply, ACompletionNeedsNoAnswer) {
  start();
  auto sent = begin_send(message("ask", "a", true));
  ASSERT_TRUE(world.run(receive_completable().completion->complete(std::nullopt)));
  world.settle();
  ASSERT_TRUE(sent->done());
  EXPECT_TRUE(sent->value->value().completed);
  EXPECT_FALSE(sent->value->value().response);
}

TEST_F(ActorQueueReply, TheAnswerLeavesAfterTheCommit) {
  start();
  auto sent = begin_send(message("ask", "a", true));
  auto message = receive_completable();
  store.hold_saves = std::make_shared<Gate>();
  auto completing = begin(message.completion->complete(to_bytes("answer")));
  EXPECT_FALSE(sent->done());
  store.hold_saves->open();
  world.settle();
  EXPECT_TRUE(sent->done() && completing->done());
}

TEST_F(ActorQueueReply, TheAnswerOfAFailedCommitLeavesWithTheOneThatSucceeds) {
  start();
  auto sent = begin_send(message("ask", "a", true));
  auto message = receive_completable();
  store.save_failure = make_error("storage", "unavailable");
  EXPECT_FALSE(world.run(message.completion->complete(to_bytes("answer"))));
  EXPECT_FALSE(sent->done());
  store.save_failure.reset();
  world.advance(2s);
  EXPECT_TRUE(sent->done());
}

TEST_F(ActorQueueReply, TheWaitEndsInTimeAndTheMessageStays) {
  start();
  auto sent = begin_send(message("ask", "a", true, 500ms));
  world.advance(499ms);
  EXPECT_FALSE(sent->done());
  world.advance(1ms);
  ASSERT_TRUE(sent->done());
  EXPECT_FALSE(sent->value->value().completed);
  // Completed later, with nobody waiting.
  EXPECT_TRUE(world.run(receive_completable().completion->complete(to_bytes("late"))));
}

TEST_F(ActorQueueReply, NoWaitIsLongerThanAnAction) {
  definition.options.action_timeout = 2s;
  start();
  auto sent = begin_send(message("ask", "a", true, 5s));
  world.advance(1999ms);
  EXPECT_FALSE(sent->done());
  world.advance(1ms);
  ASSERT_TRUE(sent->done());
  EXPECT_TRUE(is_error(*sent->value, "actor.action_timed_out"));
  EXPECT_TRUE(world.run(receive_completable().completion->complete(to_bytes("late"))));
}

TEST_F(ActorQueueReply, AWaitOfTheActorItselfEndsInTime) {
  start();
  auto asked = begin(queue().send_and_wait("own", to_bytes("a"), 500ms, nullptr));
  world.advance(500ms);
  ASSERT_TRUE(asked->done());
  EXPECT_TRUE(is_error(*asked->value, "queue.timed_out"));
  EXPECT_EQ(receive(poll()), Log({"1 own a"}));
}

TEST_F(ActorQueueReply, AWaitOfTheActorItselfGetsTheAnswer) {
  start();
  auto asked = begin(queue().send_and_wait("own", to_bytes("a"), std::nullopt, nullptr));
  ASSERT_TRUE(world.run(receive_completable().completion->complete(to_bytes("answer"))));
  world.settle();
  ASSERT_TRUE(asked->done());
  EXPECT_EQ(to_string(*asked->value->value()), "answer");
}

TEST_F(ActorQueueReply, AWaitOfTheActorItselfEndsByTheCallersSignal) {
  start();
  auto signal = std::make_shared<AbortSignal>();
  auto asked = begin(queue().send_and_wait("own", to_bytes("a"), std::nullopt, signal));
  signal->abort();
  world.settle();
  ASSERT_TRUE(asked->done());
  EXPECT_TRUE(is_error(*asked->value, "actor.aborted"));
}

// -- permission -------------------------------------------------------------------------------------------------------

TEST_F(ActorQueueReply, CanPublishDecidesAndSeesTheConnection) {
  std::string seen;
  script->can_publish = [&](std::shared_ptr<Connection> conn, std::string name) -> Task<Result<bool>> {
    seen = conn->id();
    co_return name == "jobs";
  };
  start();
  EXPECT_TRUE(send("jobs", "a"));
  EXPECT_EQ(seen.size(), 36u);
  EXPECT_TRUE(is_error(send("ask", "b"), "auth.forbidden"));
  EXPECT_TRUE(is_error(send("ask", std::string(70'000, 'b')), "auth.forbidden"));
  EXPECT_EQ(receive(poll({}, 5)), Log({"1 jobs a"}));
  // The actor itself needs no permission.
  EXPECT_TRUE(world.run(queue().send("ask", to_bytes("c"))));
}

TEST_F(ActorQueueReply, AnErrorOfCanPublishRefusesTheMessage) {
  script->can_publish = [](std::shared_ptr<Connection>, std::string) -> Task<Result<bool>> {
    co_return make_error("actor", "validation_error");
  };
  start();
  EXPECT_TRUE(is_error(send("jobs", "a"), "actor.validation_error"));
}

TEST_F(ActorQueueReply, ARefusedConnectionSendsNothing) {
  script->on_before_connect = [](Bytes, std::string) { return fail(make_error("auth", "forbidden")); };
  start();
  EXPECT_TRUE(is_error(send("jobs", "a"), "auth.forbidden"));
  EXPECT_EQ(receive(poll()), Log());
}

// -- run handlers, sleep and stop -------------------------------------------------------------------------------------

TEST_F(ActorQueueReply, ARunHandlerThatWaitsForAMessageLetsTheActorSleep) {
  script->run = [this]() -> Task<Result<void>> {
    auto received = co_await queue().receive(wait());
    co_return received ? Result<void>() : received.error();
  };
  definition.options.sleep_timeout = 1s;
  start();
  world.advance(999ms);
  EXPECT_EQ(host->sleep_intents, 0);
  world.advance(1ms);
  EXPECT_EQ(host->sleep_intents, 1);
  stop(StopReason::sleep_intent);
  start();
  EXPECT_EQ(std::count(script->log.begin(), script->log.end(), "run"), 2);
}

TEST_F(ActorQueueReply, ARunHandlerThatDoesSomethingElseKeepsTheActorAwake) {
  script->run = [this]() -> Task<Result<void>> { return script->context->delay(10s); };
  definition.options.sleep_timeout = 1s;
  start();
  world.advance(9s);
  EXPECT_EQ(host->sleep_intents, 0);
  world.advance(2s);
  EXPECT_EQ(host->sleep_intents, 1);
}

TEST_F(ActorQueueReply, ASenderThatWaitsKeepsTheActorAwake) {
  script->run = [this]() -> Task<Result<void>> {
    auto wanted = wait(Log(1, "other"));
    (void)co_await queue().receive(std::move(wanted));
    co_return Result<void>();
  };
  definition.options.sleep_timeout = 1s;
  start();
  auto sent = begin_send(message("ask", "a", true, 5s));
  world.advance(4s);
  EXPECT_EQ(host->sleep_intents, 0);
  world.advance(3s);
  EXPECT_EQ(host->sleep_intents, 1);
}

TEST_F(ActorQueueReply, TheStopEndsReceivesAndTheRunHandler) {
  std::optional<Error> ended;
  script->run = [&]() -> Task<Result<void>> {
    auto received = co_await queue().receive(wait());
    ended = received.error();
    co_return received.error();
  };
  start();
  stop(StopReason::sleep_intent);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->id(), "actor.aborted");
  EXPECT_EQ(ended->message(), "Actor aborted");
}

TEST_F(ActorQueueReply, AMessageThatCameBeforeTheStopIsStillTaken) {
  Log taken;
  script->run = [&]() -> Task<Result<void>> {
    while (true) {
      auto received = co_await queue().receive(wait());
      if (!received) co_return received.error();
      for (auto& text : texts(*received)) taken.push_back(text);
    }
  };
  start();
  ASSERT_TRUE(world.run(queue().send("jobs", to_bytes("a"))));
  stop(StopReason::sleep_intent);
  EXPECT_EQ(taken, Log({"1 jobs a"}));
}

TEST_F(ActorQueueReply, SendersThatWaitAreToldWhenTheActorStops) {
  start();
  auto sent = begin_send(message("ask", "a", true));
  stop(StopReason::sleep_intent);
  ASSERT_TRUE(sent->done());
  EXPECT_TRUE(is_error(*sent->value, "queue.completion_waiter_dropped"));
  start();
  EXPECT_EQ(receive(poll()), Log({"1 ask a"}));
}

TEST_F(ActorQueueReply, AMessageThatComesDuringTheStopIsLeftToTheNextGeneration) {
  start();
  auto token = script->context->keep_awake();
  auto stopped = begin_stop(StopReason::sleep_intent);
  EXPECT_TRUE(is_error(send("jobs", "a"), "actor.stopping"));
  token.reset();
  world.settle();
  EXPECT_TRUE(stopped->done());
  start();
  EXPECT_EQ(receive(poll()), Log());
}

TEST_F(ActorQueueReply, AMessageThatWasAllowedDuringTheStopIsLeftToTheNextGenerationToo) {
  Gate gate;
  script->can_publish = [&](std::shared_ptr<Connection>, std::string) -> Task<Result<bool>> {
    co_await gate.wait();
    co_return true;
  };
  start();
  bool began = false;
  auto sent = begin(actor->queue_send({.began = &began}, message("jobs", "a")));
  EXPECT_TRUE(began);
  auto stopped = begin_stop(StopReason::sleep_intent);
  gate.open();
  world.settle();
  ASSERT_TRUE(sent->done());
  EXPECT_TRUE(is_error(*sent->value, "actor.stopping"));
  EXPECT_FALSE(began);
  EXPECT_TRUE(stopped->done());
  EXPECT_EQ(stored(), 0u);
}

TEST_F(ActorQueueReply, UntilAbortedEndsWithTheStop) {
  bool over = false;
  script->run = [&]() -> Task<Result<void>> {
    co_await script->context->until_aborted();
    over = true;
    co_return Result<void>();
  };
  start();
  EXPECT_FALSE(over);
  stop(StopReason::sleep_intent);
  EXPECT_TRUE(over);
}

}  // namespace
}  // namespace troupe
