#include "tests/unit/envoy/envoy_fixture.h"

namespace troupe {
namespace {

using Texts = std::vector<std::string>;

TEST_F(EnvoyTest, RunningActorsContinueWhenTheirEnvoyReturnsToARestartedEngine) {
  auto envoy = connect();
  const ActorId id = running_actor(envoy);
  crash();
  world.advance(Millis(2'000));
  open();
  EXPECT_EQ(actors.fences[id], 1u);
  const auto again = reconnect(envoy);
  runs(again, id);
  EXPECT_TRUE(again->commands().empty());
  EXPECT_TRUE(view(id).connectable_ts);
  EXPECT_EQ(view(id).generation, 1u);
  wants_sleep(again, id);
  EXPECT_EQ(again->last_command(), "g1 i2 stop(sleep_intent)");
}

TEST_F(EnvoyTest, ARequestWaitsForTheEnvoyInsteadOfStartingTheActorElsewhere) {
  auto envoy = connect();
  const ActorId id = running_actor(envoy);
  crash();
  open();
  const auto other = connect("envoy-2");
  wake(id);
  EXPECT_TRUE(other->commands().empty());
}

TEST_F(EnvoyTest, AnEnvoyThatDoesNotReturnToARestartedEngineLosesItsActorsAfterTheThreshold) {
  auto envoy = connect();
  const ActorId id = running_actor(envoy);
  crash();
  world.advance(Millis(3'600'000));
  open();
  world.advance(Millis(14'000));
  EXPECT_TRUE(view(id).connectable_ts);
  world.advance(Millis(1'001));
  EXPECT_EQ(failure(id), "envoy_connection_lost:envoy-1");
  const auto again = reconnect(envoy);
  EXPECT_EQ(again->commands(), Texts{"g1 i2 stop(lost)"});
}

TEST_F(EnvoyTest, AStartThatWasNotConfirmedIsSentAgainByARestartedEngine) {
  auto envoy = connect();
  const ActorId id = create();
  crash();
  open();
  const auto again = reconnect(envoy);
  EXPECT_EQ(again->commands(), Texts{"g1 i1 start"});
  runs(again, id);
  EXPECT_TRUE(view(id).connectable_ts);
}

TEST_F(EnvoyTest, AStartThatWasConfirmedIsNotSentAgainByARestartedEngine) {
  auto envoy = connect();
  const ActorId id = create();
  confirm(envoy, id, 1, 1);
  crash();
  open();
  const auto again = reconnect(envoy);
  EXPECT_TRUE(again->commands().empty());
  runs(again, id);
  EXPECT_TRUE(view(id).connectable_ts);
}

TEST_F(EnvoyTest, AStopIsSentAgainByARestartedEngine) {
  auto envoy = connect();
  const ActorId id = running_actor(envoy);
  wants_sleep(envoy, id);
  crash();
  open();
  const auto again = reconnect(envoy);
  EXPECT_EQ(again->commands(), Texts{"g1 i2 stop(sleep_intent)"});
  stopped(again, id);
  EXPECT_FALSE(view(id).connectable_ts);
  wake(id);
  EXPECT_EQ(again->last_command(), "g2 i1 start");
}

TEST_F(EnvoyTest, ActorsThatWaitForAHostGoOnWaitingInARestartedEngine) {
  const ActorId id = create();
  const auto next = view(id).reschedule_ts;
  crash();
  open();
  EXPECT_EQ(view(id).reschedule_ts, next);
  EXPECT_EQ(failure(id), "no_envoys:");
  const auto envoy = connect();
  EXPECT_EQ(envoy->last_command(), "g1 i1 start");
}

TEST_F(EnvoyTest, SleepingActorsStayAsleepAndOverdueAlarmsFireInARestartedEngine) {
  auto envoy = connect();
  const ActorId asleep = running_actor(envoy);
  const ActorId due = running_actor(envoy);
  event(envoy, due, 1, 3, envoyproto::EventActorSetAlarm{world.now_ms() + 5'000});
  for (const ActorId& id : {asleep, due}) {
    wants_sleep(envoy, id);
    stopped(envoy, id);
  }
  crash();
  world.advance(Millis(10'000));
  open();
  const auto again = reconnect(envoy);
  world.settle();
  EXPECT_EQ(again->commands(), Texts{"g2 i1 start"});
  EXPECT_EQ(view(asleep).generation, 1u);
}

TEST_F(EnvoyTest, ADestroyedActorIsNotTakenUpAgain) {
  auto envoy = connect();
  const ActorId id = running_actor(envoy);
  event(envoy, id, 1, 4, envoyproto::EventActorIntent{envoyproto::ActorIntentStop{}});
  stopped(envoy, id);
  crash();
  open();
  EXPECT_EQ(engine->resident_actors(), 0u);
  EXPECT_TRUE(reconnect(envoy)->commands().empty());
}

}  // namespace
}  // namespace troupe
