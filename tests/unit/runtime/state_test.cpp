#include "tests/unit/runtime/fixture.h"

namespace troupe {
namespace {

class ActorState : public ActorTest {
 protected:
  ActorState() {
    definition.options.sleep_timeout = 1h;
    // "act" changes the state and asks for a save.
    script->action = [this](ActionCall) -> Task<Result<Bytes>> {
      change();
      co_return Bytes();
    };
  }

  void change(SaveRequest request = {}) {
    ++script->state[0];
    script->context->request_save(request);
  }
  void start_and_forget_saves() {
    start();
    store.saves.clear();
  }
};

TEST_F(ActorState, OfAnActionIsWrittenBeforeItsAnswerLeaves) {
  start_and_forget_saves();
  store.hold_saves = std::make_shared<Gate>();
  auto call = begin(actor->transient_action({}, "act", {}));
  EXPECT_FALSE(call->done());
  store.hold_saves->open();
  world.settle();
  ASSERT_TRUE(call->done());
  EXPECT_TRUE(**call);
  ASSERT_EQ(store.saves.size(), 1u);
  EXPECT_EQ(store.saves[0].ack, Ack::written);
  EXPECT_EQ(store.saves[0].state, script->state);
}

TEST_F(ActorState, ThatDidNotChangeCostsNoWrite) {
  script->action = [](ActionCall) -> Task<Result<Bytes>> { co_return Bytes(); };
  start_and_forget_saves();
  EXPECT_TRUE(act());
  world.advance(10s);
  EXPECT_THAT(store.saves, IsEmpty());
}

TEST_F(ActorState, WrittenWithAnActionIsNotWrittenAgainByTheTick) {
  start_and_forget_saves();
  EXPECT_TRUE(act());
  world.advance(10s);
  EXPECT_EQ(store.saves.size(), 1u);
}

TEST_F(ActorState, OfAFailingActionIsWrittenToo) {
  script->action = [this](ActionCall) -> Task<Result<Bytes>> {
    change();
    co_return user_error("no", "no");
  };
  start_and_forget_saves();
  EXPECT_TRUE(is_error(act(), "user.no"));
  EXPECT_EQ(store.saves.size(), 1u);
}

TEST_F(ActorState, ThatCannotBeWrittenFailsTheCallAndIsTriedAgain) {
  start_and_forget_saves();
  store.save_failure = make_error("storage", "unavailable");
  EXPECT_TRUE(is_error(act(), "storage.unavailable"));
  EXPECT_TRUE(is_error(act(), "storage.unavailable"));
  store.save_failure.reset();
  world.advance(1s);
  ASSERT_EQ(store.saves.size(), 1u);
  EXPECT_EQ(store.saves[0].state, Bytes{0x03});
}

TEST_F(ActorState, ThatCannotBeSerialisedFailsTheCallAndIsTriedAgain) {
  start_and_forget_saves();
  script->serialize_state = []() -> Result<Bytes> { throw std::runtime_error("cycle"); };
  EXPECT_TRUE(is_error(act(), "rivetkit.internal_error"));
  script->serialize_state = nullptr;
  world.advance(1s);
  EXPECT_EQ(store.saves.size(), 1u);
}

TEST_F(ActorState, OfManyConcurrentActionsIsWrittenTogether) {
  start_and_forget_saves();
  store.hold_saves = std::make_shared<Gate>();
  std::vector<std::shared_ptr<Pending<Result<Bytes>>>> calls;
  for (int i = 0; i < 10; ++i) calls.push_back(begin(actor->transient_action({}, "act", {})));
  store.hold_saves->open();
  world.settle();
  for (auto& call : calls) EXPECT_TRUE(call->done() && **call);
  EXPECT_EQ(store.saves.size(), 2u) << "the first action's, and one for the nine that came during it";
  EXPECT_EQ(store.saves.back().state, script->state);
  EXPECT_EQ(store.saves_overlapped, 0);
}

TEST_F(ActorState, FailureIsSharedByThoseWhoWaitedForTheSameWrite) {
  start_and_forget_saves();
  store.hold_saves = std::make_shared<Gate>();
  store.save_failure = make_error("storage", "unavailable");
  std::vector<std::shared_ptr<Pending<Result<Bytes>>>> calls;
  for (int i = 0; i < 5; ++i) calls.push_back(begin(actor->transient_action({}, "act", {})));
  store.hold_saves->open();
  world.settle();
  for (auto& call : calls) {
    ASSERT_TRUE(call->done());
    EXPECT_TRUE(is_error(**call, "storage.unavailable"));
  }
}

TEST_F(ActorState, ChangedOutsideAnActionIsSavedWithinTheInterval) {
  start_and_forget_saves();
  change();
  change();
  world.advance(999ms);
  EXPECT_THAT(store.saves, IsEmpty());
  world.advance(1ms);
  ASSERT_EQ(store.saves.size(), 1u);
  EXPECT_EQ(store.saves[0].ack, Ack::written);
}

TEST_F(ActorState, ChangedLongAfterTheLastSaveIsSavedAtOnce) {
  start_and_forget_saves();
  change();
  world.advance(1s);
  world.advance(5s);
  change();
  world.advance(0ms);
  EXPECT_EQ(store.saves.size(), 2u);
}

TEST_F(ActorState, ChangedShortlyAfterASaveWaitsForTheRestOfTheInterval) {
  start_and_forget_saves();
  change();
  world.advance(1s);
  world.advance(400ms);
  change();
  world.advance(599ms);
  EXPECT_EQ(store.saves.size(), 1u);
  world.advance(1ms);
  EXPECT_EQ(store.saves.size(), 2u);
}

TEST_F(ActorState, IsSavedEarlierWhenAskedTo) {
  start_and_forget_saves();
  change({.max_wait = 50ms});
  world.advance(50ms);
  EXPECT_EQ(store.saves.size(), 1u);
  change({.immediate = true});
  world.advance(0ms);
  EXPECT_EQ(store.saves.size(), 2u);
}

TEST_F(ActorState, RequestsCoalesceAndTheEarliestWins) {
  start_and_forget_saves();
  change();
  change({.max_wait = 100ms});
  change({.max_wait = 500ms});
  world.advance(100ms);
  EXPECT_EQ(store.saves.size(), 1u);
  world.advance(10s);
  EXPECT_EQ(store.saves.size(), 1u);
}

TEST_F(ActorState, SaveWaitsUntilItIsDurable) {
  start_and_forget_saves();
  store.hold_saves = std::make_shared<Gate>();
  ++script->state[0];
  auto saved = begin(script->context->save());
  EXPECT_FALSE(saved->done());
  store.hold_saves->open();
  world.settle();
  ASSERT_TRUE(saved->done());
  EXPECT_TRUE(**saved);
  ASSERT_EQ(store.saves.size(), 1u);
  EXPECT_EQ(store.saves[0].ack, Ack::durable);
}

TEST_F(ActorState, SaveIsNotSatisfiedByAWriteThatIsNotDurable) {
  start_and_forget_saves();
  store.hold_saves = std::make_shared<Gate>();
  auto call = begin(actor->transient_action({}, "act", {}));
  auto saved = begin(script->context->save());
  store.hold_saves->open();
  world.settle();
  ASSERT_TRUE(call->done() && saved->done());
  ASSERT_EQ(store.saves.size(), 2u);
  EXPECT_EQ(store.saves[1].ack, Ack::durable);
}

TEST_F(ActorState, TickThatFailsIsRepeatedWithoutStorming) {
  start_and_forget_saves();
  store.save_failure = make_error("storage", "unavailable");
  change();
  world.advance(5s);
  EXPECT_THAT(store.saves, IsEmpty());
  store.save_failure.reset();
  world.advance(1s);
  EXPECT_EQ(store.saves.size(), 1u);
}

TEST_F(ActorState, IsSavedDurablyWhenTheActorFallsAsleep) {
  start_and_forget_saves();
  change();
  stop(StopReason::sleep_intent);
  ASSERT_EQ(store.saves.size(), 1u);
  EXPECT_EQ(store.saves[0].ack, Ack::durable);
  EXPECT_EQ(store.saves[0].state, script->state);
}

TEST_F(ActorState, IsNotSavedOnSleepWhenNothingChanged) {
  start_and_forget_saves();
  stop(StopReason::sleep_intent);
  EXPECT_THAT(store.saves, IsEmpty());
}

TEST_F(ActorState, IsNotSavedOnDestroy) {
  start_and_forget_saves();
  script->on_destroy = [this] {
    change();
    return succeed();
  };
  change();
  stop(StopReason::destroy);
  world.advance(10s);
  EXPECT_THAT(store.saves, IsEmpty());
}

TEST_F(ActorState, ChangedByOnSleepIsInTheLastSave) {
  script->on_sleep = [this] {
    change();
    return succeed();
  };
  start_and_forget_saves();
  stop(StopReason::sleep_intent);
  EXPECT_EQ(store.stored, script->state);
}

TEST_F(ActorState, AfterTheStopIsSavedNoMore) {
  start_and_forget_saves();
  stop(StopReason::sleep_intent);
  change({.immediate = true});
  EXPECT_TRUE(is_error(world.run(script->context->save()), "actor.stopping"));
  world.advance(10s);
  EXPECT_THAT(store.saves, IsEmpty());
}

TEST_F(ActorState, WhoseLastSaveFailsStillSleeps) {
  start_and_forget_saves();
  change();
  store.save_failure = make_error("storage", "unavailable");
  stop(StopReason::sleep_intent);
}

TEST_F(ActorState, WhoseLastSaveHangsSleepsAfterALimit) {
  start_and_forget_saves();
  change();
  store.hold_saves = std::make_shared<Gate>();
  auto stopped = begin_stop(StopReason::sleep_intent);
  world.advance(14s);
  EXPECT_FALSE(stopped->done());
  world.advance(1s);
  EXPECT_TRUE(stopped->done());
  store.hold_saves->open();
}

TEST_F(ActorState, ChangedByConnectionHooksIsWrittenBeforeTheClientIsLetIn) {
  script->on_connect = [this](std::shared_ptr<Connection>) {
    change();
    return succeed();
  };
  start_and_forget_saves();
  store.save_failure = make_error("storage", "unavailable");
  EXPECT_TRUE(is_error(connect(), "storage.unavailable"));
  EXPECT_THAT(script->context->connections(), IsEmpty());
  store.save_failure.reset();
  EXPECT_TRUE(connect());
  EXPECT_EQ(store.saves.size(), 1u);
}

TEST_F(ActorState, ChangedByOnDisconnectIsWritten) {
  script->on_disconnect = [this](std::shared_ptr<Connection>) {
    change();
    return succeed();
  };
  start_and_forget_saves();
  auto conn = connect();
  actor->disconnected(*conn, "bye");
  world.settle();
  EXPECT_EQ(store.saves.size(), 1u);
}

}  // namespace
}  // namespace troupe
