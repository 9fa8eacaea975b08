#include "src/testing/world.h"

#include <boost/asio/detached.hpp>
#include <cstdlib>

#include "engine/base/errors.h"
#include "engine/base/key.h"

namespace troupe::testing::detail {

namespace {

constexpr std::chrono::minutes kLeftoversMax{10};

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  auto pattern = (std::filesystem::temp_directory_path() / "troupe-testing-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory can be made");
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

World::World(Registry actors_of_test, const EngineOptions& options)
    : world(options.seed, options.start_ms),
      registry(std::make_shared<const Registry>(std::move(actors_of_test))),
      store(make_memory_store()),
      actors(make_actor_store(world.ports(), *store, directory.path() / "sqlite", {})) {
  open();
}

World::~World() {
  if (engine) close();
  actors.reset();
  world.settle();
}

void World::open() {
  engine = make_engine(world.ports(), settings, *store, *actors, registry);
  const auto started = run(engine->start());
  if (!started || !*started) throw std::runtime_error("the engine of the test does not start");
  ns = engine->directory().find_namespace("default")->id;
}

void World::close() {
  boost::asio::co_spawn(world.context(), engine->stop(), boost::asio::detached);
  world.settle();
  if (engine->resident_actors() > 0) {
    world.advance(settings.shutdown_grace + Millis(1));
    // What does not end in time is let go; its waits must not outlive the engine.
    world.advance(kLeftoversMax);
  }
  engine.reset();
}

std::optional<ActorRecord> World::find(const ActorAddress& address) {
  auto id = run(engine->directory().find_by_key(ns, address.name, serialize_key(address.key)));
  if (!id || !*id || !**id) return std::nullopt;
  auto record = run(engine->find(***id));
  if (!record || !*record || !**record || (**record)->destroyed()) return std::nullopt;
  return ***record;
}

Task<Result<ActorId>> World::make(ActorAddress address, std::optional<Bytes> input) {
  GetOrCreate wanted{ns, std::move(address.name), serialize_key(address.key), settings.local_pool, std::move(input)};
  auto made = co_await engine->get_or_create(std::move(wanted));
  if (!made) co_return made.error();
  co_return made->actor.id;
}

Task<Result<QueueSent>> World::send(ActorAddress to, QueueSend message) {
  auto making = make(std::move(to), std::nullopt);
  TROUPE_CO_TRY(const auto id, co_await std::move(making));
  auto acquiring = engine->acquire(id, {});
  TROUPE_CO_TRY(const auto hosted, co_await std::move(acquiring));
  co_return co_await hosted->send(std::move(message));
}

}  // namespace troupe::testing::detail
