#include "engine/placement/wait_graph.h"

#include <gtest/gtest.h>

#include <map>

#include "engine/base/codec/json.h"

namespace troupe {
namespace {

using Kind = Transition::Kind;

class WaitGraphTest : public testing::Test {
 protected:
  static ActorId id(char name) {
    std::array<std::uint8_t, Id::kSize> bytes{};
    bytes[0] = static_cast<std::uint8_t>(name);
    return ActorId(bytes);
  }
  /// A call by actor `name`, on behalf of `caller`.
  static std::shared_ptr<const CallFrame> frame(char name, bool blocks_start = false,
                                                std::shared_ptr<const CallFrame> caller = nullptr,
                                                std::uint32_t generation = 1) {
    auto made = std::make_shared<CallFrame>();
    made->actor = id(name);
    made->generation = generation;
    made->name = std::string(1, name);
    made->blocks_start = blocks_start;
    made->caller = std::move(caller);
    return made;
  }
  void set(char name, Kind kind, std::uint32_t generation = 1) { transitions[id(name)] = {kind, generation}; }
  /// "waits", or the circle.
  std::string enter(std::shared_ptr<const CallFrame> path, char target) {
    auto waiting = graph.enter(path, id(target), std::string(1, target), {});
    if (!waiting) {
      EXPECT_EQ(waiting.error().id(), "actor.call_deadlock");
      return to_json(*waiting.error().metadata()->find("path"));
    }
    waits.push_back(std::move(*waiting));
    return "waits";
  }

  std::map<ActorId, Transition> transitions;
  WaitGraph graph{[this](const ActorId& actor) { return transitions[actor]; }};
  std::vector<WaitGraph::Wait> waits;
};

TEST_F(WaitGraphTest, ACallFromOutsideOrFromARunningActorMayWait) {
  set('b', Kind::starting);
  EXPECT_EQ(enter(nullptr, 'b'), "waits");
  EXPECT_EQ(enter(frame('a'), 'b'), "waits");
}

TEST_F(WaitGraphTest, AStartHookThatCallsItsOwnActorIsADeadlock) {
  set('a', Kind::starting);
  EXPECT_EQ(enter(frame('a', true), 'a'), R"(["a","a"])");
}

TEST_F(WaitGraphTest, AStartHookWhoseCallComesBackThroughOthersIsADeadlock) {
  set('a', Kind::starting);
  EXPECT_EQ(enter(frame('c', false, frame('b', false, frame('a', true))), 'a'), R"(["a","b","c","a"])");
}

TEST_F(WaitGraphTest, BackgroundWorkOfAStartingActorMayWaitForIt) {
  set('a', Kind::starting);
  EXPECT_EQ(enter(frame('b', false, frame('a', false)), 'a'), "waits");
}

TEST_F(WaitGraphTest, AnythingAStoppingGenerationWaitsForIsADeadlockWhenItWaitsForTheNext) {
  set('a', Kind::stopping);
  EXPECT_EQ(enter(frame('b', false, frame('a', false)), 'a'), R"(["a","b","a"])");
}

TEST_F(WaitGraphTest, AnEarlierGenerationHoldsNothingUp) {
  set('a', Kind::stopping, 2);
  EXPECT_EQ(enter(frame('b', false, frame('a', false, nullptr, 1)), 'a'), "waits");
}

TEST_F(WaitGraphTest, TwoStartHooksThatCallEachOtherAreADeadlock) {
  set('a', Kind::starting);
  set('b', Kind::starting);
  EXPECT_EQ(enter(frame('a', true), 'b'), "waits");
  EXPECT_EQ(enter(frame('b', true), 'a'), R"(["b","a","b"])");
}

TEST_F(WaitGraphTest, ACircleOfSeveralChainsIsFound) {
  set('a', Kind::starting);
  set('b', Kind::stopping);
  set('c', Kind::starting);
  EXPECT_EQ(enter(frame('x', false, frame('a', true)), 'b'), "waits");
  EXPECT_EQ(enter(frame('b'), 'c'), "waits");
  EXPECT_EQ(enter(frame('c', true), 'a'), R"(["c","a","b","c"])");
}

TEST_F(WaitGraphTest, AWaitThatIsOverClosesNoCircle) {
  set('a', Kind::starting);
  set('b', Kind::starting);
  EXPECT_EQ(enter(frame('a', true), 'b'), "waits");
  waits.clear();
  EXPECT_EQ(enter(frame('b', true), 'a'), "waits");
}

TEST_F(WaitGraphTest, AnActorThatRunsBreaksTheCircle) {
  set('a', Kind::starting);
  set('b', Kind::starting);
  EXPECT_EQ(enter(frame('a', true), 'b'), "waits");
  set('a', Kind::none);
  EXPECT_EQ(enter(frame('b', true), 'a'), "waits");
}

}  // namespace
}  // namespace troupe
