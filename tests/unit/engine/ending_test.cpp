#include "tests/unit/engine/engine_fixture.h"

namespace troupe {
namespace {

using EndingTest = EngineTest;

TEST_F(EndingTest, SleepIsAnOrderThatReturnsAtOnce) {
  const auto id = create();
  host->script->stop_at_once = false;
  EXPECT_TRUE(world.run(engine->sleep(id)));
  EXPECT_EQ(last().stops, std::vector<StopReason>{StopReason::sleep_intent});
  EXPECT_TRUE(view(id).sleep_ts);
  last().events->stopped(std::nullopt);
  world.settle();
  EXPECT_EQ(engine->resident_actors(), 0u);
  EXPECT_TRUE(world.run(engine->sleep(id)));
  EXPECT_TRUE(world.run(engine->sleep(ns)).error().is("actor", "not_found"));
}

TEST_F(EndingTest, ARescheduleStopsAndStartsAgain) {
  const auto id = create();
  EXPECT_TRUE(world.run(engine->reschedule(id)));
  world.settle();
  ASSERT_EQ(host->started.size(), 2u);
  EXPECT_EQ(host->started[0]->stops, std::vector<StopReason>{StopReason::going_away});
  EXPECT_EQ(view(id).generation, 2u);
  fall_asleep();
  EXPECT_TRUE(world.run(engine->reschedule(id)));
  world.settle();
  EXPECT_EQ(host->started.size(), 2u);
}

TEST_F(EndingTest, ADestroyWaitsForTheActorAndRemovesItsData) {
  const auto id = create("k");
  host->script->stop_at_once = false;
  const auto destroying = spawn(engine->destroy(id));
  const auto again = spawn(engine->destroy(id));
  EXPECT_EQ(last().stops, std::vector<StopReason>{StopReason::destroy});
  world.advance(Millis(3'000));
  EXPECT_FALSE(destroying->done);
  const auto request = fetch(id);
  EXPECT_FALSE(request->done);
  last().events->stopped(std::nullopt);
  world.settle();
  EXPECT_TRUE(destroying->result->has_value());
  EXPECT_TRUE(again->result->has_value());
  EXPECT_EQ(body(*request->result), "actor.destroyed_while_waiting_for_ready");
  EXPECT_EQ(view(id).destroy_ts, world.now_ms());
  EXPECT_EQ(actors.removed, std::vector<ActorId>{id});
  EXPECT_EQ(engine->resident_actors(), 0u);
  EXPECT_NE(create("k"), id);
}

TEST_F(EndingTest, ADestroyIsIdempotentAndKnowsStrangers) {
  const auto id = create();
  EXPECT_TRUE(world.run(engine->destroy(id)));
  EXPECT_TRUE(world.run(engine->destroy(id)));
  EXPECT_TRUE(world.run(engine->destroy(ns)).error().is("actor", "not_found"));
  EXPECT_TRUE(world.run(engine->sleep(id)));
  EXPECT_TRUE(world.run(engine->reschedule(id)));
}

TEST_F(EndingTest, ASleepingActorIsDestroyedWithoutBeingStarted) {
  const auto id = create();
  fall_asleep();
  EXPECT_TRUE(world.run(engine->destroy(id)));
  EXPECT_EQ(host->started.size(), 1u);
  EXPECT_TRUE(view(id).destroy_ts);
}

TEST_F(EndingTest, AStartingActorIsDestroyedOnceItRuns) {
  host->script->run_at_once = false;
  const auto id = create();
  const auto request = fetch(id);
  const auto destroying = spawn(engine->destroy(id));
  EXPECT_FALSE(destroying->done);
  last().events->running();
  world.settle();
  EXPECT_EQ(last().stops, std::vector<StopReason>{StopReason::destroy});
  EXPECT_TRUE(destroying->result->has_value());
  EXPECT_EQ(body(*request->result), "actor.destroyed_while_waiting_for_ready");
}

TEST_F(EndingTest, AnActorThatFallsAsleepIsDestroyedAfterItsStopWithoutASecondOrder) {
  const auto id = create();
  host->script->stop_at_once = false;
  fall_asleep();
  const auto destroying = spawn(engine->destroy(id));
  EXPECT_EQ(last().stops.size(), 1u);
  last().events->stopped(std::nullopt);
  world.settle();
  EXPECT_TRUE(destroying->result->has_value());
  EXPECT_TRUE(view(id).destroy_ts);
}

TEST_F(EndingTest, AnActorWithoutAHostIsDestroyedAtOnce) {
  const auto id = world.run(engine->create(wanted("k", "counter", "elsewhere"))).value().id;
  world.settle();
  fall_asleep();
  host->script->names.clear();
  const auto request = fetch(id);
  EXPECT_TRUE(world.run(engine->destroy(id)));
  world.settle();
  EXPECT_EQ(body(*request->result), "actor.destroyed_while_waiting_for_ready");
  EXPECT_EQ(engine->resident_actors(), 0u);
}

TEST_F(EndingTest, AnActorThatAskedToEndIsDestroyed) {
  const auto id = create("k");
  last().events->destroy_intent();
  world.settle();
  EXPECT_EQ(last().stops, std::vector<StopReason>{StopReason::destroy_intent});
  EXPECT_TRUE(view(id).destroy_ts);
  EXPECT_NE(create("k"), id);
}

TEST_F(EndingTest, ADestroyThatCouldNotBeWrittenLeavesTheActorAsleep) {
  const auto id = create("k");
  store.broken = true;
  EXPECT_TRUE(world.run(engine->destroy(id)).error().is("storage", "unavailable"));
  store.broken = false;
  world.settle();
  EXPECT_EQ(view(id).destroy_ts, std::nullopt);
  EXPECT_EQ(body(*fetch(id)->result), "generation 2 /request/x");
  EXPECT_TRUE(world.run(engine->destroy(id)));
}

TEST_F(EndingTest, ACrashPutsTheActorToSleepAndTheNextRequestWakesIt) {
  const auto id = create();
  last().events->stopped("boom");
  world.settle();
  EXPECT_EQ(view(id).failure, (ActorFailure{ActorFailure::Kind::crashed, "boom"}));
  EXPECT_EQ(engine->resident_actors(), 0u);
  EXPECT_EQ(body(*fetch(id)->result), "generation 2 /request/x");
}

TEST_F(EndingTest, TheEngineStopsEveryActorBeforeItEnds) {
  const auto first = create();
  create();
  host->script->stop_at_once = false;
  bool stopped = false;
  boost::asio::co_spawn(world.context(), engine->stop(), [&](std::exception_ptr) { stopped = true; });
  world.settle();
  EXPECT_FALSE(stopped);
  for (const auto& actor : host->started) {
    EXPECT_EQ(actor->stops, std::vector<StopReason>{StopReason::going_away});
    actor->events->stopped(std::nullopt);
  }
  world.settle();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(engine->resident_actors(), 0u);
  EXPECT_EQ(host->started.size(), 2u);
  engine.reset();
  open();
  EXPECT_EQ(view(first).sleep_ts, world.now_ms());
  EXPECT_EQ(body(*fetch(first)->result), "generation 2 /request/x");
}

TEST_F(EndingTest, AStopThatTakesTooLongIsCutAtItsLimit) {
  create();
  host->script->stop_at_once = false;
  bool stopped = false;
  boost::asio::co_spawn(world.context(), engine->stop(), [&](std::exception_ptr) { stopped = true; });
  world.advance(settings.shutdown_grace - Millis(1));
  EXPECT_FALSE(stopped);
  world.advance(Millis(1));
  EXPECT_TRUE(stopped);
  bool again = false;
  boost::asio::co_spawn(world.context(), engine->stop(), [&](std::exception_ptr) { again = true; });
  world.settle();
  EXPECT_TRUE(again);
}

TEST_F(EndingTest, AStoppingEngineTurnsRequestsAway) {
  const auto running = create(), sleeping = create();
  fall_asleep();
  host->script->run_at_once = false;
  const auto starting = create();
  const auto waiting = fetch(starting);
  host->script->stop_at_once = false;
  spawn(engine->stop());
  EXPECT_EQ(body(*waiting->result), "guard.service_unavailable");
  EXPECT_EQ(body(*fetch(running)->result), "guard.service_unavailable");
  EXPECT_EQ(body(*fetch(sleeping)->result), "guard.service_unavailable");
  EXPECT_TRUE(world.run(engine->create(wanted())).error().is("guard", "service_unavailable"));
}

TEST_F(EndingTest, AnActorThatStartsDuringTheStopIsStoppedOnceItRuns) {
  host->script->run_at_once = false;
  create();
  spawn(engine->stop());
  last().events->running();
  world.settle();
  EXPECT_EQ(last().stops, std::vector<StopReason>{StopReason::going_away});
  EXPECT_EQ(engine->resident_actors(), 0u);
}

TEST_F(EndingTest, AfterACrashOfTheEngineEveryActorIsAsleepSinceItsStart) {
  const auto running = create(), sleeping = create();
  fall_asleep();
  const auto slept = view(sleeping).sleep_ts;
  world.advance(Millis(500));
  crash();
  world.advance(Millis(500));
  open();
  EXPECT_EQ(view(running).sleep_ts, world.now_ms());
  EXPECT_TRUE(view(running).start_ts);
  EXPECT_EQ(view(running).connectable_ts, std::nullopt);
  EXPECT_EQ(view(sleeping).sleep_ts, slept);
  EXPECT_EQ(engine->resident_actors(), 0u);
  EXPECT_EQ(body(*fetch(running)->result), "generation 2 /request/x");

  auto page = world.run(engine->directory().list(ns, "counter", std::nullopt, false, 10, std::nullopt)).value();
  engine->refresh(page.actors);
  for (const auto& actor : page.actors) EXPECT_EQ(actor.connectable_ts.has_value(), actor.id == running);
}

}  // namespace
}  // namespace troupe
