#include <gtest/gtest.h>

#include "tests/unit/core/lifecycle_text.h"

namespace troupe {
namespace {

using P = ActorPhase;

ActorRecord at_envoy(P phase, std::int64_t since_ts) {
  ActorRecord record;
  record.generation = 4;
  record.start_ts = 100;
  record.hosting = ActorHosting{"envoy-1", phase, since_ts, phase != P::starting};
  return record;
}

TEST(ActorResume, ARunningActorIsTakenUpAsItWas) {
  const ActorStep step = resume(at_envoy(P::running, 5'000), 9'000, {});
  EXPECT_EQ(text_of(step), "running: adopt");
  EXPECT_TRUE(step.state.can_be_lost);
  EXPECT_EQ(step.state.host, "envoy-1");
  EXPECT_EQ(step.state.generation, 4u);
  EXPECT_EQ(step.state.connectable_ts, 5'000);
}

TEST(ActorResume, TheTimeOfAStartGoesOn) {
  EXPECT_EQ(text_of(resume(at_envoy(P::starting, 10'000), 15'000, {})), "starting: adopt timer(25000)");
}

TEST(ActorResume, AnEnvoyGetsTheTimeToComeBackHoweverLongTheEngineWasGone) {
  EXPECT_EQ(text_of(resume(at_envoy(P::starting, 10'000), 900'000, {})), "starting: adopt timer(15000)");
  EXPECT_EQ(text_of(resume(at_envoy(P::sleep_intent, 0), 9'000'000, {})), "sleep_intent: adopt timer(15000)");
}

TEST(ActorResume, AClockThatWentBackDoesNotLengthenATime) {
  EXPECT_EQ(text_of(resume(at_envoy(P::starting, 500'000), 1'000, {})), "starting: adopt timer(30000)");
}

TEST(ActorResume, WhoWasAskedByAnEarlierEngineIsAskedAgain) {
  const ActorStep step = resume(at_envoy(P::allocating, 5'000), 9'000, {});
  EXPECT_EQ(text_of(step), "reallocating: timer(0)");
  EXPECT_FALSE(step.state.can_be_lost);
}

TEST(ActorResume, AnActorWithoutAHostWaitsUntilItsNextRetry) {
  ActorRecord record;
  record.reschedule_ts = 12'000;
  record.sleep_ts = 8'000;
  record.retries = 3;
  record.failure = ActorFailure{ActorFailure::Kind::no_envoys, {}};
  const ActorStep step = resume(record, 9'000, {});
  EXPECT_EQ(text_of(step), "reallocating: timer(3000)");
  EXPECT_EQ(step.state.retries, 3u);
  EXPECT_EQ(text_of(resume(record, 50'000, {})), "reallocating: timer(0)");
}

TEST(ActorResume, ASleepingActorNeedsNothing) {
  ActorRecord record;
  record.sleep_ts = 8'000;
  EXPECT_EQ(text_of(resume(record, 9'000, {})), "sleeping:");
}

TEST(ActorResume, WhereAnActorIsSurvivesTheWayThroughItsRecord) {
  for (const P phase : {P::starting, P::running, P::sleep_intent, P::stop_intent, P::going_away, P::destroying}) {
    const ActorState before = state_from(at_envoy(phase, 5'000));
    ActorRecord record;
    store_into(before, record);
    EXPECT_EQ(state_from(record), before);
    EXPECT_TRUE(record.awake());
  }
}

TEST(ActorResume, AHaltedActorAtAnEnvoyIsLeftAlone) {
  for (const P phase : {P::starting, P::running, P::sleep_intent, P::going_away}) {
    const ActorStep step = troupe::step(state_from(at_envoy(phase, 5'000)), {ActorInput::halt}, 9'000, {});
    EXPECT_EQ(text_of(step), std::string(name_of(phase)) + ": clear");
  }
}

}  // namespace
}  // namespace troupe
