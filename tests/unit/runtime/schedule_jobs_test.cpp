#include "tests/unit/runtime/schedule_fixture.h"

namespace troupe {
namespace {

using Outcome = JobRun::Outcome;

class ScheduleJobs : public ScheduleTest {
 protected:
  std::vector<Outcome> outcomes(const std::string& name) {
    std::vector<Outcome> all;
    for (const auto& run : history(name)) all.push_back(run.outcome);
    return all;
  }
  ScheduledJob job(const std::string& name) { return *schedule().job(name).value(); }
};

TEST_F(ScheduleJobs, AnIntervalRunsFirstAfterOneIntervalAndKeepsItsPhase) {
  start();
  const auto begun = world.now_ms();
  ASSERT_TRUE(every("tick", 10s));
  world.advance(35s);
  EXPECT_THAT(log, ElementsAre("act every tick", "act every tick", "act every tick"));
  EXPECT_THAT(began_at, ElementsAre(begun + 10'000, begun + 20'000, begun + 30'000));
  EXPECT_EQ(job("tick").next_run_at, begun + 40'000);
  EXPECT_EQ(job("tick").last_run_at, begun + 30'000);
  EXPECT_EQ(*fires[2], (ScheduledFire{ScheduleKind::every, "tick", "tick", begun + 30'000, begun + 30'000}));
}

TEST_F(ScheduleJobs, WhatWasMissedRunsOnceAndThePhaseStays) {
  start();
  const auto begun = world.now_ms();
  ASSERT_TRUE(every("tick", 10s));
  sleep();
  world.advance(65s);
  start();
  world.settle();
  EXPECT_EQ(log.size(), 1u);
  EXPECT_EQ(fires[0]->scheduled_at, begun + 10'000);
  EXPECT_EQ(fires[0]->fired_at, begun + 65'000);
  EXPECT_EQ(job("tick").next_run_at, begun + 70'000);
}

TEST_F(ScheduleJobs, ACronJobRunsByItsExpressionAndTimeZone) {
  // 2023-11-14 22:13:20 UTC, the start of the world: 23:13:20 in Berlin.
  start();
  ASSERT_TRUE(cron("midnight", "0 0 * * *", "Europe/Berlin"));
  EXPECT_EQ(job("midnight").next_run_at, 1'700'002'800'000);
  world.advance(24h);
  EXPECT_THAT(log, ElementsAre("act cron midnight"));
  EXPECT_EQ(job("midnight").next_run_at, 1'700'002'800'000 + 86'400'000);
  EXPECT_EQ(job("midnight").timezone, "Europe/Berlin");
  EXPECT_EQ(job("midnight").expression, "0 0 * * *");
}

TEST_F(ScheduleJobs, ACronJobGoesOnAfterASleep) {
  start();
  ASSERT_TRUE(cron("hourly", "0 * * * *", "Asia/Kolkata"));
  sleep();
  start();
  world.advance(1h);
  EXPECT_EQ(log.size(), 1u);
}

TEST_F(ScheduleJobs, TheSameCadenceKeepsTheNextRunAnotherOneDoesNot) {
  start();
  const auto begun = world.now_ms();
  ASSERT_TRUE(every("tick", 10s));
  world.advance(12s);
  ASSERT_TRUE(every("tick", 10s, "other"));
  EXPECT_EQ(job("tick").next_run_at, begun + 20'000);
  EXPECT_EQ(job("tick").last_run_at, begun + 10'000);
  EXPECT_EQ(job("tick").action, "other");
  ASSERT_TRUE(every("tick", 11s));
  EXPECT_EQ(job("tick").next_run_at, begun + 23'000);
  EXPECT_EQ(job("tick").last_run_at, std::nullopt);
  ASSERT_TRUE(cron("tick", "0 0 * * *"));
  EXPECT_EQ(job("tick").kind, ScheduleKind::cron);
  EXPECT_EQ(schedule().jobs().size(), 1u);
}

TEST_F(ScheduleJobs, AreListedByTimeAndName) {
  start();
  ASSERT_TRUE(every("c", 10s));
  ASSERT_TRUE(every("b", 20s));
  ASSERT_TRUE(every("a", 20s));
  std::vector<std::string> names;
  for (const auto& one : schedule().jobs()) names.push_back(one.name);
  EXPECT_THAT(names, ElementsAre("c", "a", "b"));
  EXPECT_EQ(job("b").interval, Millis(20s));
}

TEST_F(ScheduleJobs, RefuseWhatIsOutOfBounds) {
  start();
  EXPECT_TRUE(is_error(every("", 10s), "schedule.invalid_name"));
  EXPECT_TRUE(is_error(every(std::string(129, 'x'), 10s), "schedule.invalid_name"));
  EXPECT_TRUE(every(std::string(128, 'x'), 10s));
  EXPECT_TRUE(is_error(every("a", 4'999ms), "schedule.invalid_interval"));
  EXPECT_TRUE(every("a", 5s));
  EXPECT_TRUE(is_error(every("a", 5s, "act", -1), "schedule.invalid_max_history"));
  EXPECT_TRUE(is_error(every("a", 5s, "act", 1'001), "schedule.invalid_max_history"));
  EXPECT_TRUE(every("a", 5s, "act", 1'000));
  EXPECT_TRUE(is_error(cron("a", "0 0 31 2 *"), "schedule.invalid_cron_expression"));
  EXPECT_TRUE(is_error(cron("a", "* * * *"), "schedule.invalid_cron_expression"));
  EXPECT_TRUE(is_error(cron("a", "* * * * *", "Mars/Olympus"), "schedule.invalid_timezone"));
  EXPECT_EQ(job("a").kind, ScheduleKind::every);
  EXPECT_TRUE(is_error(schedule().job(""), "schedule.invalid_name"));
  EXPECT_TRUE(is_error(schedule().erase_job(""), "schedule.invalid_name"));
  EXPECT_TRUE(is_error(world.run(schedule().history("", 1)), "schedule.invalid_name"));
  EXPECT_TRUE(is_error(world.run(schedule().history("a", 0)), "schedule.invalid_max_history"));
  EXPECT_TRUE(is_error(world.run(schedule().history("a", 1'001)), "schedule.invalid_max_history"));
}

// -- history ----------------------------------------------------------------------------------------------------------

TEST_F(ScheduleJobs, TheHistorySaysWhatBecameOfEachRun) {
  start();
  const auto begun = world.now_ms();
  ASSERT_TRUE(every("tick", 10s));
  world.advance(10s);
  failure = user_error("broken", "out of order", Value::object({{"part", 7}}));
  world.advance(10s);
  const auto runs = history("tick");
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].outcome, Outcome::error);
  EXPECT_EQ(runs[0].error->id(), "user.broken");
  EXPECT_EQ(runs[0].error->message(), "out of order");
  EXPECT_EQ(*runs[0].error->metadata(), Value::object({{"part", 7}}));
  EXPECT_EQ(runs[1].outcome, Outcome::ok);
  EXPECT_EQ(runs[1].action, "act");
  EXPECT_EQ(runs[1].scheduled_at, begun + 10'000);
  EXPECT_EQ(runs[1].fired_at, begun + 10'000);
  EXPECT_EQ(runs[1].finished_at, begun + 10'000);
  EXPECT_THAT(history("nobody"), IsEmpty());
}

TEST_F(ScheduleJobs, TheHistoryMasksInternalErrors) {
  failure = internal_error("secret");
  start();
  ASSERT_TRUE(every("tick", 10s));
  world.advance(10s);
  EXPECT_EQ(history("tick")[0].error->message(), "An internal error occurred");
}

TEST_F(ScheduleJobs, ARunThatIsStillGoingOnIsNotBegunAgain) {
  start();
  ASSERT_TRUE(every("slow", 10s, "other"));
  world.advance(15s);
  const auto last = job("slow").last_run_at;
  world.advance(10s);
  EXPECT_EQ(log.size(), 1u);
  EXPECT_EQ(job("slow").last_run_at, last);
  EXPECT_THAT(outcomes("slow"), ElementsAre(Outcome::skipped, Outcome::running));
  release->open();
  world.settle();
  EXPECT_THAT(outcomes("slow"), ElementsAre(Outcome::skipped, Outcome::ok));
  world.advance(5s);
  EXPECT_EQ(log.size(), 2u);
}

TEST_F(ScheduleJobs, TheHistoryKeepsTheNewest) {
  start();
  ASSERT_TRUE(every("tick", 10s, "act", 3));
  world.advance(100s);
  auto runs = history("tick");
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_EQ(runs[0].fired_at - runs[2].fired_at, 20'000);
  ASSERT_TRUE(every("tick", 10s, "act", 1));
  EXPECT_EQ(history("tick").size(), 1u);
  ASSERT_TRUE(every("tick", 10s, "act", 0));
  world.advance(100s);
  EXPECT_THAT(history("tick"), IsEmpty());
  EXPECT_EQ(log.size(), 20u);
}

TEST_F(ScheduleJobs, TheHistoryIsReadUpToALimit) {
  start();
  ASSERT_TRUE(every("tick", 10s));
  world.advance(50s);
  const auto runs = world.run(schedule().history("tick", 2)).value();
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].fired_at, world.now_ms());
}

TEST_F(ScheduleJobs, TheHistorySurvivesASleepAndGoesWithTheJob) {
  start();
  ASSERT_TRUE(every("tick", 10s));
  world.advance(20s);
  sleep();
  start();
  EXPECT_EQ(history("tick").size(), 2u);
  EXPECT_TRUE(schedule().erase_job("tick").value());
  EXPECT_FALSE(schedule().erase_job("tick").value());
  EXPECT_THAT(history("tick"), IsEmpty());
  world.advance(1min);
  EXPECT_EQ(log.size(), 2u);
  sleep();
  start();
  EXPECT_THAT(schedule().jobs(), IsEmpty());
}

TEST_F(ScheduleJobs, ARunIsInTheHistoryBeforeItsActionBegins) {
  start();
  ASSERT_TRUE(every("tick", 10s, "other"));
  commit();
  world.advance(10s);
  crash();
  auto first = actor;
  start();
  const auto runs = history("tick");
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].outcome, Outcome::running);
  EXPECT_EQ(runs[1].outcome, Outcome::error);
  EXPECT_EQ(runs[1].error->id(), "schedule.interrupted");
  EXPECT_EQ(runs[1].finished_at, world.now_ms());
  release->open();
  world.settle();
}

TEST_F(ScheduleJobs, ARunThatIsGivenUpByAStopIsInterrupted) {
  start();
  ASSERT_TRUE(every("tick", 1h, "other"));
  world.advance(1h);
  auto stopped = begin_stop(StopReason::sleep_intent);
  world.advance(16s);
  ASSERT_TRUE(stopped->done());
  auto first = actor;
  start();
  EXPECT_EQ(history("tick")[0].error->id(), "schedule.interrupted");
  release->open();
  world.settle();
}

TEST_F(ScheduleJobs, AJobOfAnUnknownActionEndsAndItsHistoryStays) {
  start();
  ASSERT_TRUE(every("lost", 10s, "nobody"));
  world.advance(10s);
  EXPECT_FALSE(schedule().job("lost").value());
  EXPECT_THAT(schedule().jobs(), IsEmpty());
  ASSERT_EQ(history("lost").size(), 1u);
  EXPECT_EQ(history("lost")[0].error->id(), "actor.action_not_found");
  EXPECT_FALSE(schedule().erase_job("lost").value());
  sleep();
  start();
  EXPECT_EQ(history("lost").size(), 1u);
  // Made anew it goes on with its history.
  ASSERT_TRUE(every("lost", 10s, "act"));
  world.advance(10s);
  EXPECT_EQ(history("lost").size(), 2u);
}

TEST_F(ScheduleJobs, AJobThatIsMadeAnewWhileTheOldOneRunsHasAHistoryOfItsOwn) {
  start();
  ASSERT_TRUE(every("tick", 10s, "other"));
  world.advance(10s);
  ASSERT_TRUE(schedule().erase_job("tick").value());
  ASSERT_TRUE(every("tick", 10s, "act"));
  world.advance(10s);
  EXPECT_THAT(outcomes("tick"), ElementsAre(Outcome::skipped));
  release->open();
  world.settle();
  EXPECT_THAT(outcomes("tick"), ElementsAre(Outcome::skipped));
  world.advance(10s);
  EXPECT_THAT(outcomes("tick"), ElementsAre(Outcome::ok, Outcome::skipped));
}

// -- the run handler --------------------------------------------------------------------------------------------------

TEST_F(ScheduleJobs, ARunWakeNeedsARunHandler) {
  start();
  EXPECT_TRUE(is_error(schedule().set_run_wake(in(1s)), "actor.run_handler_unavailable"));
  EXPECT_TRUE(schedule().set_run_wake(std::nullopt));
}

class RunWake : public ScheduleTest {
 protected:
  RunWake() {
    script->run = [this]() -> Task<Result<void>> {
      ++runs;
      if (waits) co_await release->wait();
      co_return Result<void>();
    };
  }
  int runs = 0;
  bool waits = false;
};

TEST_F(RunWake, StartsAnInactiveHandlerOnce) {
  start();
  EXPECT_EQ(runs, 1);
  ASSERT_TRUE(schedule().set_run_wake(in(5s)));
  world.advance(4'999ms);
  EXPECT_EQ(runs, 1);
  world.advance(1ms);
  EXPECT_EQ(runs, 2);
  world.advance(1h);
  EXPECT_EQ(runs, 2);
}

TEST_F(RunWake, OfARunningHandlerIsSpent) {
  waits = true;
  start();
  ASSERT_TRUE(schedule().set_run_wake(in(5s)));
  world.advance(10s);
  release->open();
  world.advance(1h);
  EXPECT_EQ(runs, 1);
}

TEST_F(RunWake, WakesTheActorAndStartsTheHandlerOnce) {
  start();
  const auto due = in(5s);
  ASSERT_TRUE(schedule().set_run_wake(due));
  sleep();
  EXPECT_THAT(host->alarms, ElementsAre(due));
  world.advance(5s);
  start();
  world.advance(1min);
  EXPECT_EQ(runs, 2);
  sleep();
  EXPECT_EQ(host->alarms.back(), std::nullopt);
}

TEST_F(RunWake, IsClearedByNothingAndReplacedByTheLast) {
  start();
  ASSERT_TRUE(schedule().set_run_wake(in(5s)));
  ASSERT_TRUE(schedule().set_run_wake(in(10s)));
  world.advance(9s);
  EXPECT_EQ(runs, 1);
  world.advance(1s);
  EXPECT_EQ(runs, 2);
  ASSERT_TRUE(schedule().set_run_wake(in(5s)));
  ASSERT_TRUE(schedule().set_run_wake(std::nullopt));
  world.advance(1h);
  EXPECT_EQ(runs, 2);
}

TEST_F(RunWake, RefusesNegativeTimes) {
  start();
  EXPECT_TRUE(is_error(schedule().set_run_wake(-1), "actor.invalid_operation"));
}

TEST_F(RunWake, TheAlarmIsTheEarlierOfItAndTheSchedules) {
  start();
  const auto soon = in(5s);
  later(1h);
  ASSERT_TRUE(schedule().set_run_wake(soon));
  commit();
  EXPECT_EQ(host->alarms.back(), soon);
}

}  // namespace
}  // namespace troupe
