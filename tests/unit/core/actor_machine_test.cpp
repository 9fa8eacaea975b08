#include "engine/core/actor_machine.h"

#include <gtest/gtest.h>

#include "tests/unit/core/lifecycle_text.h"

namespace troupe {
namespace {

using P = ActorPhase;
using I = ActorInput;

ActorFailure crashed(std::string text) { return {ActorFailure::Kind::crashed, std::move(text)}; }

/// An actor whose events come one after the other; checks the effects of each.
class Actor {
 public:
  std::string on(ActorEvent event) {
    ActorStep next = step(state, event, now, limits);
    state = next.state;
    return text_of(next);
  }
  std::string on(I input) { return on(ActorEvent{input}); }
  std::string stopped(std::string why) {
    ActorEvent event{I::stopped_error};
    event.failure = crashed(std::move(why));
    return on(event);
  }
  std::string no_host() {
    ActorEvent event{I::no_host};
    event.failure = ActorFailure{ActorFailure::Kind::no_envoys, {}};
    return on(event);
  }
  std::string alarm(std::optional<std::int64_t> at) {
    ActorEvent event{I::set_alarm};
    event.alarm_ts = at;
    return on(event);
  }
  void run() {
    on(I::wake);
    on(I::host_chosen);
    on(I::running);
    ASSERT_EQ(state.phase, P::running);
  }

