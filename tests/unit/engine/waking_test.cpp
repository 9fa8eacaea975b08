#include "tests/unit/engine/engine_fixture.h"

namespace troupe {
namespace {

using WakingTest = EngineTest;

TEST_F(WakingTest, ARequestToARunningActorGoesStraightThrough) {
  const auto id = create();
  store.gets = 0;
  EXPECT_EQ(body(*fetch(id)->result), "generation 1 /request/x");
  EXPECT_EQ(store.gets, 0);
}

TEST_F(WakingTest, ASleepingActorHoldsNoMemoryAndWakesWithTheNextGeneration) {
  const auto id = create();
  fall_asleep();
  EXPECT_EQ(last().stops, std::vector<StopReason>{StopReason::sleep_intent});
  EXPECT_EQ(engine->resident_actors(), 0u);
  EXPECT_TRUE(actors.fences.empty());
  EXPECT_EQ(view(id).sleep_ts, world.now_ms());
  EXPECT_EQ(view(id).connectable_ts, std::nullopt);

  EXPECT_EQ(body(*fetch(id)->result), "generation 2 /request/x");
  EXPECT_EQ(view(id).sleep_ts, std::nullopt);
  EXPECT_EQ(actors.fences.at(id), 2u);
}

TEST_F(WakingTest, TheGenerationIsWrittenBeforeItStarts) {
  host->script->run_at_once = false;
  const auto id = create();
  EXPECT_EQ(last().record.generation, 1u);
  crash();
  open();
  EXPECT_EQ(view(id).generation, 1u);
  fetch(id);
  EXPECT_EQ(last().record.generation, 2u);
}

TEST_F(WakingTest, AWakeStormStartsOneGeneration) {
  const auto id = create();
  fall_asleep();
  host->script->run_at_once = false;
  std::vector<std::shared_ptr<Running<Result<HttpResponse>>>> all;
  for (int i = 0; i < 1'000; ++i) all.push_back(fetch(id));
  EXPECT_EQ(host->started.size(), 2u);
  last().events->running();
  world.settle();
  for (const auto& one : all) EXPECT_EQ(body(*one->result), "generation 2 /request/x");
}

TEST_F(WakingTest, ARequestDuringASleepIsServedByTheNextGeneration) {
  const auto id = create();
  host->script->stop_at_once = false;
  fall_asleep();
  const auto waiting = fetch(id);
  EXPECT_FALSE(waiting->done);
  last().events->stopped(std::nullopt);
  world.settle();
  EXPECT_EQ(body(*waiting->result), "generation 2 /request/x");
}

TEST_F(WakingTest, SkipReadyWaitReachesTheStoppingGeneration) {
  const auto id = create();
  host->script->stop_at_once = false;
  fall_asleep();
  EXPECT_EQ(body(*fetch(id, true)->result), "generation 1 /request/x");
}

TEST_F(WakingTest, SkipReadyWaitReachesTheStartingGenerationAndStillWakesASleepingActor) {
  host->script->run_at_once = false;
  const auto id = create();
  EXPECT_EQ(body(*fetch(id, true)->result), "generation 1 /request/x");
  last().events->running();
  fall_asleep();
  const auto waiting = fetch(id, true);
  EXPECT_EQ(host->started.size(), 2u);
  last().events->running();
  world.settle();
  EXPECT_EQ(body(*waiting->result), "generation 2 /request/x");
}

TEST_F(WakingTest, AFailingStartIsRetriedEightTimesForARequest) {
  host->script->start_failure = "crash on create";
  host->script->run_at_once = false;
  const auto id = create();
  EXPECT_EQ(view(id).failure, (ActorFailure{ActorFailure::Kind::crashed, "crash on create"}));
  EXPECT_EQ(view(id).sleep_ts, world.now_ms());
  EXPECT_EQ(engine->resident_actors(), 0u);

  const auto failed = fetch(id);
  ASSERT_TRUE(failed->result->error().is("guard", "actor_wake_retries_exceeded"));
  const auto& metadata = *failed->result->error().metadata();
  EXPECT_EQ(metadata.find("actor_id")->as_string(), id.text());
  EXPECT_EQ(metadata.find("reason")->as_string(), "actor_stopped_before_ready");
  EXPECT_EQ(metadata.find("wake_retries")->as_int(), 8);
  // The first wake and eight more.
  EXPECT_EQ(host->started.size(), 10u);
  EXPECT_EQ(view(id).generation, 10u);
}

TEST_F(WakingTest, ARequestThatWaitsForTheFirstStartLeavesGenerationNine) {
  host->script->run_at_once = false;
  const auto id = create();
  const auto waiting = fetch(id);
  host->script->start_failure = "no";
  last().events->stopped("no");
  world.settle();
  EXPECT_TRUE(waiting->result->error().is("guard", "actor_wake_retries_exceeded"));
  EXPECT_EQ(view(id).generation, 9u);
}

TEST_F(WakingTest, AStartThatFailsOnceIsMadeGoodByTheNext) {
  host->script->run_at_once = false;
  const auto id = create();
  const auto waiting = fetch(id);
  host->script->run_at_once = true;
  last().events->stopped("flaky");
  world.settle();
  EXPECT_EQ(body(*waiting->result), "generation 2 /request/x");
  EXPECT_EQ(view(id).failure, std::nullopt);
}

TEST_F(WakingTest, AWaitForAStartEndsAfterTheReadyTimeout) {
  host->script->run_at_once = false;
  const auto id = create();
  const auto waiting = fetch(id);
  world.advance(Millis(29'999));
  EXPECT_FALSE(waiting->done);
  world.advance(Millis(1));
  ASSERT_TRUE(waiting->done);
  EXPECT_TRUE(waiting->result->error().is("guard", "actor_ready_timeout"));
  EXPECT_EQ(waiting->result->error().metadata()->find("actor_id")->as_string(), id.text());
}

TEST_F(WakingTest, UnknownAndDestroyedActorsAreNotFound) {
  EXPECT_EQ(body(*fetch(ns)->result), "actor.not_found");
  const auto id = create();
  spawn(engine->destroy(id));
  EXPECT_EQ(body(*fetch(id)->result), "actor.not_found");
}

TEST_F(WakingTest, AGenerationThatRefusesIsWaitedForUntilTheNext) {
  const auto id = create();
  auto first = host->last();
  first->refusal = make_error("actor", "stopping");
  const auto waiting = fetch(id);
  EXPECT_FALSE(waiting->done);
  EXPECT_EQ(host->started.size(), 1u);
  first->events->sleep_intent();
  world.settle();
  EXPECT_EQ(body(*waiting->result), "generation 2 /request/x");
}

TEST_F(WakingTest, AGenerationThatRefusesForeverEndsInTheReadyTimeout) {
  const auto id = create();
  last().refusal = make_error("actor", "not_ready");
  const auto waiting = fetch(id);
  world.advance(Millis(30'000));
  EXPECT_EQ(body(*waiting->result), "guard.actor_ready_timeout");
}

TEST_F(WakingTest, OtherErrorsOfTheActorAreNotRetried) {
  const auto id = create();
  last().refusal = make_error("actor", "overloaded");
  EXPECT_EQ(body(*fetch(id)->result), "actor.overloaded");
}

TEST_F(WakingTest, ANameNobodyRegisteredFailsToStartWithATextThatSaysSo) {
  const auto id = world.run(engine->create(wanted("k", "ghost"))).value().id;
  world.settle();
  EXPECT_EQ(view(id).failure->text, "not_registered: Actor factory 'ghost' is not registered.");
  EXPECT_EQ(view(id).failure->kind, ActorFailure::Kind::crashed);
  EXPECT_EQ(view(id).generation, 1u);
  EXPECT_EQ(body(*fetch(id)->result), "guard.actor_wake_retries_exceeded");
}

TEST_F(WakingTest, AnActorWithoutAnyHostWaitsWithBackOffAndStartsOnceOneServesIt) {
  const auto id = world.run(engine->create(wanted("k", "counter", "elsewhere"))).value().id;
  world.settle();
  fall_asleep();
  host->script->names.clear();
  const auto waiting = fetch(id);
  EXPECT_FALSE(waiting->done);
  EXPECT_EQ(view(id).failure->kind, ActorFailure::Kind::no_envoys);
  EXPECT_EQ(view(id).reschedule_ts, world.now_ms() + 2'000);
  EXPECT_TRUE(view(id).sleep_ts);
  world.advance(Millis(2'000));
  EXPECT_EQ(view(id).reschedule_ts, world.now_ms() + 4'000);
  host->script->names.insert("counter");
  world.advance(Millis(4'000));
  EXPECT_EQ(body(*waiting->result), "generation 2 /request/x");
  EXPECT_EQ(view(id).failure, std::nullopt);
  EXPECT_EQ(view(id).reschedule_ts, std::nullopt);
}

TEST_F(WakingTest, AStartThatCannotBeWrittenIsAFailedStart) {
  const auto id = create();
  fall_asleep();
  store.broken = true;
  EXPECT_EQ(body(*fetch(id)->result), "guard.actor_wake_retries_exceeded");
  EXPECT_EQ(host->started.size(), 1u);
  store.broken = false;
  EXPECT_EQ(body(*fetch(id)->result), "generation 11 /request/x") << "what was tried ten times is not used again";
}

TEST_F(WakingTest, ASilentStartOfAHostThatCanLoseActorsIsGivenUp) {
  host->script->can_lose_actors = true;
  host->script->run_at_once = false;
  const auto id = create();
  world.advance(Millis(30'000));
  EXPECT_TRUE(last().abandoned);
  EXPECT_EQ(view(id).failure->kind, ActorFailure::Kind::envoy_no_response);
  EXPECT_EQ(engine->resident_actors(), 0u);
  last().events->running();
  world.settle();
  EXPECT_EQ(view(id).connectable_ts, std::nullopt);
}

TEST_F(WakingTest, AStaleGenerationIsNotHeard) {
  const auto id = create();
  auto first = host->last();
  fall_asleep();
  fetch(id);
  first->events->stopped("late");
  first->events->sleep_intent();
  first->events->alarm(1);
  world.settle();
  EXPECT_TRUE(view(id).connectable_ts);
  EXPECT_EQ(view(id).alarm_ts, std::nullopt);
}

TEST_F(WakingTest, AcquireHandsOutTheRunningGeneration) {
  const auto id = create();
  const auto first = world.run(engine->acquire(id, {})).value();
  EXPECT_EQ(first, host->last());
  fall_asleep();
  const auto second = world.run(engine->acquire(id, {})).value();
  EXPECT_EQ(second, host->last());
  EXPECT_NE(second, first);
}

TEST_F(WakingTest, ARequestDoesNotWaitForAPoolThatFails) {
  host->script->run_at_once = false;
  const auto id = create();
  const auto waiting = fetch(id);
  world.advance(Millis(1'000));
  EXPECT_FALSE(waiting->done);
  engine->pool_errors().report_error(ns, "default", {});
  world.advance(Millis(1'999));
  EXPECT_FALSE(waiting->done);
  world.advance(Millis(1));
  ASSERT_TRUE(waiting->done);
  EXPECT_EQ(body(*waiting->result), "guard.actor_runner_failed");

  const auto another = fetch(id);
  world.advance(Millis(1'000));
  ASSERT_TRUE(another->done);
  EXPECT_EQ(body(*another->result), "guard.actor_runner_failed");

  const auto served = fetch(id);
  last().events->running();
  world.settle();
  EXPECT_EQ(body(*served->result), "generation 1 /request/x");
}

}  // namespace
}  // namespace troupe
