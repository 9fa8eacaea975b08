#include "engine/serverless/start_request.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using P = StartPhase;
using I = StartInput;
using E = StartEffect;

struct Row {
  P phase;
  I input;
  StartStep expected;
};

TEST(StartRequest, EveryInputInEveryPhase) {
  const Row table[] = {
      {P::open, I::stopping, {P::done, {E::close}}},
      {P::open, I::ended, {P::done, {E::report_early_end, E::close}}},
      {P::open, I::failed, {P::done, {E::report_failure, E::tell_lost, E::close}}},
      {P::open, I::lifespan_over, {P::draining, {E::tell_going_away, E::arm_grace}}},
      {P::open, I::engine_stops, {P::draining, {E::tell_going_away, E::arm_grace}}},
      {P::open, I::grace_over, {P::open, {}}},
      {P::draining, I::stopping, {P::done, {E::close}}},
      {P::draining, I::ended, {P::done, {E::close}}},
      {P::draining, I::failed, {P::done, {E::close}}},
      {P::draining, I::lifespan_over, {P::draining, {}}},
      {P::draining, I::engine_stops, {P::draining, {}}},
      {P::draining, I::grace_over, {P::done, {E::close}}},
      {P::done, I::stopping, {P::done, {}}},
      {P::done, I::ended, {P::done, {}}},
      {P::done, I::failed, {P::done, {}}},
      {P::done, I::lifespan_over, {P::done, {}}},
      {P::done, I::engine_stops, {P::done, {}}},
      {P::done, I::grace_over, {P::done, {}}},
  };
  EXPECT_EQ(std::size(table), kStartPhases * kStartInputs);
  for (const auto& row : table)
    EXPECT_EQ(step(row.phase, row.input), row.expected)
        << static_cast<int>(row.phase) << ' ' << static_cast<int>(row.input);
}

TEST(StartRequest, TheGracePeriodIsTheEndOfTheLifespan) {
  EXPECT_EQ(drain_after_s(20, 5), 15u);
  EXPECT_EQ(drain_after_s(5, 20), 0u);
}

TEST(PollDelay, DoublesWithEachFailureUpToABound) {
  EXPECT_EQ(poll_delay_ms(10'000, 0), 10'000u);
  EXPECT_EQ(poll_delay_ms(10'000, 1), 10'000u);
  EXPECT_EQ(poll_delay_ms(10'000, 2), 20'000u);
  EXPECT_EQ(poll_delay_ms(10'000, 9), 2'560'000u);
  EXPECT_EQ(poll_delay_ms(10'000, 1'000), 2'560'000u);
  EXPECT_EQ(poll_delay_ms(UINT64_MAX / 2, 5), UINT64_MAX);
}

}  // namespace
}  // namespace troupe
