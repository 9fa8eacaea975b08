#include "gateway/http/admission.h"

#include <gtest/gtest.h>

#include "engine/base/virtual_ports.h"

namespace troupe {
namespace {

using namespace std::chrono_literals;

TEST(QueueWait, ABurstIsNoOverload) {
  QueueWait wait(20ms, 100ms);
  wait.sample(0ms, 500ms);
  wait.sample(99ms, 500ms);
  EXPECT_FALSE(wait.overloaded());
  wait.sample(99ms, 20ms);
  wait.sample(100ms, 500ms);
  EXPECT_FALSE(wait.overloaded());
}

TEST(QueueWait, AWaitThatStaysAboveTheTargetForAnIntervalIs) {
  QueueWait wait(20ms, 100ms);
  wait.sample(0ms, 21ms);
  wait.sample(100ms, 21ms);
  EXPECT_TRUE(wait.overloaded());
  EXPECT_EQ(wait.last(), 21ms);
  wait.sample(150ms, 300ms);
  EXPECT_TRUE(wait.overloaded());
  wait.sample(160ms, 20ms);
  EXPECT_FALSE(wait.overloaded());
}

class HandClock final : public Clock {
 public:
  std::int64_t now_ms() const override { return 0; }
  std::chrono::nanoseconds monotonic() const override { return now; }
  std::chrono::nanoseconds now{1s};
};

/// A pool whose queue is worked off when the test says so.
class AdmissionTest : public testing::Test {
 protected:
  std::shared_ptr<Admission> make(Millis target) {
    return std::make_shared<Admission>(
        Ports{clock, virtual_ports.timers, virtual_ports.random, pool.get_executor(), pool.get_executor()}, target,
        100ms);
  }
  /// A request, and how long the pool takes to come to what is queued by then.
  bool refused(Admission& admission, Millis wait) {
    const bool refused = admission.refusal().has_value();
    clock.now += wait;
    pool.restart();
    pool.run();
    return refused;
  }

  VirtualWorld world;
  Ports virtual_ports = world.ports();
  HandClock clock;
  boost::asio::io_context pool;
};

TEST_F(AdmissionTest, RequestsAreRefusedWhileTheQueueIsTooLongForTooLong) {
  const auto admission = make(20ms);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(refused(*admission, 50ms)) << i;
  const auto error = admission->refusal();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->id(), "guard.overloaded");
  EXPECT_EQ(retry_after_seconds(*error), 1);
  EXPECT_EQ(admission->queue_wait(), 50ms);
  EXPECT_EQ(admission->refused(), 1u);
  // The probe of the request above finds an empty queue.
  pool.restart();
  pool.run();
  EXPECT_FALSE(refused(*admission, 0ms));
}

TEST_F(AdmissionTest, RetryAfterFollowsTheMeasuredWait) {
  const auto admission = make(20ms);
  refused(*admission, 2'500ms);
  refused(*admission, 2'500ms);
  EXPECT_EQ(retry_after_seconds(admission->refusal().value()), 3);
}

TEST_F(AdmissionTest, AMeasurementOfLongAgoRefusesNobody) {
  const auto admission = make(20ms);
  for (int i = 0; i < 3; ++i) refused(*admission, 50ms);
  clock.now += 99ms;
  EXPECT_TRUE(refused(*admission, 50ms));
  clock.now += 101ms;
  EXPECT_FALSE(refused(*admission, 50ms));
}

TEST_F(AdmissionTest, AtMostOneProbeIsQueued) {
  const auto admission = make(20ms);
  for (int i = 0; i < 100; ++i) (void)admission->refusal();
  pool.restart();
  EXPECT_EQ(pool.run(), 1u);
  (void)admission->refusal();
  pool.restart();
  EXPECT_EQ(pool.run(), 0u);
}

TEST_F(AdmissionTest, ATargetOfZeroAdmitsEverythingAndMeasuresNothing) {
  const auto admission = make(0ms);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(refused(*admission, 10'000ms));
  EXPECT_EQ(admission->queue_wait(), 0ms);
}

TEST(RetryAfter, OtherErrorsHaveNone) { EXPECT_FALSE(retry_after_seconds(Error("guard", "other", "text"))); }

}  // namespace
}  // namespace troupe
