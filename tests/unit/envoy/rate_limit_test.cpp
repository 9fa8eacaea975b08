#include "engine/hosts/envoy/rate_limit.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

TEST(RateLimit, ABurstPassesAndThenOneEachDrip) {
  RateLimit limit(3, milliseconds(10));
  const nanoseconds now = std::chrono::seconds(5);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.take(now), nanoseconds::zero());
  EXPECT_EQ(limit.take(now), milliseconds(10));
  EXPECT_EQ(limit.take(now), milliseconds(20));
}

TEST(RateLimit, ItFillsUpAgainButNotBeyondTheBurst) {
  RateLimit limit(2, milliseconds(10));
  nanoseconds now{0};
  limit.take(now);
  limit.take(now);
  now = std::chrono::hours(1);
  EXPECT_EQ(limit.take(now), nanoseconds::zero());
  EXPECT_EQ(limit.take(now), nanoseconds::zero());
  EXPECT_EQ(limit.take(now), milliseconds(10));
}

}  // namespace
}  // namespace troupe
