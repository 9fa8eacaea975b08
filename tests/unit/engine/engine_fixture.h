#pragma once

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/virtual_ports.h"
#include "engine/engine_hosts.h"
#include "tests/unit/directory/actor_store_fake.h"
#include "tests/unit/directory/watched_store.h"
#include "tests/unit/engine/scripted_host.h"

namespace troupe {

/// An engine over the memory store and a scripted host, in virtual time.
class EngineTest : public testing::Test {
 protected:
  EngineTest() { open(); }
  ~EngineTest() override {
    // What still waits must not outlive the engine.
    if (engine) close();
    // A generation that never stopped knows its placement, which knows the host, which knows the generation.
    host->started.clear();
  }

  void open() {
    host = std::make_shared<ScriptedHost>();
    auto registry = std::make_shared<Registry>();
    ActorDefinition definition;
    definition.name = "counter";
    definition.options.icon = "bolt";
    registry->add(std::move(definition));
    auto make_hosts = [this](HostParts parts) {
      caller = std::move(parts.call);
      return std::vector<std::shared_ptr<Host>>{host};
    };
    engine = make_engine_over(world.ports(), settings, store, actors, registry, make_hosts);
    ASSERT_TRUE(world.run(engine->start()));
    ns = engine->directory().find_namespace("default")->id;
  }
  void close() {
    spawn(engine->stop());
    world.advance(settings.shutdown_grace + Millis(1));
    engine.reset();
  }
  /// The process is gone in the middle of everything; the store stays.
  void crash() {
    host->started.clear();
    actors.fences.clear();
    engine.reset();
  }

  /// A task that runs beside the test; `done` once it has ended.
  template <class T>
  struct Running {
    bool done = false;
    std::optional<T> result;
  };
  template <class T>
  std::shared_ptr<Running<T>> spawn(Task<T> task) {
    auto running = std::make_shared<Running<T>>();
    boost::asio::co_spawn(world.context(), std::move(task), [running](std::exception_ptr thrown, T result) {
      if (thrown) std::rethrow_exception(thrown);
      running->done = true;
      running->result = std::move(result);
    });
    world.settle();
    return running;
  }
  void spawn(Task<void> task) {
    boost::asio::co_spawn(world.context(), std::move(task), boost::asio::detached);
    world.settle();
  }

  GetOrCreate wanted(std::optional<std::string> key = std::nullopt, std::string name = "counter",
                     std::string pool = "default") {
    return {ns, std::move(name), std::move(key), std::move(pool), std::nullopt};
  }
  ActorId create(std::optional<std::string> key = std::nullopt) {
    const auto record = world.run(engine->create(wanted(std::move(key)))).value();
    world.settle();
    return record.id;
  }
  ActorRecord view(ActorId id) { return *world.run(engine->find(id)).value(); }
  std::shared_ptr<Running<Result<HttpResponse>>> fetch(ActorId id, bool skip_ready_wait = false) {
    auto request = std::make_shared<HttpRequest>();
    request->method = "GET";
    request->target = "/request/x";
    return spawn(engine->fetch(id, std::move(request), {skip_ready_wait}));
  }
  static std::string body(const Result<HttpResponse>& response) {
    return response ? to_string(response->body) : response.error().id();
  }
  ScriptedActor& last() { return *host->last(); }
  void fall_asleep() {
    last().events->sleep_intent();
    world.settle();
  }

  VirtualWorld world;
  EngineSettings settings;
  WatchedStore store;
  ActorStoreFake actors{store};
  std::shared_ptr<ScriptedHost> host;
  ActorCaller caller;
  std::unique_ptr<Engine> engine;
  NamespaceId ns;
};

}  // namespace troupe
