#include "troupe/behavior.h"

#include <gtest/gtest.h>

#include "engine/base/virtual_ports.h"

namespace troupe {
namespace {

class Plain final : public Behavior {};

TEST(Behavior, AnActorWithoutCodeStartsAndHasNoState) {
  VirtualWorld world;
  Plain plain;
  EXPECT_TRUE(world.run(plain.on_migrate(true)));
  EXPECT_EQ(*world.run(plain.create_state(Bytes{1})), Bytes());
  EXPECT_TRUE(plain.load_state({}));
  EXPECT_TRUE(world.run(plain.on_create(std::nullopt)));
  EXPECT_TRUE(world.run(plain.create_vars()));
  EXPECT_TRUE(world.run(plain.on_wake()));
  EXPECT_TRUE(world.run(plain.on_before_actor_start()));
  EXPECT_TRUE(world.run(plain.run()));
  EXPECT_TRUE(world.run(plain.on_sleep()));
  EXPECT_TRUE(world.run(plain.on_destroy()));
  EXPECT_EQ(*plain.serialize_state(), Bytes());
}

TEST(Behavior, AnActorWithoutCodeAdmitsEveryConnection) {
  VirtualWorld world;
  Plain plain;
  const Bytes params;
  const HttpRequest request;
  EXPECT_TRUE(world.run(plain.on_before_connect(params, request)));
  EXPECT_EQ(*world.run(plain.create_conn_state(params, request)), Bytes());
  EXPECT_TRUE(world.run(plain.on_connect(nullptr)));
  EXPECT_TRUE(world.run(plain.on_disconnect(nullptr)));
  EXPECT_TRUE(*world.run(plain.can_subscribe(nullptr, "event")));
}

TEST(Behavior, AnActorWithoutCodeKnowsNoAction) {
  VirtualWorld world;
  Plain plain;
  auto result = world.run(plain.action({"increment", {}, nullptr}));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().id(), "actor.action_not_found");
  EXPECT_EQ(result.error().message(), "Action `increment` was not found.");
  EXPECT_EQ(*world.run(plain.on_before_action_response("a", {}, Bytes{1, 2})), (Bytes{1, 2}));
  EXPECT_FALSE(world.run(plain.on_request({}, nullptr)));
  EXPECT_FALSE(world.run(plain.on_websocket(nullptr, nullptr)));
}

}  // namespace
}  // namespace troupe
