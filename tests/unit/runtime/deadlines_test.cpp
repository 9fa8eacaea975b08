#include "engine/runtime/deadlines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/virtual_ports.h"

namespace troupe {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class DeadlinesTest : public testing::Test {
 protected:
  std::function<void()> note(int n) {
    return [this, n] { fired.push_back(n); };
  }

  VirtualWorld world;
  Ports ports = world.ports();
  const Executor executor = ports.io;
  std::vector<int> fired;
  Deadlines deadlines{ports.clock, ports.timers, executor};
};

TEST_F(DeadlinesTest, FireInOrderOfTheirTime) {
  Deadlines::Entry a, b, c;
  deadlines.arm(a, 30ms, note(3));
  deadlines.arm(b, 10ms, note(1));
  deadlines.arm(c, 20ms, note(2));
  world.advance(9ms);
  EXPECT_TRUE(fired.empty());
  world.advance(100ms);
  EXPECT_THAT(fired, ElementsAre(1, 2, 3));
  EXPECT_FALSE(a.armed());
}

TEST_F(DeadlinesTest, DoNotFireOnceCancelledOrDestroyed) {
  Deadlines::Entry a;
  {
    Deadlines::Entry b;
    deadlines.arm(a, 10ms, note(1));
    deadlines.arm(b, 10ms, note(2));
  }
  a.cancel();
  a.cancel();
  world.advance(1s);
  EXPECT_TRUE(fired.empty());
}

TEST_F(DeadlinesTest, MayBeArmedAgainAlsoFromTheirOwnCallback) {
  Deadlines::Entry a;
  deadlines.arm(a, 10ms, note(1));
  deadlines.arm(a, 20ms, [&] {
    fired.push_back(2);
    deadlines.arm(a, 10ms, note(3));
  });
  world.advance(30ms);
  EXPECT_THAT(fired, ElementsAre(2, 3));
}

TEST_F(DeadlinesTest, MayCancelEachOther) {
  Deadlines::Entry a, b;
  deadlines.arm(a, 10ms, [&] { b.cancel(); });
  deadlines.arm(b, 10ms, note(2));
  world.advance(10ms);
  EXPECT_TRUE(fired.empty());
}

TEST_F(DeadlinesTest, MayBeOwnedByTheirOwnCallback) {
  struct Owner {
    Deadlines::Entry entry;
    std::shared_ptr<int> alive = std::make_shared<int>();
  };
  auto owner = std::make_shared<Owner>();
  std::weak_ptr<int> alive = owner->alive;
  deadlines.arm(owner->entry, 10ms, [owner] {});
  auto& entry = owner->entry;
  owner.reset();
  EXPECT_FALSE(alive.expired());
  entry.cancel();
  EXPECT_TRUE(alive.expired());
}

TEST_F(DeadlinesTest, AreDisarmedWhenTheirQueueEnds) {
  Deadlines::Entry entry;
  {
    Deadlines short_lived(ports.clock, ports.timers, executor);
    short_lived.arm(entry, 10ms, note(1));
  }
  EXPECT_FALSE(entry.armed());
  world.advance(1s);
  EXPECT_TRUE(fired.empty());
}

}  // namespace
}  // namespace troupe
