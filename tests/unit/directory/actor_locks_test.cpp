#include "engine/directory/actor_locks.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <memory>
#include <optional>

#include "engine/base/virtual_ports.h"

namespace troupe {
namespace {

TEST(ActorLocks, AGuardMayOutliveTheLocksItCameFrom) {
  VirtualWorld world;
  const auto id = Id::make(world.ports().random, 1);
  auto locks = std::make_unique<ActorLocks>();
  std::optional<ActorLocks::Guard> first = world.run(locks->lock(id));
  bool second = false;
  boost::asio::co_spawn(
      world.context(),
      [](ActorLocks& of, ActorId actor, bool& got) -> Task<void> {
        const auto guard = co_await of.lock(actor);
        got = true;
      }(*locks, id, second),
      boost::asio::detached);
  world.settle();
  locks.reset();
  EXPECT_FALSE(second);
  first.reset();
  world.settle();
  EXPECT_TRUE(second);
}

}  // namespace
}  // namespace troupe
