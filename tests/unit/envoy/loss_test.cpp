#include "tests/unit/envoy/envoy_fixture.h"

namespace troupe {
namespace {

using Texts = std::vector<std::string>;

TEST_F(EnvoyTest, AnEnvoyThatComesBackInTimeKeepsItsActors) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  disconnect(envoy);
  EXPECT_TRUE(host->envoys(ns).empty());
  EXPECT_TRUE(view(id).connectable_ts);
  world.advance(Millis(14'000));
  const auto again = reconnect(envoy);
  world.advance(Millis(10'000));
  EXPECT_TRUE(again->commands().empty());
  EXPECT_TRUE(view(id).connectable_ts);
  EXPECT_EQ(view(id).generation, 1u);
}

TEST_F(EnvoyTest, AnEnvoyThatStaysAwayLosesItsActors) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  disconnect(envoy);
  world.advance(Millis(15'001));
  EXPECT_EQ(failure(id), "envoy_connection_lost:envoy-1");
  EXPECT_FALSE(view(id).connectable_ts);
  EXPECT_TRUE(view(id).sleep_ts);
  EXPECT_EQ(tunnel->notes.back(), "stopped g1");
}

TEST_F(EnvoyTest, ALossThatCannotBeWrittenIsNotForgottenAndWrittenLater) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  disconnect(envoy);
  store.broken = true;
  world.advance(Millis(16'000));
  const auto again = reconnect(envoy);
  EXPECT_EQ(again->last_command(), "g1 i2 stop(lost)");
  store.broken = false;
  wake(id);
  EXPECT_EQ(again->last_command(), "g2 i1 start");
  stopped(again, id);
  EXPECT_FALSE(view(id).destroyed()) << "the end of the generation that was given up";

  runs(again, id, 2);
  disconnect(again);
  store.broken = true;
  world.advance(Millis(16'000));
  store.broken = false;
  world.advance(Millis(1'000));
  crash();
  open();
  EXPECT_FALSE(view(id).connectable_ts);
  EXPECT_TRUE(view(id).sleep_ts);
}

TEST_F(EnvoyTest, WhatAnEnvoyReportsIsConfirmedOnceItIsStored) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  const auto confirmed = [&] {
    std::vector<std::int64_t> indexes;
    for (const auto& ack : envoy->wire->all<envoyproto::ToEnvoyAckEvents>())
      indexes.push_back(ack.last_event_checkpoints.back().index);
    return indexes;
  };
  ASSERT_EQ(confirmed(), std::vector<std::int64_t>{0});
  store.broken = true;
  constexpr int kMany = 100;
  for (int index = 1; index <= kMany; ++index)
    event(envoy, id, 1, index, envoyproto::EventActorSetAlarm{world.now_ms() + 60'000 + index});
  EXPECT_EQ(confirmed().size(), 1u);
  store.broken = false;
  world.advance(Millis(1'000));
  EXPECT_GT(confirmed().size(), 1u);
  EXPECT_LT(confirmed().size(), kMany) << "one for all of them would do";
  EXPECT_EQ(confirmed().back(), kMany);
  EXPECT_EQ(view(id).alarm_ts, world.now_ms() - 1'000 + 60'000 + kMany);
}

TEST_F(EnvoyTest, AnAlarmThatIsRepeatedBehindNewsOfANewConnectionIsNotLost) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  disconnect(envoy);
  const auto again = reconnect(envoy);
  // The first two went down with the connection; the third was reported before the envoy repeated them.
  const auto due = world.now_ms() + 60'000;
  wants_sleep(again, id, 1, 3);
  event(again, id, 1, 2, envoyproto::EventActorSetAlarm{due});
  event(again, id, 1, 1, envoyproto::EventActorSetAlarm{std::nullopt});
  event(again, id, 1, 2, envoyproto::EventActorSetAlarm{std::nullopt});
  EXPECT_EQ(view(id).alarm_ts, due) << "the newest one counts, once";
}

TEST_F(EnvoyTest, AnEnvoyIsToldThatAnActorIsGivenUpOnceThatIsOnDisk) {
  const auto envoy = connect();
  const ActorId id = create();
  confirm(envoy, id, 1, 1);
  const int before = store.durable_commits;
  const Millis step(2'500);
  for (Millis waited = step; waited < settings.actor_start_threshold; waited += step) {
    world.advance(step);
    ASSERT_TRUE(say(envoy, envoyproto::ToRivetPong{world.now_ms()}));
  }
  EXPECT_EQ(envoy->last_command(), "g1 i1 start");
  store.tells_next_later = true;
  world.advance(step);
  EXPECT_EQ(store.durable_commits, before + 1);
  EXPECT_EQ(envoy->last_command(), "g1 i1 start");
  store.told.notify_all();
  world.settle();
  EXPECT_EQ(envoy->last_command(), "g1 i2 stop(lost)");
}

TEST_F(EnvoyTest, APauseOfTheEngineIsNotTheSilenceOfItsEnvoys) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  world.advance(Millis(2'000));
  clock.lateness = Millis(60'000);
  world.advance(Millis(2'000));
  EXPECT_EQ(envoy->close_reason(), "") << "its pongs are still to be read";
  ASSERT_TRUE(say(envoy, envoyproto::ToRivetPong{world.now_ms()}));
  world.advance(Millis(14'000));
  EXPECT_EQ(envoy->close_reason(), "");
  EXPECT_TRUE(view(id).connectable_ts);
  world.advance(Millis(5'000));
  EXPECT_EQ(envoy->close_reason(), "ws.timed_out") << "silent ever since";
}

TEST_F(EnvoyTest, AnEnvoyThatIsAwayDuringAPauseOfTheEngineGetsItsTimeToComeBack) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  disconnect(envoy);
  world.advance(Millis(14'000));
  clock.lateness = Millis(60'000);
  world.advance(Millis(14'000));
  EXPECT_TRUE(view(id).connectable_ts) << "nobody could have come back before";
  world.advance(Millis(2'001));
  EXPECT_EQ(failure(id), "envoy_connection_lost:envoy-1");
}

TEST_F(EnvoyTest, AnActorWithADueAlarmMovesWhenItsEnvoyIsLost) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  event(envoy, id, 1, 3, envoyproto::EventActorSetAlarm{world.now_ms() + 1'000});
  const auto other = connect("envoy-2");
  disconnect(envoy);
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(say(other, envoyproto::ToRivetPong{world.now_ms()}));
    world.advance(Millis(2'600));
  }
  EXPECT_EQ(other->last_command(), "g2 i1 start");
  EXPECT_EQ(view(id).generation, 2u);
}

TEST_F(EnvoyTest, AnOldInstanceThatComesBackIsToldThatItIsLostUntilItConfirms) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  disconnect(envoy);
  world.advance(Millis(15'001));
  const auto again = reconnect(envoy);
  EXPECT_EQ(again->commands(), Texts{"g1 i2 stop(lost)"});
  disconnect(again);
  const auto third = reconnect(envoy);
  EXPECT_EQ(third->commands(), Texts{"g1 i2 stop(lost)"});
  confirm(third, id, 1, 2);
  disconnect(third);
  EXPECT_TRUE(reconnect(envoy)->commands().empty());
}

TEST_F(EnvoyTest, AnInstanceNobodyRemembersIsToldThatItIsLostWhenItSaysThatItRuns) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  wants_sleep(envoy, id);
  stopped(envoy, id);
  wake(id);
  runs(envoy, id, 2);
  const auto stranger = connect("envoy-2");
  runs(stranger, id, 1);
  EXPECT_EQ(stranger->last_command(), "g1 i3 stop(lost)");
  EXPECT_TRUE(view(id).connectable_ts);
}

TEST_F(EnvoyTest, EventsOfUnknownActorsAreIgnored) {
  const auto envoy = connect();
  const ActorId nobody = Id::make(world.ports().random, 1);
  runs(envoy, nobody);
  wants_sleep(envoy, nobody);
  confirm(envoy, nobody, 4, 2);
  EXPECT_EQ(envoy->close_reason(), "");
  EXPECT_TRUE(envoy->commands().empty());
}

TEST_F(EnvoyTest, EventsOfAnotherGenerationAreIgnored) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  wants_sleep(envoy, id, 7);
  EXPECT_TRUE(view(id).connectable_ts);
  EXPECT_EQ(envoy->commands(), Texts{"g1 i1 start"});
}

TEST_F(EnvoyTest, AMalformedActorIdClosesTheConnection) {
  const auto envoy = connect();
  envoyproto::ToRivetEvents events;
  events.events.push_back({{"no id", 1, 0}, envoyproto::EventActorStateUpdate{}});
  EXPECT_EQ(say(envoy, std::move(events)).error().id(), "core.internal_error");
  envoyproto::ToRivetAckCommands ack;
  ack.last_command_checkpoints.push_back({"", 1, 1});
  EXPECT_EQ(say(envoy, std::move(ack)).error().id(), "core.internal_error");
}

TEST_F(EnvoyTest, UnconfirmedCommandsAreSentAgainInOneMessageAfterTheLimits) {
  const auto envoy = connect();
  const ActorId confirmed = create();
  create();
  create();
  confirm(envoy, confirmed, 1, 1);
  disconnect(envoy);
  const auto again = reconnect(envoy);
  ASSERT_GE(again->wire->sent.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<envoyproto::ToEnvoyInit>(again->wire->sent[0]));
  const auto* commands = std::get_if<envoyproto::ToEnvoyCommands>(&again->wire->sent[1]);
  ASSERT_TRUE(commands);
  EXPECT_EQ(again->commands(), (Texts{"g1 i1 start", "g1 i1 start"}));
  EXPECT_LT(commands->commands[0].checkpoint.actor_id, commands->commands[1].checkpoint.actor_id);
}

TEST_F(EnvoyTest, AStartIsNotSentAgainToWhoHasToldOfTheActor) {
  const auto envoy = connect();
  const ActorId id = create();
  runs(envoy, id);
  disconnect(envoy);
  EXPECT_TRUE(reconnect(envoy)->commands().empty());
}

TEST_F(EnvoyTest, AStopOrderedWhileTheEnvoyIsAwayIsSentWhenItIsBack) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  disconnect(envoy);
  ASSERT_TRUE(world.run(engine->sleep(id)));
  world.settle();
  const auto again = reconnect(envoy);
  EXPECT_EQ(again->commands(), Texts{"g1 i2 stop(sleep_intent)"});
  stopped(again, id);
  EXPECT_TRUE(view(id).sleep_ts);
}

TEST_F(EnvoyTest, AnEnvoyWithoutTheActorIsNoticedAndTheActorCountsAsLost) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  tunnel->last_link->actor_missing(id, 1);
  world.settle();
  EXPECT_EQ(failure(id), "envoy_connection_lost:envoy-1");
}

TEST_F(EnvoyTest, AnActorThatIsMissingAfterItsStopWasOrderedHasStopped) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  wants_sleep(envoy, id);
  tunnel->last_link->actor_missing(id, 1);
  world.settle();
  EXPECT_EQ(failure(id), "");
  EXPECT_FALSE(view(id).connectable_ts);
  wake(id);
  EXPECT_EQ(envoy->last_command(), "g2 i1 start");
}

}  // namespace
}  // namespace troupe
