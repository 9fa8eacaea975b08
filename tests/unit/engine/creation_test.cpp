#include <set>

#include "tests/unit/engine/engine_fixture.h"

namespace troupe {
namespace {

using CreationTest = EngineTest;

TEST_F(CreationTest, ACreatedActorStartsAtOnceInTheBackground) {
  const auto record = world.run(engine->create(wanted("k"))).value();
  EXPECT_EQ(record.start_ts, std::nullopt);
  EXPECT_EQ(record.connectable_ts, std::nullopt);
  world.settle();
  ASSERT_EQ(host->started.size(), 1u);
  EXPECT_EQ(last().record.generation, 1u);
  EXPECT_EQ(view(record.id).connectable_ts, world.now_ms());
  EXPECT_EQ(view(record.id).start_ts, world.now_ms());
}

TEST_F(CreationTest, ACreateCostsOneDurableCommitAndAWakeNone) {
  store.durable_commits = 0;
  const auto id = create();
  EXPECT_EQ(store.durable_commits, 1);
  fall_asleep();
  fetch(id);
  EXPECT_EQ(store.durable_commits, 1);
}

TEST_F(CreationTest, TheInputReachesEveryStart) {
  auto with_input = wanted();
  with_input.input = Bytes{0x01};
  const auto id = world.run(engine->create(with_input)).value().id;
  world.settle();
  EXPECT_EQ(last().record.input, Bytes{0x01});
  fall_asleep();
  fetch(id);
  EXPECT_EQ(last().record.generation, 2u);
  EXPECT_EQ(last().record.input, Bytes{0x01});
}

TEST_F(CreationTest, GetOrCreateReturnsTheRunningActorAsClientsSeeItAndDoesNotWakeASleepingOne) {
  const auto id = create("k");
  auto found = world.run(engine->get_or_create(wanted("k"))).value();
  EXPECT_FALSE(found.created);
  EXPECT_EQ(found.actor.id, id);
  EXPECT_TRUE(found.actor.connectable_ts);
  fall_asleep();
  found = world.run(engine->get_or_create(wanted("k"))).value();
  EXPECT_EQ(found.actor.sleep_ts, world.now_ms());
  world.settle();
  EXPECT_EQ(host->started.size(), 1u);
}

TEST_F(CreationTest, RacingGetOrCreatesStartOneActorOnce) {
  std::vector<std::shared_ptr<Running<Result<Directory::Created>>>> all;
  for (int i = 0; i < 50; ++i) all.push_back(spawn(engine->get_or_create(wanted("k"))));
  std::set<ActorId> ids;
  for (const auto& one : all) ids.insert(one->result->value().actor.id);
  EXPECT_EQ(ids.size(), 1u);
  EXPECT_EQ(host->started.size(), 1u);
}

TEST_F(CreationTest, ATakenKeyIsRefused) {
  create("k");
  EXPECT_TRUE(world.run(engine->create(wanted("k"))).error().is("actor", "duplicate_key"));
}

TEST_F(CreationTest, APoolHasToExistUnlessTheNameIsLocal) {
  EXPECT_TRUE(engine->pool_exists(ns, "default", "whatever"));
  EXPECT_TRUE(engine->pool_exists(ns, "elsewhere", "counter"));
  EXPECT_FALSE(engine->pool_exists(ns, "elsewhere", "whatever"));
  for (auto attempt : {world.run(engine->get_or_create(wanted("k", "whatever", "elsewhere"))).error(),
                       world.run(engine->create(wanted("k", "whatever", "elsewhere"))).error()}) {
    ASSERT_TRUE(attempt.is("actor", "no_runner_config_configured"));
    EXPECT_EQ(attempt.metadata()->find("namespace")->as_string(), "default");
    EXPECT_EQ(attempt.metadata()->find("pool_name")->as_string(), "elsewhere");
  }
  EXPECT_TRUE(world.run(engine->create(wanted("k", "counter", "elsewhere"))));
}

TEST_F(CreationTest, AnnouncedNamesCarryTheirOptions) {
  const auto names = engine->actor_names(ns);
  ASSERT_EQ(names.size(), 1u);
  EXPECT_EQ(names.at("counter"), R"({"icon":"bolt"})");
}

TEST_F(CreationTest, TheRateLimitLetsABurstThroughAndThenOnePerInterval) {
  close();
  settings.actor_create_burst = 3;
  open();
  host->script->can_lose_actors = true;
  for (int i = 0; i < 3; ++i) create();
  EXPECT_TRUE(world.run(engine->create(wanted())).error().is("actor", "creation_rate_limit"));
  world.advance(Millis(10));
  create();
  EXPECT_TRUE(world.run(engine->create(wanted())).error().is("actor", "creation_rate_limit"));
  world.advance(Millis(1'000));
  for (int i = 0; i < 3; ++i) create();
  EXPECT_FALSE(world.run(engine->create(wanted())));
}

TEST_F(CreationTest, TheRateLimitCountsOnlyActorsThatAreMade) {
  close();
  settings.actor_create_burst = 1;
  open();
  host->script->can_lose_actors = true;
  create("k");
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(world.run(engine->get_or_create(wanted("k"))));
}

TEST_F(CreationTest, FiveHundredActorsOfOtherProcessesAreMadeAtOnceUnlessItIsSetOtherwise) {
  host->script->can_lose_actors = true;
  for (int i = 0; i < 500; ++i) create();
  EXPECT_TRUE(world.run(engine->create(wanted())).error().is("actor", "creation_rate_limit"));
}

TEST_F(CreationTest, TheRateLimitIsNotForActorsOfThisProcess) {
  for (int i = 0; i < 600; ++i) create();
  EXPECT_EQ(host->started.size(), 600u);
}

TEST_F(CreationTest, ACreateThatCouldNotBeWrittenFailsAndStartsNothing) {
  store.broken = true;
  EXPECT_TRUE(world.run(engine->create(wanted("k"))).error().is("storage", "unavailable"));
  world.settle();
  EXPECT_TRUE(host->started.empty());
  EXPECT_EQ(engine->resident_actors(), 0u);
}

}  // namespace
}  // namespace troupe
