// Schedules and a store of which one call fails: once, again and again, taken back, with their history.
#include <map>

#include "tests/unit/faults/fault_world.h"

namespace troupe::faults {
namespace {

using namespace std::chrono_literals;

struct Fired {
  std::string tag;
  std::int64_t at_ms = 0;
  TROUPE_FIELDS(tag, at_ms)
};

struct Clock {
  std::vector<Fired> fired;
  TROUPE_FIELDS(fired)
};
using Ctx = Context<Clock>;

Task<Result<void>> begin_jobs(Ctx& c) {
  TROUPE_CO_CHECK(c.cron().every({"ticks", 20s}, "fire", std::string("tick")));
  const CronOptions minutes{"minutes", "* * * * *"};
  co_return co_await c.cron().set(minutes, "fire", std::string("minute"));
}

Task<Result<std::int64_t>> runs(Ctx& c, std::string job) {
  TROUPE_CO_TRY(const auto history, co_await c.cron().history(std::move(job), 100));
  co_return static_cast<std::int64_t>(history.size());
}

ActorDefinition clock() {
  return actor<Clock>("clock")
      .sleep_timeout(700ms)
      .action("later", [](Ctx& c, std::int64_t ms,
                          std::string tag) { return c.schedule().after(std::chrono::milliseconds(ms), "fire", tag); })
      .action("at", [](Ctx& c, std::int64_t ms, std::string tag) { return c.schedule().at(ms, "fire", tag); })
      .action("cancel", [](Ctx& c, std::string id) { return c.schedule().cancel(id); })
      .action("beginJobs", &begin_jobs)
      .action("endTicks", [](Ctx& c) { return c.cron().erase("ticks"); })
      .action("runs", &runs)
      .action("fire",
              [](Clock& s, Ctx& c, std::string tag) {
                s.fired.push_back({tag, c.now_ms()});
              })
      .action("read", [](const Clock& s) { return s.fired; });
}

/// What the actor said that it would do.
struct Promised {
  std::map<std::string, std::int64_t> due;
  /// May run: their schedule was answered with an error.
  std::map<std::string, std::int64_t> maybe;
  std::vector<std::string> cancelled;
};

std::vector<std::pair<std::string, std::int64_t>> fired_of(const Value& read) {
  std::vector<std::pair<std::string, std::int64_t>> fired;
  for (const Value& one : *read.get_if<Value::Array>())
    fired.emplace_back(*one.find("tag")->as_string(), *one.find("at_ms")->as_int());
  return fired;
}

std::string schedule(FaultWorld& world, Promised& promised, const std::string& tag, Millis in) {
  const auto due = world.now_ms() + in.count();
  const auto answer = tag == "at" ? world.act("clock", "at", {Value(due), Value(tag)})
                                  : world.act("clock", "later", {Value(std::int64_t{in.count()}), Value(tag)});
  (answer.ok() ? promised.due : promised.maybe)[tag] = due;
  return answer.ok() ? std::string(*answer.body.as_string()) : std::string();
}

/// `looked_ms`: from when on the actor may have been awake only because somebody looked.
void expect_fired(const Value& read, const Promised& promised, std::int64_t looked_ms) {
  std::map<std::string, int> times;
  std::map<std::string, std::int64_t> first;
  for (const auto& [tag, at_ms] : fired_of(read)) {
    ++times[tag];
    first.emplace(tag, at_ms);
  }
  for (const auto& [tag, due] : promised.due) {
    EXPECT_EQ(times[tag], 1) << tag;
    EXPECT_GE(first[tag], due) << tag << " was early";
    EXPECT_LT(first[tag], looked_ms) << tag << " did not wake the actor";
  }
  for (const auto& [tag, due] : promised.maybe) {
    EXPECT_LE(times[tag], 1) << tag;
    if (times[tag] > 0) {
      EXPECT_GE(first[tag], due) << tag << " was early";
    }
  }
  for (const auto& tag : promised.cancelled) EXPECT_EQ(times[tag], 0) << tag;
}

std::int64_t count(const Value& read, const std::string& tag) {
  std::int64_t times = 0;
  for (const auto& fired : fired_of(read)) times += fired.first == tag ? 1 : 0;
  return times;
}

void schedule_all(FaultWorld& world) {
  Promised promised;
  const auto began = world.now_ms();
  schedule(world, promised, "soon", 300ms);
  schedule(world, promised, "asleep", 20s);
  schedule(world, promised, "at", 40s);
  const auto id = schedule(world, promised, "never", 30s);
  const bool jobs = world.act("clock", "beginJobs").ok();
  world.advance(1s);
  if (!id.empty()) {
    const auto cancelled = world.act("clock", "cancel", {Value(id)});
    if (cancelled.ok()) {
      promised.cancelled.push_back("never");
    } else {
      promised.maybe["never"] = promised.due["never"];
    }
    promised.due.erase("never");
  }
  world.advance(70s);
  const auto ended = world.act("clock", "endTicks");
  const auto ended_ms = world.now_ms();
  world.advance(20s);

  world.heal();
  world.advance(30s);
  schedule(world, promised, "afterwards", 5s);
  EXPECT_TRUE(promised.due.contains("afterwards")) << "it is usable again";
  world.crash_and_restart();
  // Nobody looks: what is due wakes the actor.
  world.advance(2min);
  const auto looked_ms = world.now_ms();
  const auto read = world.act("clock", "read");
  ASSERT_TRUE(read.ok()) << read.error;
  expect_fired(read.body, promised, looked_ms);

  const auto elapsed = looked_ms - began;
  EXPECT_LE(count(read.body, "tick"), elapsed / 20'000 + 1) << "a run is doubled";
  EXPECT_LE(count(read.body, "minute"), elapsed / 60'000 + 1) << "a run is doubled";
  if (jobs) {
    EXPECT_GE(count(read.body, "minute"), 2) << "of which a fault may have taken one";
    const auto history = world.act("clock", "runs", {Value("minutes")});
    ASSERT_TRUE(history.ok()) << history.error;
    EXPECT_GE(*history.body.as_int(), count(read.body, "minute")) << "a run is in the history before it begins";
  }
  if (ended.ok()) {
    for (const auto& [tag, at_ms] : fired_of(read.body))
      EXPECT_TRUE(tag != "tick" || at_ms <= ended_ms) << "a job that was taken back runs";
    const auto history = world.act("clock", "runs", {Value("ticks")});
    ASSERT_TRUE(history.ok()) << history.error;
    EXPECT_EQ(history.body.as_int(), 0) << "its history goes with it";
  }
}

TEST(ScheduleFaults, AFaultAtAnyCallLosesAndDoublesNoAlarm) {
  at_every_call([](Registry& registry) { registry.add(clock()); }, &schedule_all);
}

}  // namespace
}  // namespace troupe::faults
