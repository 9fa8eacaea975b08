#include "engine/runtime/lifecycle.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "engine/runtime/activity.h"

namespace troupe {
namespace {

using State = LifecycleState;
using Event = LifecycleEvent;

/// The shortest way into each state.
const std::map<State, std::vector<Event>> kPaths = {
    {State::loading, {}},
    {State::started, {Event::start_succeeded}},
    {State::sleep_grace, {Event::start_succeeded, Event::stop_sleep}},
    {State::destroy_grace, {Event::start_succeeded, Event::stop_destroy}},
    {State::sleep_finalize, {Event::start_succeeded, Event::stop_sleep, Event::grace_over}},
    {State::destroying, {Event::start_succeeded, Event::stop_destroy, Event::grace_over}},
    {State::terminated, {Event::start_failed}},
};
const std::vector<Event> kEvents = {Event::start_succeeded, Event::start_failed, Event::stop_sleep, Event::stop_destroy,
                                    Event::crashed,         Event::grace_over,   Event::finalized};

Lifecycle in(State state) {
  Lifecycle lifecycle;
  for (auto event : kPaths.at(state)) lifecycle.apply(event);
  return lifecycle;
}

TEST(Lifecycle, EveryPairOfStateAndEventFollowsTheTableOrChangesNothing) {
  std::map<std::pair<State, Event>, State> expected;
  for (const auto& row : lifecycle_transitions()) {
    EXPECT_TRUE(expected.emplace(std::pair(row.from, row.event), row.to).second) << "two rows for one pair";
  }
  EXPECT_EQ(expected.size(), 9u);
  for (const auto& [state, path] : kPaths) {
    for (auto event : kEvents) {
      auto lifecycle = in(state);
      ASSERT_EQ(lifecycle.state(), state);
      const auto row = expected.find({state, event});
      EXPECT_EQ(lifecycle.apply(event), row != expected.end()) << to_string(state);
      EXPECT_EQ(lifecycle.state(), row != expected.end() ? row->second : state) << to_string(state);
    }
  }
}

TEST(Lifecycle, EveryStateButTheLastHasAWayOutAndTheLastHasNone) {
  for (const auto& [state, path] : kPaths) {
    bool leaves = false;
    for (const auto& row : lifecycle_transitions()) leaves |= row.from == state;
    EXPECT_EQ(leaves, state != State::terminated) << to_string(state);
  }
}

TEST(Lifecycle, EachStateLetsInOrRefusesTrafficWithItsOwnCode) {
  struct Row {
    State state;
    std::string call, connection;
    bool aborted, accepts_work;
  };
  const std::vector<Row> rows = {
      {State::loading, "not_ready", "not_ready", false, true},
      {State::started, "", "", false, true},
      {State::sleep_grace, "", "stopping", true, true},
      {State::destroy_grace, "destroying", "destroying", true, true},
      {State::sleep_finalize, "stopping", "stopping", true, false},
      {State::destroying, "destroying", "destroying", true, false},
      {State::terminated, "stopping", "stopping", true, false},
  };
  for (const auto& row : rows) {
    auto lifecycle = in(row.state);
    auto code = [&](Traffic traffic) {
      auto refused = lifecycle.refusal(traffic);
      return refused ? refused->code() : "";
    };
    EXPECT_EQ(code(Traffic::call), row.call) << to_string(row.state);
    EXPECT_EQ(code(Traffic::connection), row.connection) << to_string(row.state);
    EXPECT_EQ(lifecycle.aborted(), row.aborted) << to_string(row.state);
    EXPECT_EQ(lifecycle.accepts_work(), row.accepts_work) << to_string(row.state);
  }
}

TEST(Lifecycle, AStopDuringTheLoadingWaitsAndADestroyOutweighsASleep) {
  Lifecycle lifecycle;
  EXPECT_FALSE(lifecycle.apply(Event::stop_destroy));
  EXPECT_FALSE(lifecycle.apply(Event::stop_sleep));
  EXPECT_EQ(lifecycle.state(), State::loading);
  EXPECT_EQ(lifecycle.take_deferred_stop(), Event::stop_destroy);
  EXPECT_EQ(lifecycle.take_deferred_stop(), std::nullopt);
}

TEST(Lifecycle, SleepMayBeAskedForAgainAndAgainButIsPassedOnOnce) {
  auto lifecycle = in(State::started);
  EXPECT_EQ(*lifecycle.request_sleep(), true);
  EXPECT_EQ(*lifecycle.request_sleep(), false);
  lifecycle.apply(Event::stop_sleep);
  EXPECT_EQ(lifecycle.request_sleep().error().id(), "actor.stopping");
}

TEST(Lifecycle, DestroyEscalatesASleepAndRefusesTrafficAtOnce) {
  auto lifecycle = in(State::started);
  EXPECT_TRUE(lifecycle.request_sleep());
  EXPECT_TRUE(lifecycle.request_destroy());
  EXPECT_EQ(lifecycle.refusal(Traffic::call)->id(), "actor.destroying");
  EXPECT_FALSE(lifecycle.aborted());
  EXPECT_EQ(lifecycle.request_destroy().error().id(), "actor.stopping");
  EXPECT_EQ(lifecycle.request_sleep().error().id(), "actor.stopping");
}

TEST(Lifecycle, NothingCanBeAskedForBeforeTheStart) {
  Lifecycle lifecycle;
  EXPECT_EQ(lifecycle.request_sleep().error().id(), "actor.starting");
  EXPECT_EQ(lifecycle.request_destroy().error().id(), "actor.starting");
}

TEST(Activity, EachKindOfWorkBlocksWhatItsRuleSays) {
  for (const auto& rule : kWorkRules) {
    Activity activity;
    EXPECT_TRUE(activity.allows_sleep());
    activity.begin(rule.work);
    EXPECT_EQ(activity.count(rule.work), 1u);
    EXPECT_EQ(activity.allows_sleep(), !rule.blocks_sleep);
    EXPECT_EQ(activity.drained(false), !rule.drains_before_sleep);
    EXPECT_EQ(activity.drained(true), !rule.drains_before_destroy);
    activity.end(rule.work);
    EXPECT_TRUE(activity.drained(false));
  }
}

TEST(Activity, ASleepWaitsForTheRunHandlerAndADestroyDoesNot) {
  Activity activity;
  activity.begin(Work::run);
  EXPECT_FALSE(activity.drained(false));
  EXPECT_TRUE(activity.drained(true));
}

}  // namespace
}  // namespace troupe
