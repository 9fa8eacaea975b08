#include <algorithm>

#include "tests/unit/envoy/envoy_fixture.h"

namespace troupe {
namespace {

using Texts = std::vector<std::string>;

TEST_F(EnvoyTest, ASecondConnectionOfAnEnvoyTakesThePlaceOfTheFirst) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  const auto again = reconnect(envoy);
  EXPECT_EQ(envoy->close_reason(), "ws.eviction");
  disconnect(envoy);
  world.advance(Millis(1));
  EXPECT_EQ(host->envoys(ns).size(), 1u);
  ASSERT_TRUE(world.run(engine->sleep(id)));
  world.settle();
  EXPECT_EQ(again->last_command(), "g1 i2 stop(sleep_intent)");
}

TEST_F(EnvoyTest, AnEnvoyThatDoesNotAnswerPingsIsClosed) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  world.advance(Millis(14'900));
  EXPECT_EQ(envoy->close_reason(), "");
  EXPECT_GE(envoy->wire->all<envoyproto::ToEnvoyPing>().size(), 5u);
  world.advance(Millis(3'300));
  EXPECT_EQ(envoy->close_reason(), "ws.timed_out");
  EXPECT_TRUE(host->envoys(ns).empty());
  EXPECT_EQ(storage->disconnects, 1);
  EXPECT_TRUE(view(id).connectable_ts);
  world.advance(Millis(15'001));
  EXPECT_EQ(failure(id), "envoy_connection_lost:envoy-1");
}

TEST_F(EnvoyTest, AnEnvoyThatAnswersPingsStays) {
  const auto envoy = connect();
  for (int i = 0; i < 40; ++i) {
    world.advance(Millis(1'500));
    ASSERT_TRUE(say(envoy, envoyproto::ToRivetPong{world.now_ms() - 7}));
  }
  EXPECT_EQ(envoy->close_reason(), "");
  EXPECT_EQ(host->envoys(ns).at(0).last_rtt_ms, 7u);
}

TEST_F(EnvoyTest, ASilentEnvoyIsGivenNoActors) {
  const auto envoy = connect();
  world.advance(Millis(10'001));
  const ActorId id = create();
  EXPECT_TRUE(envoy->commands().empty());
  EXPECT_EQ(failure(id), "no_envoys:");
}

TEST_F(EnvoyTest, ActorsOfAnEnvoyThatStopsMoveToAnother) {
  const auto envoy = connect("envoy-1");
  const ActorId id = running_actor(envoy);
  const auto other = connect("envoy-2");
  ASSERT_TRUE(say(envoy, envoyproto::ToRivetStopping{}));
  EXPECT_EQ(envoy->last_command(), "g1 i2 stop(going_away)");
  EXPECT_EQ(host->envoys(ns).size(), 1u);
  stopped(envoy, id);
  EXPECT_EQ(other->last_command(), "g2 i1 start");
}

TEST_F(EnvoyTest, WhatAnEnvoyThatSaidGoodbyeDidNotReportHasEndedWithIt) {
  const auto envoy = connect("envoy-1");
  const ActorId id = running_actor(envoy);
  const auto other = connect("envoy-2");
  ASSERT_TRUE(say(envoy, envoyproto::ToRivetStopping{}));
  disconnect(envoy, true);
  EXPECT_EQ(other->last_command(), "g2 i1 start");
  EXPECT_EQ(view(id).generation, 2u);
}

TEST_F(EnvoyTest, AGoodbyeOfAnEnvoyThatDoesNotStopIsALossOfItsConnection) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  disconnect(envoy, true);
  EXPECT_TRUE(view(id).connectable_ts);
  EXPECT_EQ(failure(id), "");
}

TEST_F(EnvoyTest, AnActorThatStartsAtAnEnvoyThatStopsMovesOnceItRuns) {
  const auto envoy = connect("envoy-1");
  const ActorId id = create();
  ASSERT_TRUE(say(envoy, envoyproto::ToRivetStopping{}));
  EXPECT_EQ(envoy->commands(), Texts{"g1 i1 start"});
  runs(envoy, id);
  EXPECT_EQ(envoy->last_command(), "g1 i2 stop(going_away)");
}

TEST_F(EnvoyTest, ActorsLeaveAtThePaceOfThePool) {
  PoolConfig config;
  config.eviction.delay_s = 2;
  config.eviction.period_s = 8;
  config.eviction.rate = 0.25F;
  put_pool(std::move(config));
  const auto envoy = connect();
  for (int i = 0; i < 4; ++i) running_actor(envoy);
  ASSERT_TRUE(say(envoy, envoyproto::ToRivetStopping{}));
  EXPECT_EQ(envoy->commands().size(), 4u);
  world.advance(Millis(2'000));
  EXPECT_EQ(envoy->commands().size(), 5u);
  world.advance(Millis(2'000));
  EXPECT_EQ(envoy->commands().size(), 6u);
  world.advance(Millis(4'000));
  EXPECT_EQ(envoy->commands().size(), 8u);
}

TEST_F(EnvoyTest, OlderVersionsAreEvictedOnDemand) {
  const auto old_one = connect("old-envoy", 1);
  const auto new_one = connect("new-envoy", 2);
  host->evict_older(ns, "apps", 2);
  EXPECT_EQ(old_one->close_reason(), "ws.eviction");
  EXPECT_EQ(new_one->close_reason(), "");
}

TEST_F(EnvoyTest, StorageRequestsOfOneActorAreAnsweredInOrderAndThoseOfOthersBeside) {
  const auto envoy = connect();
  storage->hold = true;
  const auto ask = [&](const std::string& actor, std::uint32_t number) {
    ASSERT_TRUE(say(envoy, envoyproto::ToRivetKvRequest{actor, number, envoyproto::KvDropRequest{}}));
  };
  ask("a", 0);
  ask("a", 1);
  ask("b", 2);
  EXPECT_EQ(storage->order, (Texts{"a", "b"}));
  storage->release();
  world.settle();
  EXPECT_EQ(storage->order, (Texts{"a", "b", "a"}));
  const auto answers = envoy->wire->all<envoyproto::ToEnvoyKvResponse>();
  ASSERT_EQ(answers.size(), 3u);
  const auto place = [&](std::uint32_t number) {
    return std::ranges::find(answers, number, &envoyproto::ToEnvoyKvResponse::request_id) - answers.begin();
  };
  EXPECT_LT(place(0), place(1));
}

TEST_F(EnvoyTest, ADatabaseRequestIsAnsweredWithItsNumber) {
  const auto envoy = connect();
  envoyproto::ToRivetSqliteGetPagesRequest request;
  request.request_id = 12;
  request.data.actor_id = "a";
  ASSERT_TRUE(say(envoy, std::move(request)));
  const auto answers = envoy->wire->all<envoyproto::ToEnvoySqliteGetPagesResponse>();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].request_id, 12u);
  EXPECT_EQ(std::get<envoyproto::SqliteErrorResponse>(answers[0].data).code, "database_not_found");
}

TEST_F(EnvoyTest, AnswersWaitForAnEnvoyThatReadsSlowly) {
  const auto envoy = connect();
  envoy->wire->slow = true;
  ASSERT_TRUE(say(envoy, envoyproto::ToRivetKvRequest{"a", 0, envoyproto::KvDropRequest{}}));
  EXPECT_TRUE(envoy->wire->all<envoyproto::ToEnvoyKvResponse>().empty());
  envoy->wire->drain();
  world.settle();
  EXPECT_EQ(envoy->wire->all<envoyproto::ToEnvoyKvResponse>().size(), 1u);
}

TEST_F(EnvoyTest, NothingWaitingTouchesStorageOnceTheConnectionIsGone) {
  const auto envoy = connect();
  storage->hold = true;
  for (std::uint32_t i = 0; i < 3; ++i)
    ASSERT_TRUE(say(envoy, envoyproto::ToRivetKvRequest{"a", i, envoyproto::KvDropRequest{}}));
  disconnect(envoy);
  storage->release();
  world.settle();
  EXPECT_EQ(storage->order.size(), 1u);
}

TEST_F(EnvoyTest, AFloodOfMessagesIsReadNoFasterThanTheLimit) {
  const auto envoy = connect();
  bool done = false;
  auto flood = [&]() -> Task<void> {
    for (int i = 0; i < 16'384 + 5'000; ++i) {
      envoyproto::ToRivet message = envoyproto::ToRivetPong{0};
      (void)co_await envoy->session->receive(std::move(message));
    }
    done = true;
  };
  boost::asio::co_spawn(world.context(), std::move(flood), boost::asio::detached);
  world.settle();
  world.advance(Millis(900));
  EXPECT_FALSE(done);
  world.advance(Millis(200));
  EXPECT_TRUE(done);
}

TEST_F(EnvoyTest, AStopOfTheEngineClosesConnectionsAndLeavesActorsAlone) {
  const auto envoy = connect();
  const ActorId id = running_actor(envoy);
  close();
  EXPECT_EQ(envoy->close_reason(), "ws.going_away");
  EXPECT_EQ(envoy->commands(), Texts{"g1 i1 start"});
  envoy->session = nullptr;
  open();
  EXPECT_TRUE(view(id).connectable_ts);
}

}  // namespace
}  // namespace troupe
