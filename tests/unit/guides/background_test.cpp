// The code of docs/guides/background.md, compiled and run.
#include <gtest/gtest.h>

#include "tests/unit/sdk/snippets.h"
#include "troupe/testing.h"

using namespace std::chrono_literals;

namespace troupe::test {
namespace {

namespace run_handler {
// snippet: run-handler
struct Clock {
  std::int64_t ticks = 0;
  TROUPE_FIELDS(ticks)
};

troupe::Task<troupe::Result<void>> tick(Clock& clock, troupe::Context<Clock>& c) {
  for (;;) {
    TROUPE_CO_CHECK(co_await c.delay(1s));  // ends with actor.aborted when the actor stops
    c.broadcast("tick", ++clock.ticks);
  }
}

auto clock = troupe::actor<Clock>("clock").run(&tick);
// end
}  // namespace run_handler

namespace run_wake {
// snippet: run-wake
struct Feed {
  std::int64_t polls = 0;
  std::int64_t next_ms = 0;
  TROUPE_FIELDS(polls, next_ms)
};

// Once an hour; the actor sleeps in between.
troupe::Result<void> poll(Feed& feed, troupe::Context<Feed>& c) {
  if (c.now_ms() >= feed.next_ms) {
    ++feed.polls;
    feed.next_ms = c.now_ms() + 3'600'000;
  }
  return c.set_run_wake(feed.next_ms);
}

auto feed = troupe::actor<Feed>("feed").run(&poll).action("polls", [](const Feed& f) { return f.polls; });
// end
}  // namespace run_wake

namespace tasks {
// snippet: tasks
struct Printer {
  std::int64_t pages = 0;
  std::vector<std::string> mail;
  TROUPE_FIELDS(pages, mail)
};

using Ctx = troupe::Context<Printer>;

troupe::Task<troupe::Result<void>> print(Ctx& c, std::int64_t pages) {
  const auto awake = c.keep_awake();  // until this coroutine ends
  for (std::int64_t i = 0; i < pages; ++i) {
    TROUPE_CO_CHECK(co_await c.delay(1s));
    c.mutable_state().pages += 1;
  }
  co_return troupe::Result<void>();
}

troupe::Task<troupe::Result<void>> report(Ctx& c, std::string to) {
  const auto waited = co_await c.delay(1min);
  c.mutable_state().mail.push_back(to + (waited ? ": done" : ": interrupted"));
  co_return troupe::Result<void>();
}

auto printer =
    troupe::actor<Printer>("printer")
        .sleep_timeout(10s)
        // Both are answered at once.
        .action("print", [](Ctx& c, std::int64_t pages) { c.spawn([pages](Ctx& own) { return print(own, pages); }); })
        .action("report", [](Ctx& c, std::string to) { c.spawn([to](Ctx& own) { return report(own, to); }); })
        .action("state", [](const Printer& p) { return p; });
// end
}  // namespace tasks

namespace stopping {
// snippet: stopping
struct Visits {
  std::int64_t wakes = 0;
  std::int64_t sleeps = 0;
  TROUPE_FIELDS(wakes, sleeps)
};

troupe::ActorOptions patient() {
  troupe::ActorOptions options;
  options.sleep_timeout = 5min;
  options.sleep_grace_period = 30s;
  return options;
}

auto visits = troupe::actor<Visits>("visits")
                  .options(patient())
                  .on_wake([](Visits& v) { ++v.wakes; })
                  .on_sleep([](Visits& v) { ++v.sleeps; })  // saved with the rest
                  .action("leave", [](troupe::Context<Visits>& c) { return c.sleep(); })
                  .action("state", [](const Visits& v) { return v; });
// end
}  // namespace stopping

class BackgroundGuide : public ::testing::Test {
 protected:
  static Registry actors() {
    Registry registry;
    registry.add(run_handler::clock);
    registry.add(run_wake::feed);
    registry.add(tasks::printer);
    registry.add(stopping::visits);
    return registry;
  }
  troupe::testing::Engine engine{actors()};
};

TEST_F(BackgroundGuide, ShowsTheCompiledCode) {
  EXPECT_EQ(snippets_of("docs/guides/background.md"), compiled_snippets("tests/unit/guides/background_test.cpp"));
}

TEST_F(BackgroundGuide, AClockTicksAndDoesNotFallAsleep) {
  auto clock = engine.actor("clock", "k");
  auto client = clock.connect();
  client.subscribe("tick");
  engine.advance(3s);
  EXPECT_EQ(client.take_events().size(), 3u);
  client.close();
  engine.advance(5min);
  EXPECT_TRUE(clock.awake());
  clock.sleep();
  EXPECT_FALSE(clock.awake());
}

TEST_F(BackgroundGuide, AFeedWakesOnceAnHour) {
  auto feed = engine.actor("feed", "k");
  EXPECT_EQ(feed.call<int>("polls").value(), 1);
  engine.advance(1min);
  EXPECT_FALSE(feed.awake());
  engine.advance(59min);
  EXPECT_TRUE(feed.awake());
  engine.advance(1h);
  EXPECT_EQ(feed.call<int>("polls").value(), 3);
}

TEST_F(BackgroundGuide, OnlyWorkThatKeepsTheActorAwakeKeepsItAwake) {
  auto printer = engine.actor("printer", "k");
  ASSERT_TRUE(printer.call("print", 30));
  engine.advance(29s);
  EXPECT_TRUE(printer.awake());
  engine.advance(12s);
  EXPECT_FALSE(printer.awake());
  EXPECT_EQ(printer.call<tasks::Printer>("state")->pages, 30);

  ASSERT_TRUE(printer.call("report", "ada"));
  engine.advance(11s);
  EXPECT_FALSE(printer.awake());
  EXPECT_EQ(printer.call<tasks::Printer>("state")->mail, std::vector<std::string>{"ada: interrupted"});
}

TEST_F(BackgroundGuide, VisitsAreCountedAtBothEnds) {
  auto visits = engine.actor("visits", "k");
  ASSERT_TRUE(visits.call("leave"));
  EXPECT_FALSE(visits.awake());
  const auto state = visits.call<stopping::Visits>("state").value();
  EXPECT_EQ(state.wakes, 2);
  EXPECT_EQ(state.sleeps, 1);
}

}  // namespace
}  // namespace troupe::test