  ActorState state;
  std::int64_t now = 10'000;
  LifecycleLimits limits;
};

TEST(ActorMachine, AWakeTakesASleepingActorToRunningWithTheNextGeneration) {
  Actor actor;
  actor.state.generation = 4;
  actor.state.sleep_ts = 5'000;
  actor.state.failure = crashed("old");
  EXPECT_EQ(actor.on(I::wake), "allocating: clear choose");
  EXPECT_EQ(actor.state.generation, 4u);
  EXPECT_EQ(actor.state.sleep_ts, 5'000);
  EXPECT_EQ(actor.on(I::host_chosen), "starting: start");
  EXPECT_EQ(actor.state.generation, 5u);
  EXPECT_EQ(actor.state.sleep_ts, std::nullopt);
  EXPECT_EQ(actor.state.failure, std::nullopt);
  actor.now += 40;
  EXPECT_EQ(actor.on(I::running), "running: store clear ready");
  EXPECT_EQ(actor.state.connectable_ts, 10'040);
  EXPECT_EQ(actor.state.start_ts, 10'040);
}

TEST(ActorMachine, TheFirstStartTimeStaysAndIsWrittenOnce) {
  Actor actor;
  actor.state.start_ts = 77;
  actor.on(I::wake);
  actor.on(I::host_chosen);
  EXPECT_EQ(actor.on(I::running), "running: clear ready");
  EXPECT_EQ(actor.state.start_ts, 77);
}

TEST(ActorMachine, AHostThatMustAcknowledgeStaysInAllocatingUntilItDid) {
  Actor actor;
  actor.on(I::wake);
  ActorEvent chosen{I::host_chosen};
  chosen.must_acknowledge = true;
  chosen.can_be_lost = true;
  EXPECT_EQ(actor.on(chosen), "allocating: start(durable) timer(2000)");
  EXPECT_EQ(actor.on(I::host_acknowledged), "starting: store timer(30000)");
}

TEST(ActorMachine, AWakeDuringSleepIntentStartsTheNextGenerationAfterTheStop) {
  Actor actor;
  actor.run();
  EXPECT_EQ(actor.on(I::sleep_intent), "sleep_intent: stop(sleep_intent)");
  EXPECT_EQ(actor.state.sleep_ts, actor.now);
  EXPECT_EQ(actor.state.connectable_ts, std::nullopt);
  actor.on(I::wake);
  EXPECT_EQ(actor.on(I::stopped_ok), "allocating: release clear choose");
  actor.on(I::host_chosen);
  EXPECT_FALSE(actor.state.wake_after_stop);
}

TEST(ActorMachine, ACrashDuringSleepIntentStillHonoursTheDeferredWake) {
  Actor actor;
  actor.run();
  actor.on(I::sleep_intent);
  actor.on(I::wake);
  EXPECT_EQ(actor.stopped("boom"), "allocating: release clear choose");
}

TEST(ActorMachine, ACrashPutsTheActorToSleepWithItsMessage) {
  Actor actor;
  actor.run();
  actor.now += 5;
  EXPECT_EQ(actor.stopped("boom"), "sleeping: release clear store stopped");
  EXPECT_EQ(actor.state.failure, crashed("boom"));
  EXPECT_EQ(actor.state.sleep_ts, actor.now);
  EXPECT_EQ(actor.state.connectable_ts, std::nullopt);
}

TEST(ActorMachine, ALossIsNotOverwrittenByACrash) {
  Actor actor;
  actor.run();
  ActorEvent lost{I::lost};
  lost.failure = ActorFailure{ActorFailure::Kind::envoy_connection_lost, "envoy-1"};
  actor.on(lost);
  EXPECT_EQ(actor.state.failure, lost.failure);

  actor.run();
  EXPECT_EQ(actor.state.failure, std::nullopt);
  actor.state.failure = lost.failure;
  actor.stopped("boom");
  EXPECT_EQ(actor.state.failure, lost.failure);
}

TEST(ActorMachine, AnOverdueAlarmOnTheWayToSleepRestartsAndIsConsumed) {
  Actor actor;
  actor.run();
  EXPECT_EQ(actor.alarm(10'050), "running: store(durable)");
  actor.on(I::sleep_intent);
  actor.now = 10'050;
  EXPECT_EQ(actor.on(I::stopped_ok), "allocating: release clear choose");
  actor.on(I::host_chosen);
  EXPECT_EQ(actor.state.alarm_ts, 10'050);
  EXPECT_EQ(actor.on(I::running), "running: store clear ready");
  EXPECT_EQ(actor.state.alarm_ts, std::nullopt);
}

TEST(ActorMachine, AnAlarmThatTheHostSetsDuringTheStartIsKept) {
  Actor actor;
  actor.state.start_ts = 1;
  actor.state.alarm_ts = 9'000;
  actor.on(I::alarm_due);
  actor.on(I::host_chosen);
  EXPECT_EQ(actor.alarm(9'000), "starting:");
  actor.on(I::running);
  EXPECT_EQ(actor.state.alarm_ts, 9'000);
}

TEST(ActorMachine, AnAlarmWhoseStartFailsIsTriedAgainLater) {
  Actor actor;
  actor.state.alarm_ts = 9'000;
  actor.on(I::alarm_due);
  actor.on(I::host_chosen);
  EXPECT_EQ(actor.stopped("boom"), "sleeping: release clear store watch(10000) stopped");
  EXPECT_EQ(actor.state.alarm_ts, 9'000);
  EXPECT_EQ(actor.on(I::alarm_due), "allocating: clear choose");
}

TEST(ActorMachine, AFutureAlarmIsKeptAndWatchedDuringSleep) {
  Actor actor;
  actor.run();
  actor.alarm(20'000);
  actor.on(I::sleep_intent);
  EXPECT_EQ(actor.on(I::stopped_ok), "sleeping: release clear store watch stopped");
  EXPECT_EQ(actor.on(I::alarm_due), "sleeping:");
  actor.now = 20'000;
  EXPECT_EQ(actor.on(I::alarm_due), "allocating: clear choose");
  actor.on(I::host_chosen);
  actor.on(I::running);
  EXPECT_EQ(actor.state.alarm_ts, std::nullopt);
}

TEST(ActorMachine, AWakeBeforeTheAlarmKeepsItAndOneAfterItConsumesIt) {
  Actor early;
  early.state.alarm_ts = 20'000;
  early.run();
  EXPECT_EQ(early.state.alarm_ts, 20'000);

  Actor late;
  late.state.alarm_ts = 9'999;
  late.run();
  EXPECT_EQ(late.state.alarm_ts, std::nullopt);
}

TEST(ActorMachine, OnlyAnEarlierAlarmHasToBeOnDiskAtOnce) {
  Actor actor;
  actor.run();
  EXPECT_EQ(actor.alarm(20'000), "running: store(durable)");
  EXPECT_EQ(actor.alarm(20'000), "running:");
  EXPECT_EQ(actor.alarm(30'000), "running: store");
  EXPECT_EQ(actor.alarm(15'000), "running: store(durable)");
  EXPECT_EQ(actor.alarm(std::nullopt), "running: store");
}

TEST(ActorMachine, ADeleteDuringTheStartIsDoneOnceItRuns) {
  Actor actor;
  actor.on(I::wake);
  actor.on(I::host_chosen);
  actor.on(I::destroy);
  EXPECT_EQ(actor.on(I::running), "destroying: store stop(destroy)");
  EXPECT_EQ(actor.on(I::stopped_ok), "destroyed: release clear erase");
  EXPECT_EQ(actor.state.destroy_ts, actor.now);
}

TEST(ActorMachine, ADeleteDuringAStartThatFailsStillDestroys) {
  Actor actor;
  actor.on(I::wake);
  actor.on(I::host_chosen);
  actor.on(I::destroy);
  EXPECT_EQ(actor.stopped("no"), "destroyed: release clear erase");
}

TEST(ActorMachine, ADeleteWhileNoHostIsFoundDestroysAtOnce) {
  Actor actor;
  actor.on(I::wake);
  actor.on(I::destroy);
  EXPECT_EQ(actor.no_host(), "destroyed: release clear erase");
}

TEST(ActorMachine, ADestroyedActorKeepsItsLastSleepTime) {
  Actor actor;
  actor.state.sleep_ts = 8'000;
  actor.on(I::destroy);
  EXPECT_EQ(actor.state.sleep_ts, 8'000);
}

TEST(ActorMachine, AnEraseThatFailedLeavesTheActorAsleep) {
  Actor actor;
  actor.state.alarm_ts = 50'000;
  actor.on(I::destroy);
  EXPECT_EQ(actor.on(I::erase_failed), "sleeping: clear store watch stopped");
  EXPECT_EQ(actor.state.destroy_ts, std::nullopt);
}

TEST(ActorMachine, ADrainDuringTheStartIsRememberedAndMovesTheActorOnceItRuns) {
  Actor actor;
  actor.on(I::wake);
  actor.on(I::host_chosen);
  actor.on(I::drain);
  EXPECT_EQ(actor.on(I::running), "going_away: store stop(going_away)");
  EXPECT_EQ(actor.on(I::stopped_ok), "allocating: release clear choose");
  actor.on(I::host_chosen);
  EXPECT_EQ(actor.on(I::running), "running: clear ready");
}

TEST(ActorMachine, ARescheduledActorStaysConnectableUntilItStopped) {
  Actor actor;
  actor.run();
  actor.on(I::reschedule);
  EXPECT_TRUE(actor.state.connectable_ts);
  actor.on(I::stopped_ok);
  EXPECT_FALSE(actor.state.connectable_ts);

  actor.on(I::host_chosen);
  actor.on(I::running);
  actor.on(I::drain);
  EXPECT_FALSE(actor.state.connectable_ts);
}

TEST(ActorMachine, RetriesBackOffByDoublingUpToTheLimit) {
  Actor actor;
  actor.on(I::wake);
  EXPECT_EQ(actor.no_host(), "reallocating: store timer(2000)");
  EXPECT_EQ(actor.state.reschedule_ts, actor.now + 2'000);
  EXPECT_EQ(actor.state.sleep_ts, actor.now);
  for (std::int64_t seconds : {4, 8, 16, 32, 64, 128, 256, 512, 512}) {
    actor.now = *actor.state.reschedule_ts;
    actor.on(I::timer);
    EXPECT_EQ(actor.no_host(), "reallocating: store timer(" + std::to_string(seconds * 1'000) + ")");
  }
}

TEST(ActorMachine, ARetryLongAfterTheLastStartsOverAtOnce) {
  Actor actor;
  actor.on(I::wake);
  actor.no_host();
  actor.now += 600'001;
  actor.on(I::timer);
  EXPECT_EQ(actor.no_host(), "reallocating: store timer(0)");
  actor.on(I::timer);
  EXPECT_EQ(actor.no_host(), "reallocating: store timer(2000)");
}

TEST(ActorMachine, AWakeRetriesAtOnceWithoutMovingTheNextRetry) {
  Actor actor;
  actor.on(I::wake);
  actor.no_host();
  const auto next = actor.state.reschedule_ts;
  actor.now += 500;
  EXPECT_EQ(actor.on(I::wake), "allocating: clear choose");
  EXPECT_EQ(actor.no_host(), "reallocating: store timer(1500)");
  EXPECT_EQ(actor.state.reschedule_ts, next);
  EXPECT_EQ(actor.state.retries, 1u);
}

TEST(ActorMachine, ASuccessfulAllocationForgetsTheRetries) {
  Actor actor;
  actor.on(I::wake);
  actor.no_host();
  actor.on(I::wake);
  actor.on(I::host_chosen);
  EXPECT_EQ(actor.state.retries, 0u);
  EXPECT_EQ(actor.state.reschedule_ts, std::nullopt);
  EXPECT_EQ(actor.state.failure, std::nullopt);
}

TEST(ActorMachine, AHaltedActorSleepsAfterItsStopAndIsNotStartedAgain) {
  Actor actor;
  actor.run();
  actor.alarm(10'001);
  EXPECT_EQ(actor.on(I::halt), "going_away: stop(going_away)");
  actor.now = 11'000;
  EXPECT_EQ(actor.on(I::stopped_ok), "sleeping: release clear store watch stopped");
  EXPECT_EQ(actor.state.alarm_ts, 10'001);
  EXPECT_EQ(actor.on(I::wake), "sleeping:");
}

TEST(ActorMachine, AHaltDuringTheStartStopsTheActorOnceItRuns) {
  Actor actor;
  actor.on(I::wake);
  actor.on(I::host_chosen);
  actor.on(I::halt);
  EXPECT_EQ(actor.on(I::running), "going_away: store stop(going_away)");
  EXPECT_EQ(actor.on(I::stopped_ok), "sleeping: release clear store stopped");
}

TEST(ActorMachine, AHaltBeforeAHostIsChosenStartsNothing) {
  Actor chosen;
  chosen.on(I::wake);
  chosen.on(I::halt);
  EXPECT_EQ(chosen.on(I::host_chosen), "sleeping: clear store stopped");
  EXPECT_EQ(chosen.state.generation, 0u);

  Actor none;
  none.on(I::wake);
  none.on(I::halt);
  EXPECT_EQ(none.no_host(), "sleeping: clear store stopped");
}

TEST(ActorMachine, AnActorThatEndsByItselfWithoutAFailureIsDestroyed) {
  Actor actor;
  actor.run();
  EXPECT_EQ(actor.on(I::stopped_ok), "destroyed: release clear erase");
}

TEST(ActorMachine, WhatARecordKeepsSurvivesTheWayThroughTheRecord) {
  Actor actor;
  actor.run();
  actor.alarm(99'000);
  actor.stopped("boom");
  ActorRecord record;
  store_into(actor.state, record);
  const ActorState back = state_from(record);
  EXPECT_EQ(back.phase, P::sleeping);
  EXPECT_EQ(back.generation, actor.state.generation);
  EXPECT_EQ(back.start_ts, actor.state.start_ts);
  EXPECT_EQ(back.sleep_ts, actor.state.sleep_ts);
  EXPECT_EQ(back.alarm_ts, actor.state.alarm_ts);
  EXPECT_EQ(back.failure, actor.state.failure);
}

}  // namespace
}  // namespace troupe
