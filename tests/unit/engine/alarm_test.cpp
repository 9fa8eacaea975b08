#include "tests/unit/engine/engine_fixture.h"

namespace troupe {
namespace {

class AlarmTest : public EngineTest {
 protected:
  /// An actor asleep with an alarm so far ahead.
  ActorId sleeping_with_alarm(Millis ahead) {
    const auto id = create();
    last().events->alarm(world.now_ms() + ahead.count());
    fall_asleep();
    return id;
  }
  bool running(ActorId id) { return view(id).connectable_ts.has_value(); }
};

TEST_F(AlarmTest, AnAlarmWakesASleepingActorWhenItIsDueAndIsConsumed) {
  const auto id = sleeping_with_alarm(Millis(5'000));
  world.advance(Millis(4'999));
  EXPECT_FALSE(running(id));
  world.advance(Millis(1));
  EXPECT_TRUE(running(id));
  EXPECT_EQ(view(id).alarm_ts, std::nullopt);
  fall_asleep();
  world.advance(Millis(600'000));
  EXPECT_FALSE(running(id));
}

TEST_F(AlarmTest, AnAlarmThatIsClearedDoesNotWake) {
  const auto id = create();
  last().events->alarm(world.now_ms() + 1'000);
  last().events->alarm(std::nullopt);
  fall_asleep();
  world.advance(Millis(100'000));
  EXPECT_FALSE(running(id));
}

TEST_F(AlarmTest, TheLastOfSeveralAlarmsCounts) {
  const auto id = create();
  for (int ahead : {9'000, 1'000, 5'000}) last().events->alarm(world.now_ms() + ahead);
  fall_asleep();
  world.advance(Millis(4'999));
  EXPECT_FALSE(running(id));
  world.advance(Millis(1));
  EXPECT_TRUE(running(id));
}

TEST_F(AlarmTest, AnAlarmInThePastRestartsTheActorAsSoonAsItSleeps) {
  const auto id = sleeping_with_alarm(Millis(-1));
  EXPECT_TRUE(running(id));
  EXPECT_EQ(view(id).generation, 2u);
}

TEST_F(AlarmTest, AnAlarmThatPassesWhileTheActorRunsIsLookedAtWhenItSleeps) {
  const auto id = create();
  last().events->alarm(world.now_ms() + 1'000);
  world.advance(Millis(60'000));
  EXPECT_EQ(host->started.size(), 1u);
  fall_asleep();
  EXPECT_TRUE(running(id));
  EXPECT_EQ(view(id).generation, 2u);
}

TEST_F(AlarmTest, AWakeByARequestKeepsALaterAlarm) {
  const auto id = sleeping_with_alarm(Millis(5'000));
  fetch(id);
  EXPECT_TRUE(view(id).alarm_ts);
  fall_asleep();
  world.advance(Millis(5'000));
  EXPECT_TRUE(running(id));
  EXPECT_EQ(view(id).generation, 3u);
}

TEST_F(AlarmTest, ManyActorsWithOneAlarmTimeAllWake) {
  std::vector<ActorId> ids;
  for (int i = 0; i < 700; ++i) ids.push_back(sleeping_with_alarm(Millis(5'000)));
  EXPECT_EQ(engine->resident_actors(), 0u);
  world.advance(Millis(5'000));
  for (const auto& id : ids) EXPECT_TRUE(running(id));
}

TEST_F(AlarmTest, AlarmsSurviveARestartAndOverdueOnesFireAtItsStart) {
  const auto soon = sleeping_with_alarm(Millis(1'000)), late = sleeping_with_alarm(Millis(90'000));
  crash();
  world.advance(Millis(5'000));
  open();
  world.settle();
  EXPECT_TRUE(running(soon));
  EXPECT_FALSE(running(late));
  world.advance(Millis(85'000));
  EXPECT_TRUE(running(late));
}

TEST_F(AlarmTest, AnActorThatRanWhenTheEngineCrashedIsStartedByItsAlarm) {
  const auto id = create();
  last().events->alarm(world.now_ms() + 1'000);
  world.settle();
  crash();
  open();
  EXPECT_FALSE(running(id));
  world.advance(Millis(1'000));
  EXPECT_TRUE(running(id));
}

TEST_F(AlarmTest, ADestroyRemovesTheAlarm) {
  const auto id = sleeping_with_alarm(Millis(1'000));
  ASSERT_TRUE(world.run(engine->destroy(id)));
  world.advance(Millis(10'000));
  EXPECT_EQ(host->started.size(), 1u);
}

TEST_F(AlarmTest, AnEarlierAlarmOfAnotherActorMovesTheTimerForward) {
  const auto late = sleeping_with_alarm(Millis(50'000)), soon = sleeping_with_alarm(Millis(1'000));
  world.advance(Millis(1'000));
  EXPECT_TRUE(running(soon));
  EXPECT_FALSE(running(late));
  world.advance(Millis(49'000));
  EXPECT_TRUE(running(late));
}

TEST_F(AlarmTest, AJumpOfTheWallClockIsNoticedWithinASecond) {
  const auto id = sleeping_with_alarm(Millis(3'600'000));
  world.jump_wall_clock(Millis(3'600'000));
  world.advance(Millis(1'000));
  EXPECT_TRUE(running(id));
}

TEST_F(AlarmTest, AClockThatGoesBackMakesNoAlarmEarly) {
  const auto id = sleeping_with_alarm(Millis(10'000));
  world.jump_wall_clock(Millis(-3'600'000));
  world.advance(Millis(3'609'999));
  EXPECT_FALSE(running(id));
  world.advance(Millis(1));
  EXPECT_TRUE(running(id));
}

TEST_F(AlarmTest, AnAlarmThatTheHostSetsDuringTheStartStaysWhateverBecomesOfTheEngine) {
  const auto id = sleeping_with_alarm(Millis(1'000));
  host->script->run_at_once = false;
  world.advance(Millis(1'000));
  const auto due = world.now_ms();
  EXPECT_TRUE(world.run(last().events->set_alarm(due, Ack::written)));
  last().events->running();
  world.settle();
  EXPECT_EQ(view(id).alarm_ts, due);
  crash();
  open();
  world.settle();
  EXPECT_TRUE(running(id));
}

TEST_F(AlarmTest, ACrashDuringTheStartThatAnAlarmCausedDoesNotLoseIt) {
  const auto id = sleeping_with_alarm(Millis(1'000));
  host->script->run_at_once = false;
  world.advance(Millis(1'000));
  EXPECT_EQ(host->started.size(), 2u);
  EXPECT_FALSE(running(id));
  crash();
  open();
  world.settle();
  EXPECT_TRUE(running(id));
}

TEST_F(AlarmTest, AnAlarmWhoseStartFailsIsTriedAgainLessAndLessOften) {
  const auto id = sleeping_with_alarm(Millis(1'000));
  host->script->start_failure = "boom";
  world.advance(Millis(1'000));
  EXPECT_EQ(host->started.size(), 2u);
  world.advance(Millis(10'000));
  EXPECT_EQ(host->started.size(), 3u);
  world.advance(Millis(19'999));
  EXPECT_EQ(host->started.size(), 3u);
  host->script->start_failure.reset();
  world.advance(Millis(1));
  EXPECT_TRUE(running(id));
}

TEST_F(AlarmTest, AnAlarmThatIsSetIsInTheRecordWhenTheHostHearsOfIt) {
  const auto id = create();
  store.durable_commits = 0;
  EXPECT_TRUE(world.run(last().events->set_alarm(world.now_ms() + 5'000, Ack::durable)));
  EXPECT_EQ(store.durable_commits, 1);
  crash();
  open();
  world.advance(Millis(5'000));
  EXPECT_TRUE(running(id));
}

TEST_F(AlarmTest, AnAlarmOfAGenerationThatIsOverIsRefused) {
  create();
  auto events = last().events;
  fall_asleep();
  const auto set = world.run(events->set_alarm(world.now_ms() + 5'000, Ack::written));
  ASSERT_FALSE(set);
  EXPECT_TRUE(set.error().is("actor", "stopping"));
}

TEST_F(AlarmTest, AlarmsSetAfterTheWallClockWentBackStillFire) {
  sleeping_with_alarm(Millis(1'000));
  world.advance(Millis(1'000));
  world.jump_wall_clock(Millis(-500'000));
  const auto id = sleeping_with_alarm(Millis(2'000));
  world.advance(Millis(2'000));
  EXPECT_TRUE(running(id));
}

TEST_F(AlarmTest, AnAlarmIsDurableBeforeItCanBePromised) {
  create();
  store.durable_commits = 0;
  last().events->alarm(world.now_ms() + 1'000);
  world.settle();
  EXPECT_EQ(store.durable_commits, 1);
}

TEST_F(AlarmTest, AStoppingEngineFiresNoAlarms) {
  sleeping_with_alarm(Millis(1'000));
  spawn(engine->stop());
  world.advance(Millis(10'000));
  EXPECT_EQ(host->started.size(), 1u);
}

}  // namespace
}  // namespace troupe
