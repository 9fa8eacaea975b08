#include "engine/runtime/state/state_saver.h"
#include "tests/unit/runtime/schedule_fixture.h"

namespace troupe {
namespace {

using ScheduleOnce = ScheduleTest;

TEST_F(ScheduleOnce, FiresAtItsTimeAndNotBefore) {
  start();
  const auto id = later(5s);
  const auto due = in(5s);
  world.advance(4'999ms);
  EXPECT_THAT(log, IsEmpty());
  world.advance(1ms);
  EXPECT_THAT(log, ElementsAre("act at"));
  EXPECT_EQ(fires[0], (ScheduledFire{ScheduleKind::at, id, std::nullopt, due, due}));
  world.advance(1h);
  EXPECT_EQ(log.size(), 1u);
}

TEST_F(ScheduleOnce, FiresAtOnceWhenTheTimeHasPassed) {
  start();
  for (const std::int64_t at : {world.now_ms(), in(-5s), std::int64_t{0}, INT64_MIN}) {
    ASSERT_TRUE(schedule().at(at, "act", {}));
  }
  world.advance(0ms);
  EXPECT_EQ(log.size(), 4u);
}

TEST_F(ScheduleOnce, FiresInOrderOfTime) {
  definition.actions = {"a", "b", "c"};
  start();
  later(3s, "c");
  later(1s, "a");
  later(2s, "b");
  world.advance(10s);
  EXPECT_THAT(log, ElementsAre("a at", "b at", "c at"));
}

TEST_F(ScheduleOnce, ASleepingActorRunsWhatIsOverdueWhenItWakes) {
  definition.actions = {"a", "b"};
  start();
  later(2s, "b");
  later(1s, "a");
  sleep();
  world.advance(1min);
  EXPECT_THAT(log, IsEmpty());
  start();
  world.settle();
  EXPECT_THAT(log, ElementsAre("a at", "b at"));
}

TEST_F(ScheduleOnce, IsListedByTimeAndId) {
  start();
  const auto second = later(2s), first = later(1s);
  const auto all = schedule().list();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].id, first);
  EXPECT_EQ(all[1].id, second);
  EXPECT_EQ(all[0].args, Bytes{0x80});
  EXPECT_EQ(schedule().find(second)->run_at, in(2s));
  EXPECT_FALSE(schedule().find("nobody"));
}

TEST_F(ScheduleOnce, IsTakenBack) {
  start();
  const auto id = later(1s);
  EXPECT_TRUE(schedule().cancel(id).value());
  EXPECT_FALSE(schedule().cancel(id).value());
  world.advance(1h);
  EXPECT_THAT(log, IsEmpty());
  sleep();
  start();
  EXPECT_THAT(schedule().list(), IsEmpty());
}

TEST_F(ScheduleOnce, AJobIsNotTakenBackAsAOneShot) {
  start();
  ASSERT_TRUE(every("job", 5s));
  EXPECT_FALSE(schedule().cancel("cron:job").value());
  EXPECT_FALSE(schedule().find("cron:job"));
}

TEST_F(ScheduleOnce, KeepsArguments) {
  start();
  Bytes seen;
  script->action = [&](ActionCall call) -> Task<Result<Bytes>> {
    seen = call.args;
    co_return Bytes();
  };
  ASSERT_TRUE(schedule().at(in(1s), "act", {0x82, 0x01, 0x02}));
  sleep();
  world.advance(1s);
  start();
  world.settle();
  EXPECT_EQ(seen, (Bytes{0x82, 0x01, 0x02}));
}

TEST_F(ScheduleOnce, RefusesArgumentsThatAreNoArrayOrTooLarge) {
  definition.options.max_schedule_args_size = 10;
  start();
  EXPECT_TRUE(is_error(schedule().at(in(1s), "act", {0x01}), "actor.validation_error"));
  EXPECT_TRUE(is_error(schedule().at(in(1s), "act", {0x81}), "actor.validation_error"));
  EXPECT_TRUE(is_error(schedule().at(in(1s), "act", {0x80, 0x80}), "actor.validation_error"));
  Bytes args{0x81, 0x48, 1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_TRUE(schedule().at(in(1s), "act", args));
  args = {0x81, 0x49, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_TRUE(is_error(schedule().at(in(1s), "act", args), "schedule.args_too_large"));
  EXPECT_EQ(schedule().list().size(), 1u);
}

TEST_F(ScheduleOnce, IsRefusedWhenTooMuchWaitsForACommitUntilThatIsMade) {
  start();
  // An array of one string of octets.
  Bytes args{0x81, 0x59, 0xff, 0x00};
  args.resize(args.size() + 0xff00);
  std::size_t planned = 0;
  auto last = schedule().at(in(1h), "act", args);
  for (; last && planned < 500; last = schedule().at(in(1h), "act", args)) ++planned;
  ASSERT_TRUE(is_error(last, "storage.unavailable"));
  EXPECT_LT((planned - 1) * args.size(), StateSaver::kStagedBytesMax);
  EXPECT_GT(planned * (args.size() + 256), StateSaver::kStagedBytesMax);
  EXPECT_EQ(schedule().list().size(), planned);
  commit();
  EXPECT_TRUE(schedule().at(in(1h), "act", args));
  EXPECT_EQ(schedule().list().size(), planned + 1);
}

TEST_F(ScheduleOnce, IsRefusedBeyondTheLimitUntilOneHasFired) {
  definition.options.max_schedules = 3;
  start();
  later(1s);
  later(2s);
  ASSERT_TRUE(every("job", 1h));
  const auto refused = schedule().at(in(1s), "act", {});
  ASSERT_TRUE(is_error(refused, "schedule.max_schedules_exceeded"));
  EXPECT_EQ(refused.error().message(), "Actor has reached its limit of 3 pending schedules.");
  EXPECT_TRUE(every("job", 2h));
  EXPECT_TRUE(is_error(every("another", 1h), "schedule.max_schedules_exceeded"));
  world.advance(1s);
  EXPECT_TRUE(schedule().at(in(1s), "act", {}));
}

TEST_F(ScheduleOnce, AFailureIsNotRepeated) {
  failure = user_error("no", "no");
  start();
  later(1s);
  world.advance(1s);
  EXPECT_EQ(log.size(), 1u);
  sleep();
  start();
  world.advance(1h);
  EXPECT_EQ(log.size(), 1u);
}

TEST_F(ScheduleOnce, AnUnknownActionGoesWithoutHarm) {
  start();
  later(1s, "nobody");
  world.advance(1s);
  EXPECT_THAT(schedule().list(), IsEmpty());
  EXPECT_TRUE(act());
}

TEST_F(ScheduleOnce, KeepsTheActorAwakeUntilItsActionEnds) {
  definition.options.sleep_timeout = 1s;
  start();
  ASSERT_TRUE(schedule().at(in(500ms), "other", {}));
  world.advance(10s);
  EXPECT_EQ(host->sleep_intents, 0);
  release->open();
  world.advance(999ms);
  EXPECT_EQ(host->sleep_intents, 0);
  world.advance(1ms);
  EXPECT_EQ(host->sleep_intents, 1);
}

TEST_F(ScheduleOnce, APendingOneDoesNotKeepTheActorAwake) {
  definition.options.sleep_timeout = 1s;
  start();
  later(1h);
  world.advance(1s);
  EXPECT_EQ(host->sleep_intents, 1);
}

TEST_F(ScheduleOnce, TheTimeLimitOfActionsApplies) {
  definition.options.action_timeout = 2s;
  definition.options.sleep_timeout = 1s;
  start();
  later(1s, "other");
  world.advance(3s);
  EXPECT_THAT(schedule().list(), IsEmpty());
  world.advance(1s);
  EXPECT_EQ(host->sleep_intents, 1);
  release->open();
  world.settle();
}

TEST_F(ScheduleOnce, TheEndOfItsTimeEndsWhatAnActionWaitsFor) {
  CallScopePtr scope;
  std::optional<Result<void>> waited;
  script->action = [&](ActionCall call) -> Task<Result<Bytes>> {
    scope = call.scope;
    waited = co_await script->context->delay(10s, call.scope);
    co_return Bytes();
  };
  definition.options.action_timeout = 2s;
  start();
  later(1s);
  world.advance(2'999ms);
  ASSERT_TRUE(scope);
  EXPECT_FALSE(scope->aborted());
  EXPECT_FALSE(waited);
  world.advance(1ms);
  EXPECT_TRUE(scope->aborted());
  ASSERT_TRUE(waited);
  EXPECT_TRUE(is_error(*waited, "actor.aborted"));
  scope.reset();
}

TEST_F(ScheduleOnce, CallsOfAnActionHaveNoMoreTimeThanItself) {
  script->action = [&](ActionCall call) -> Task<Result<Bytes>> {
    return script->context->call({"other", {"k"}}, "act", {0x80}, call.scope);
  };
  definition.options.action_timeout = 2s;
  start();
  later(1s);
  world.advance(1s);
  const auto& origin = host->last_origin;
  EXPECT_EQ(origin.deadline, world.ports().clock.monotonic() + 2s);
  ASSERT_TRUE(origin.abort);
}

TEST_F(ScheduleOnce, FiresWhileAStopWaitsAreLeftToTheNextGeneration) {
  definition.options.sleep_grace_period = 10s;
  script->on_sleep = [this]() -> Task<Result<void>> {
    later(1s);
    co_await release->wait();
    co_return Result<void>();
  };
  start();
  later(2s);
  auto stopped = begin_stop(StopReason::sleep_intent);
  world.advance(5s);
  EXPECT_THAT(log, IsEmpty());
  release->open();
  world.settle();
  ASSERT_TRUE(stopped->done());
  script->on_sleep = nullptr;
  start();
  world.settle();
  EXPECT_THAT(log, ElementsAre("act at", "act at"));
}

TEST_F(ScheduleOnce, OneThatIsGivenUpByAStopIsNotRepeated) {
  start();
  later(1s, "other");
  world.advance(1s);
  auto stopped = begin_stop(StopReason::sleep_intent);
  world.advance(16s);
  ASSERT_TRUE(stopped->done());
  auto first = actor;
  start();
  world.advance(1min);
  EXPECT_EQ(log.size(), 1u);
  release->open();
  world.settle();
}

TEST_F(ScheduleOnce, MayBeMadeWhileTheActorIsCreated) {
  script->on_create = [this](std::optional<Bytes>) -> Task<Result<void>> {
    auto id = schedule().at(in(1s), "act", {});
    if (!id) co_return id.error();
    co_return Result<void>();
  };
  start();
  EXPECT_EQ(store.saves.size(), 1u);
  world.advance(1s);
  EXPECT_THAT(log, ElementsAre("act at"));
}

TEST_F(ScheduleOnce, IsRefusedOnceTheActorHasStopped) {
  start();
  sleep();
  EXPECT_TRUE(is_error(schedule().at(in(1s), "act", {}), "actor.stopping"));
  EXPECT_TRUE(is_error(every("job", 5s), "actor.stopping"));
}

// -- clocks -----------------------------------------------------------------------------------------------------------

TEST_F(ScheduleOnce, AClockThatGoesForwardIsNoticedWithinTenSeconds) {
  start();
  later(1h);
  world.jump_wall_clock(1h);
  world.advance(10s);
  EXPECT_EQ(log.size(), 1u);
}

TEST_F(ScheduleOnce, AClockThatGoesBackMakesNothingEarly) {
  start();
  const auto due = in(10s);
  later(10s);
  world.jump_wall_clock(-1h);
  world.advance(1h + 9'999ms);
  EXPECT_THAT(log, IsEmpty());
  world.advance(1ms);
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(began_at[0], due);
}

// -- durability -------------------------------------------------------------------------------------------------------

TEST_F(ScheduleOnce, IsStoredTogetherWithTheStateBeforeTheActionIsAnswered) {
  script->action = [this](ActionCall) -> Task<Result<Bytes>> {
    script->state = {0x07};
    script->context->request_save();
    auto id = schedule().at(in(1h), "other", {});
    if (!id) co_return id.error();
    co_return Bytes();
  };
  start();
  store.saves.clear();
  ASSERT_TRUE(act());
  ASSERT_EQ(store.saves.size(), 1u);
  EXPECT_EQ(store.saves[0].state, Bytes{0x07});
  EXPECT_EQ(store.saves[0].ack, Ack::durable);
  EXPECT_EQ(store.saves[0].rows, 2u);  // Itself, and the mark that there are schedules.
  crash();
  start();
  EXPECT_EQ(schedule().list().size(), 1u);
}

TEST_F(ScheduleOnce, ItsRowGoesInTheCommitOfWhatItsActionDid) {
  changes_state = true;
  start();
  later(1s);
  commit();
  store.saves.clear();
  world.advance(1s);
  ASSERT_EQ(store.saves.size(), 1u);
  EXPECT_FALSE(store.saves[0].state.empty());
  EXPECT_EQ(store.saves[0].rows, 1u);
}

TEST_F(ScheduleOnce, ACrashDuringItsActionRunsItAgain) {
  start();
  later(1s, "other");
  commit();
  world.advance(1s);
  EXPECT_EQ(log.size(), 1u);
  crash();
  auto first = actor;
  start();
  world.settle();
  EXPECT_THAT(log, ElementsAre("other at", "other at"));
  release->open();
  world.settle();
}

TEST_F(ScheduleOnce, WhatTheStoreDidNotTakeFailsTheCallAndIsTriedAgain) {
  script->action = [this](ActionCall call) -> Task<Result<Bytes>> {
    if (call.fire) {
      log.push_back("fired");
      co_return Bytes();
    }
    auto id = schedule().at(in(1h), "act", {});
    if (!id) co_return id.error();
    co_return Bytes();
  };
  start();
  store.save_failure = make_error("storage", "unavailable");
  EXPECT_TRUE(is_error(act(), "storage.unavailable"));
  store.save_failure.reset();
  world.advance(2s);
  crash();
  start();
  EXPECT_EQ(schedule().list().size(), 1u);
  world.advance(1h);
  EXPECT_THAT(log, ElementsAre("fired"));
}

TEST_F(ScheduleOnce, FiresAlthoughTheStoreTakesNothing) {
  start();
  later(1s);
  commit();
  store.save_failure = make_error("storage", "unavailable");
  world.advance(1s);
  EXPECT_EQ(log.size(), 1u);
  store.save_failure.reset();
  world.advance(5s);
  sleep();
  start();
  world.advance(1h);
  EXPECT_EQ(log.size(), 1u);
}

TEST_F(ScheduleOnce, ADamagedRowIsLeftOutAndTheOthersRun) {
  start();
  later(1s);
  const auto bad = later(2s);
  sleep();
  WriteBatch batch;
  batch.put(keys::actor_schedule({}, bad), {0xff});
  ASSERT_TRUE(world.run(store.rows->commit(std::move(batch), Ack::written)));
  start();
  world.advance(10s);
  EXPECT_EQ(log.size(), 1u);
}

TEST_F(ScheduleOnce, AnActorThatNeverScheduledReadsNoSchedules) {
  start();
  world.advance(10s);
  sleep();
  EXPECT_THAT(host->alarms, IsEmpty());
  start();
  EXPECT_THAT(host->alarms, IsEmpty());
}

// -- the alarm --------------------------------------------------------------------------------------------------------

TEST_F(ScheduleOnce, TheAlarmIsSetBeforeTheRowIsStored) {
  start();
  host->alarm_failure = make_error("storage", "unavailable");
  const auto saves = store.saves.size();
  ASSERT_TRUE(schedule().at(in(1h), "act", {}));
  EXPECT_TRUE(is_error(world.run(script->context->save()), "storage.unavailable"));
  EXPECT_EQ(store.saves.size(), saves);
  host->alarm_failure.reset();
  commit();
  EXPECT_THAT(host->alarms, ElementsAre(in(1h)));
}

TEST_F(ScheduleOnce, TheAlarmFollowsTheEarliestAndIsMovedLaterAtTheEndOnly) {
  start();
  const auto hour = in(1h), minute = in(1min);
  const auto id = later(1min);
  later(1h);
  commit();
  EXPECT_THAT(host->alarms, ElementsAre(minute));
  ASSERT_TRUE(schedule().cancel(id).value());
  commit();
  EXPECT_THAT(host->alarms, ElementsAre(minute));
  sleep();
  EXPECT_THAT(host->alarms, ElementsAre(minute, hour));
}

TEST_F(ScheduleOnce, TheLastOneGoneTheAlarmIsCleared) {
  start();
  const auto due = in(1s);
  later(1s);
  commit();
  world.advance(1s);
  sleep();
  EXPECT_THAT(host->alarms, ElementsAre(due, std::nullopt));
}

TEST_F(ScheduleOnce, AWokenActorKeepsItsAlarmUntilWhatIsOverdueHasRun) {
  start();
  const auto due = in(1s);
  later(1s, "other");
  sleep();
  host->alarms.clear();
  world.advance(1min);
  start();
  EXPECT_THAT(host->alarms, ElementsAre(due));
  release->open();
  world.settle();
  sleep();
  EXPECT_THAT(host->alarms, ElementsAre(due, std::nullopt));
}

}  // namespace
}  // namespace troupe
