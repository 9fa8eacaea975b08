#include <malloc.h>

#include "tests/unit/runtime/fixture.h"

namespace troupe {
namespace {

constexpr std::size_t kIdleBytesMax = 3'072;

class Plain final : public Behavior {
  Task<Result<Bytes>> action(ActionCall) override { co_return Bytes(); }
};

class ActorMemory : public ActorTest {};

TEST_F(ActorMemory, OfAnIdleActorWithoutConnectionsIsSmall) {
  constexpr std::size_t kActors = 1'000;
  definition.make = [](ActorContext&) { return std::make_unique<Plain>(); };
  auto shared = std::make_shared<const ActorDefinition>(definition);
  auto resident = [&] {
    ActorInstance::Config config{.ports = world.ports(),
                                 .store = &store,
                                 .definition = shared,
                                 .info = {.actor_id = std::string(30, 'x'), .generation = 1, .name = "scripted"},
                                 .id = {},
                                 .input = {},
                                 .executor = boost::asio::make_strand(world.context()),
                                 .host = host};
    auto made = ActorInstance::make(std::move(config));
    EXPECT_TRUE(world.run(made->start()));
    EXPECT_TRUE(world.run(made->transient_action({}, "act", {})));
    return made;
  };
  store.stored = Bytes();
  std::vector<std::shared_ptr<ActorInstance>> actors;
  actors.reserve(kActors);
  // Buffers that every thread keeps are not the actors'.
  auto first = resident();
  const auto before = mallinfo2().uordblks;
  for (std::size_t i = 0; i < kActors; ++i) actors.push_back(resident());
  const auto bytes_per_actor = (mallinfo2().uordblks - before) / kActors;
  RecordProperty("bytes_per_actor", static_cast<int>(bytes_per_actor));
  EXPECT_LE(bytes_per_actor, kIdleBytesMax);
}

}  // namespace
}  // namespace troupe
