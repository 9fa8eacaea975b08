#include "tests/unit/envoy/envoy_fixture.h"

namespace troupe {
namespace {

using testing::Test;
using Texts = std::vector<std::string>;

TEST_F(EnvoyTest, AConnectionBeginsWithTheLimitsAndAPing) {
  const auto envoy = connect();
  ASSERT_EQ(envoy->wire->sent.size(), 2u);
  const auto* init = std::get_if<envoyproto::ToEnvoyInit>(&envoy->wire->sent[0]);
  ASSERT_TRUE(init);
  EXPECT_EQ(init->metadata.envoy_lost_threshold, 15'000);
  EXPECT_EQ(init->metadata.actor_stop_threshold, 1'800'000);
  EXPECT_EQ(init->metadata.max_response_payload_size, 20'971'520u);
  EXPECT_TRUE(std::holds_alternative<envoyproto::ToEnvoyPing>(envoy->wire->sent[1]));
}

TEST_F(EnvoyTest, UnknownNamespacesAndPoolsAreRefused) {
  auto wire = std::make_shared<WireFake>();
  EXPECT_EQ(host->connect({"nowhere", "apps", "key", 1, 8}, wire).error().id(), "namespace.not_found");
  EXPECT_EQ(host->connect({"default", "nothing", "key", 1, 8}, wire).error().id(), "ws.no_runner_config");
  EXPECT_TRUE(wire->sent.empty());
}

TEST_F(EnvoyTest, AnActorIsStartedWithItsConfigAndIsConnectableOnceItRuns) {
  const auto envoy = connect();
  const ActorId id = create("k");
  const auto commands = envoy->wire->all<envoyproto::ToEnvoyCommands>();
  ASSERT_EQ(commands.size(), 1u);
  EXPECT_EQ(text_of(commands[0].commands[0]), "g1 i1 start");
  EXPECT_EQ(commands[0].commands[0].checkpoint.actor_id, id.text());
  const auto& config = std::get<envoyproto::CommandStartActor>(commands[0].commands[0].inner).config;
  EXPECT_EQ(config.name, "counter");
  EXPECT_EQ(config.key, "k");
  EXPECT_FALSE(view(id).connectable_ts);
  EXPECT_EQ(actors.fences[id], 1u);
  runs(envoy, id);
  EXPECT_TRUE(view(id).connectable_ts);
  EXPECT_EQ(host->envoys(ns).at(0).slots, 1u);
}

TEST_F(EnvoyTest, EventsAreAcknowledgedOnceTheyAreStored) {
  const auto envoy = connect();
  const ActorId id = create();
  runs(envoy, id);
  const auto acks = envoy->wire->all<envoyproto::ToEnvoyAckEvents>();
  ASSERT_EQ(acks.size(), 1u);
  EXPECT_EQ(acks[0].last_event_checkpoints.at(0), (envoyproto::ActorCheckpoint{id.text(), 1, 0}));
}

TEST_F(EnvoyTest, RepeatedEventsAreConfirmedAgainAndDoNothing) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  event(envoy, id, 1, 7, envoyproto::EventActorSetAlarm{world.now_ms() + 60'000});
  event(envoy, id, 1, 6, envoyproto::EventActorSetAlarm{std::nullopt});
  EXPECT_TRUE(view(id).alarm_ts);
  EXPECT_EQ(envoy->wire->all<envoyproto::ToEnvoyAckEvents>().size(), 3u);
}

TEST_F(EnvoyTest, AnActorSleepsWhenItAskedToAndWakesAtTheNextGeneration) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  wants_sleep(envoy, id);
  EXPECT_EQ(envoy->last_command(), "g1 i2 stop(sleep_intent)");
  EXPECT_EQ(tunnel->told_to_stop, std::vector<std::uint32_t>{1}) << "the next one takes its sockets over";
  EXPECT_FALSE(view(id).connectable_ts);
  stopped(envoy, id);
  EXPECT_TRUE(view(id).sleep_ts);
  EXPECT_EQ(failure(id), "");
  wake(id);
  EXPECT_EQ(envoy->last_command(), "g2 i1 start");
}

TEST_F(EnvoyTest, AnActorThatAsksForItsEndIsDestroyed) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  event(envoy, id, 1, 4, envoyproto::EventActorIntent{envoyproto::ActorIntentStop{}});
  EXPECT_EQ(envoy->last_command(), "g1 i2 stop(stop_intent)");
  EXPECT_TRUE(tunnel->told_to_stop.empty()) << "there is no next one";
  stopped(envoy, id);
  EXPECT_TRUE(view(id).destroy_ts);
}

TEST_F(EnvoyTest, ACrashIsKeptWithItsMessageAndTheActorSleeps) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  stopped(envoy, id, 1, 9, "boom");
  EXPECT_EQ(failure(id), "crashed:boom");
  EXPECT_TRUE(view(id).sleep_ts);
  wake(id);
  EXPECT_EQ(failure(id), "");
}

TEST_F(EnvoyTest, AnAlarmStartsASleepingActor) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  event(envoy, id, 1, 3, envoyproto::EventActorSetAlarm{world.now_ms() + 60'000});
  wants_sleep(envoy, id);
  stopped(envoy, id);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(say(envoy, envoyproto::ToRivetPong{world.now_ms()}));
    world.advance(Millis(3'000));
  }
  EXPECT_EQ(envoy->last_command(), "g2 i1 start");
}

TEST_F(EnvoyTest, WithoutAnEnvoyAnActorWaitsWithAReasonAndStartsWhenOneConnects) {
  const ActorId id = create();
  EXPECT_EQ(failure(id), "no_envoys:");
  EXPECT_EQ(view(id).reschedule_ts, world.now_ms() + 2'000);
  EXPECT_EQ(view(id).sleep_ts, world.now_ms());
  const auto envoy = connect();
  EXPECT_EQ(envoy->last_command(), "g1 i1 start");
  runs(envoy, id);
  EXPECT_EQ(failure(id), "");
  EXPECT_FALSE(view(id).reschedule_ts);
}

TEST_F(EnvoyTest, AStartThatIsNotAnsweredIsGivenUp) {
  const auto envoy = connect();
  const ActorId id = create();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(say(envoy, envoyproto::ToRivetPong{world.now_ms()}));
    world.advance(Millis(3'001));
  }
  EXPECT_EQ(failure(id), "envoy_no_response:envoy-1");
  EXPECT_EQ(envoy->last_command(), "g1 i2 stop(lost)");
}

TEST_F(EnvoyTest, NamesAndMetadataOfAnEnvoyAreListed) {
  const auto envoy = connect();
  envoyproto::ToRivetMetadata metadata;
  metadata.prepopulate_actor_names.emplace();
  metadata.prepopulate_actor_names->push_back({"chat", {"{\"icon\":\"x\"}"}});
  metadata.prepopulate_actor_names->push_back({"odd", {"not json"}});
  metadata.metadata = "{\"rivetkit\":{\"version\":\"2.3.19\"}}";
  ASSERT_TRUE(say(envoy, std::move(metadata)));
  const auto names = engine->actor_names(ns);
  EXPECT_EQ(names.at("chat"), "{\"icon\":\"x\"}");
  EXPECT_EQ(names.at("odd"), "{}");
  EXPECT_EQ(host->envoys(ns).at(0).metadata, "{\"rivetkit\":{\"version\":\"2.3.19\"}}");
}

TEST_F(EnvoyTest, ActorsGoToTheHighestVersion) {
  const auto old_one = connect("old-envoy", 1);
  const auto new_one = connect("new-envoy", 2);
  for (int i = 0; i < 8; ++i) create();
  EXPECT_TRUE(old_one->commands().empty());
  EXPECT_EQ(new_one->commands().size(), 8u);
}

TEST_F(EnvoyTest, ActorsSpreadOverEnvoysOfOneVersion) {
  const auto one = connect("envoy-a");
  const auto other = connect("envoy-b");
  for (int i = 0; i < 40; ++i) create();
  EXPECT_GT(one->commands().size(), 10u);
  EXPECT_GT(other->commands().size(), 10u);
}

}  // namespace
}  // namespace troupe
