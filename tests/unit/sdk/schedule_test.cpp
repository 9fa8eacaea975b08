// The code of docs/guides/schedules.md, compiled and run, and what the SDK makes of schedules.
#include <gtest/gtest.h>

#include "tests/unit/sdk/fake_actor.h"
#include "tests/unit/sdk/snippets.h"
#include "tests/unit/sdk/stage.h"

namespace troupe::test {
namespace {

namespace schedule_once {
// snippet: schedule-once
struct Reminders {
  std::vector<std::string> sent;
  TROUPE_FIELDS(sent)
};

using Ctx = troupe::Context<Reminders>;

auto reminders = troupe::actor<Reminders>("reminders")
                     // The id, for cancel.
                     .action("remind",
                             [](Ctx& c, std::string text, double seconds) {
                               const auto delay = std::chrono::milliseconds(static_cast<long>(seconds * 1000));
                               return c.schedule().after(delay, "send", text);
                             })
                     .action("send",
                             [](Reminders& s, std::string text, std::optional<troupe::ScheduledFire> fire) {
                               if (fire) s.sent.push_back(text + " from " + fire->id);
                             })
                     .action("forget", [](Ctx& c, std::string id) { return c.schedule().cancel(id); })
                     .action("pending", [](Ctx& c) { return c.schedule().list().size(); });
// end
}  // namespace schedule_once

namespace schedule_jobs {
// snippet: schedule-jobs
using Ctx = troupe::Context<troupe::None>;

troupe::Task<troupe::Result<void>> plan(Ctx& c) {
  const troupe::CronOptions mornings{"report", "0 9 * * MON-FRI", "Europe/Berlin"};
  TROUPE_CO_CHECK(co_await c.cron().set(mornings, "report", "daily"));
  co_return c.cron().every({"cleanup", std::chrono::minutes(10)}, "cleanup");
}

troupe::Task<troupe::Result<std::size_t>> failures(Ctx& c) {
  TROUPE_CO_TRY(auto runs, co_await c.cron().history("report", 100));
  std::size_t failed = 0;
  for (const auto& run : runs) failed += run.outcome == troupe::JobRun::Outcome::error;
  co_return failed;
}

auto office = troupe::actor("office")
                  .on_create(&plan)
                  .action("report", [](std::string which) { return which + " report"; })
                  .action("cleanup", [] {})
                  .action("failures", &failures)
                  .action("stop", [](Ctx& c) { return c.cron().erase("report"); });
// end
}  // namespace schedule_jobs

TEST(ScheduleGuide, ShowsTheCompiledCode) {
  EXPECT_EQ(snippets_of("docs/guides/schedules.md"), compiled_snippets("tests/unit/sdk/schedule_test.cpp"));
}

TEST(ScheduleGuide, RemindersAreScheduledAndToldWhy) {
  FakeActor actor(schedule_once::reminders);
  EXPECT_EQ(actor.call("remind", "tea", 1.5).value(), Value("id-0"));
  ASSERT_EQ(actor.context.scheduler.actions.size(), 1u);
  const ScheduledAction planned = actor.context.scheduler.actions[0];
  EXPECT_EQ(planned.action, "send");
  EXPECT_EQ(planned.run_at, actor.world.now_ms() + 1'500);
  EXPECT_EQ(value_of(planned.args), Value::array({"tea"}));
  EXPECT_EQ(actor.call("pending").value(), Value(1));

  ActionCall fired{"send", planned.args, nullptr, ScheduledFire{ScheduleKind::at, "id-0", std::nullopt, 1, 2}};
  ASSERT_TRUE(actor.world.run(actor.behavior->action(fired)));
  ASSERT_TRUE(actor.call("send", "by hand"));
  EXPECT_EQ(*actor.state().find("sent"), Value::array({"tea from id-0"}));
}

TEST(ScheduleGuide, TheOfficePlansItsJobs) {
  FakeActor actor(schedule_jobs::office);
  ASSERT_TRUE(actor.world.run(actor.behavior->on_create(std::nullopt)));
  const auto& scheduler = actor.context.scheduler;
  ASSERT_EQ(scheduler.crons.size(), 1u);
  EXPECT_EQ(scheduler.crons[0].name, "report");
  EXPECT_EQ(scheduler.crons[0].expression, "0 9 * * MON-FRI");
  EXPECT_EQ(scheduler.crons[0].timezone, "Europe/Berlin");
  EXPECT_EQ(value_of(scheduler.crons[0].args), Value::array({"daily"}));
  EXPECT_EQ(scheduler.crons[0].max_history, 100);
  ASSERT_EQ(scheduler.intervals.size(), 1u);
  EXPECT_EQ(scheduler.intervals[0].interval, std::chrono::minutes(10));
  EXPECT_EQ(actor.call("failures").value(), Value(0));
  EXPECT_EQ(actor.call("stop").value(), Value(false));
}

TEST(Schedule, ANegativeDelayIsRefused) {
  auto late = actor("late").action("plan", [](Context<None>& c, double ms) {
    return c.schedule().after(std::chrono::milliseconds(static_cast<long>(ms)), "x");
  });
  FakeActor instance(late);
  EXPECT_TRUE(instance.call("plan", -1).error().is("actor", "invalid_operation"));
  EXPECT_TRUE(instance.call("plan", 0));
}

TEST(Schedule, TheReasonOfACallTravelsAsTheReferenceWritesIt) {
  const ScheduledFire fire{ScheduleKind::cron, "job", "job", 1'700'000'000'000, 1'700'000'000'001};
  const Value shown = value_of(encode(fire));
  EXPECT_EQ(*shown.find("kind"), Value("cron"));
  EXPECT_EQ(*shown.find("id"), Value("job"));
  EXPECT_EQ(*shown.find("name"), Value("job"));
  EXPECT_EQ(shown.find("scheduledAt")->as_int(), 1'700'000'000'000);
  EXPECT_EQ(shown.find("firedAt")->as_int(), 1'700'000'000'001);
  EXPECT_EQ(decode<ScheduledFire>(encode(fire), "fire").value(), fire);

  const ScheduledFire once{ScheduleKind::at, "some-id", std::nullopt, 1, 2};
  EXPECT_EQ(value_of(encode(once)).find("name"), nullptr);
  EXPECT_EQ(decode<ScheduledFire>(encode(once), "fire").value(), once);
  EXPECT_FALSE(decode<ScheduledFire>(cbor(Value::object({{"kind", "never"}})), "fire"));
}

// -- the demo actor ---------------------------------------------------------------------------------------------------

struct TimerDemo : testing::Test {
  Value fired(Stage::Actor& timer) { return *timer.call("read").value().find("fired"); }
  Stage stage;
};

TEST_F(TimerDemo, FiresWithTagAndTime) {
  auto& timer = stage.actor("timer");
  const auto due = stage.world.now_ms() + 250;
  EXPECT_TRUE(timer.call("later", 250, "tea").value().is_string());
  ASSERT_TRUE(timer.call("later", 100, Value::object({{"n", 1}})));
  stage.world.advance(std::chrono::milliseconds(99));
  EXPECT_EQ(fired(timer), Value::array({}));
  stage.world.advance(std::chrono::milliseconds(151));
  const Value expected =
      Value::array({Value::array({Value::object({{"n", 1}}), Value(due - 150)}), Value::array({"tea", Value(due)})});
  const Value shown = fired(timer);
  ASSERT_EQ(shown.get_if<Value::Array>()->size(), 2u);
  EXPECT_EQ(shown, expected);
}

TEST_F(TimerDemo, SleepsAfterSevenHundredMsAndCountsItsWakes) {
  auto& timer = stage.actor("timer");
  ASSERT_TRUE(timer.call("later", 5'000, "later"));
  stage.world.advance(std::chrono::milliseconds(699));
  EXPECT_EQ(timer.host->sleep_intents, 0);
  stage.world.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(timer.host->sleep_intents, 1);
  timer.sleep();
  stage.world.advance(std::chrono::seconds(10));
  timer.wake();
  stage.world.settle();
  EXPECT_EQ(fired(timer).get_if<Value::Array>()->size(), 1u);
  EXPECT_EQ(*timer.call("read").value().find("wakes"), Value(2));
}

}  // namespace
}  // namespace troupe::test
