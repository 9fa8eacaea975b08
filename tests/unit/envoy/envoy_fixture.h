#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "engine/base/virtual_ports.h"
#include "engine/engine_hosts.h"
#include "engine/hosts/envoy/envoy_host.h"
#include "tests/unit/directory/actor_store_fake.h"
#include "tests/unit/directory/watched_store.h"
#include "tests/unit/envoy/envoy_fakes.h"

namespace troupe {

/// "a0b1… g1 i2 stop(lost)" and so on, without the actor id.
inline std::string text_of(const envoyproto::CommandWrapper& command) {
  std::string text =
      "g" + std::to_string(command.checkpoint.generation) + " i" + std::to_string(command.checkpoint.index) + " ";
  const auto* stop = std::get_if<envoyproto::CommandStopActor>(&command.inner);
  if (!stop) return text + "start";
  constexpr const char* kReasons[] = {"sleep_intent", "stop_intent", "destroy", "going_away", "lost"};
  return text + "stop(" + kReasons[static_cast<std::size_t>(stop->reason)] + ")";
}

/// A clock that can be ahead of the timers: they fire late, as after a pause of the process.
class LateClock final : public Clock {
 public:
  explicit LateClock(Clock& inner) : inner_(inner) {}
  std::int64_t now_ms() const override { return inner_.now_ms() + lateness.count(); }
  std::chrono::nanoseconds monotonic() const override { return inner_.monotonic() + lateness; }
  Millis lateness{0};

 private:
  Clock& inner_;
};

/// An engine whose actors are in envoys that the test plays. Virtual time.
class EnvoyTest : public testing::Test {
 protected:
  EnvoyTest() { open(); }
  ~EnvoyTest() override {
    for (auto& envoy : envoys) envoy->session = nullptr;
    tunnel->last_link = nullptr;
    if (engine) close();
  }

  /// One connected envoy process, as far as a test plays it.
  struct Envoy {
    EnvoyHello hello;
    std::shared_ptr<WireFake> wire = std::make_shared<WireFake>();
    std::shared_ptr<EnvoySession> session;

    std::vector<std::string> commands() const {
      std::vector<std::string> texts;
      for (const auto& message : wire->all<envoyproto::ToEnvoyCommands>())
        for (const auto& command : message.commands) texts.push_back(text_of(command));
      return texts;
    }
    std::string close_reason() const { return wire->close_reason(); }
    std::string last_command() const {
      const auto all = commands();
      return all.empty() ? "" : all.back();
    }
  };
  using EnvoyPtr = std::shared_ptr<Envoy>;

  void open() {
    auto make_hosts = [this](HostParts parts) {
      EnvoyHostParts made{ports(),           envoy_settings, parts.directory, parts.pools, parts.names,
                          parts.pool_errors, storage,        tunnel,          nullptr};
      host = make_envoy_host(std::move(made));
      return std::vector<std::shared_ptr<Host>>{host};
    };
    envoy_settings.lost_threshold = settings.envoy_lost_threshold;
    engine = make_engine_over(ports(), settings, store, actors, std::make_shared<Registry>(), make_hosts);
    ASSERT_TRUE(world.run(engine->start()));
    world.settle();
    ns = engine->directory().find_namespace("default")->id;
    if (!engine->pools().find(ns, "apps")) put_pool(PoolConfig());
  }
  Ports ports() {
    const Ports world_ports = world.ports();
    return {clock, world_ports.timers, world_ports.random, world_ports.io, world_ports.storage};
  }
  void put_pool(PoolConfig config) { ASSERT_TRUE(world.run(engine->pools().put(ns, "apps", std::move(config)))); }
  void close() {
    boost::asio::co_spawn(world.context(), engine->stop(), boost::asio::detached);
    world.advance(settings.shutdown_grace + envoy_settings.stop_grace + Millis(1));
    engine.reset();
    host = nullptr;
  }
  /// The engine's process is gone in the middle of everything; the store stays.
  void crash() {
    for (auto& envoy : envoys) envoy->session = nullptr;
    tunnel->last_link = nullptr;
    actors.fences.clear();
    engine.reset();
    host = nullptr;
  }

  EnvoyPtr connect(std::string key = "envoy-1", std::uint32_t version = 1) {
    auto envoy = std::make_shared<Envoy>();
    envoy->hello = {"default", "apps", std::move(key), version, 8};
    auto session = host->connect(envoy->hello, envoy->wire);
    if (session) envoy->session = *session;
    world.settle();
    envoys.push_back(envoy);
    return envoy;
  }
  void disconnect(const EnvoyPtr& envoy, bool goodbye = false) {
    auto session = std::exchange(envoy->session, nullptr);
    session->closed(goodbye);
    world.settle();
  }
  /// The same process over a new connection.
  EnvoyPtr reconnect(const EnvoyPtr& envoy) { return connect(envoy->hello.key, envoy->hello.version); }

  Result<void> say(const EnvoyPtr& envoy, envoyproto::ToRivet message) {
    auto result = world.run(envoy->session->receive(std::move(message)));
    world.settle();
    return result;
  }
  void event(const EnvoyPtr& envoy, ActorId id, std::uint32_t generation, std::int64_t index, envoyproto::Event inner) {
    envoyproto::ToRivetEvents events;
    events.events.push_back({{id.text(), generation, index}, std::move(inner)});
    ASSERT_TRUE(say(envoy, std::move(events)));
  }
  void runs(const EnvoyPtr& envoy, ActorId id, std::uint32_t generation = 1) {
    event(envoy, id, generation, 0, envoyproto::EventActorStateUpdate{envoyproto::ActorStateRunning{}});
  }
  void stopped(const EnvoyPtr& envoy, ActorId id, std::uint32_t generation = 1, std::int64_t index = 9,
               std::optional<std::string> failure = std::nullopt) {
    envoyproto::ActorStateStopped state;
    if (failure) state.code = envoyproto::StopCode::error;
    state.message = failure;
    event(envoy, id, generation, index, envoyproto::EventActorStateUpdate{state});
  }
  void wants_sleep(const EnvoyPtr& envoy, ActorId id, std::uint32_t generation = 1, std::int64_t index = 5) {
    event(envoy, id, generation, index, envoyproto::EventActorIntent{envoyproto::ActorIntentSleep{}});
  }
  void confirm(const EnvoyPtr& envoy, ActorId id, std::uint32_t generation, std::int64_t index) {
    envoyproto::ToRivetAckCommands ack;
    ack.last_command_checkpoints.push_back({id.text(), generation, index});
    ASSERT_TRUE(say(envoy, std::move(ack)));
  }

  ActorId create(std::optional<std::string> key = std::nullopt) {
    GetOrCreate wanted{ns, "counter", std::move(key), "apps", std::nullopt};
    const auto record = world.run(engine->create(std::move(wanted))).value();
    world.settle();
    return record.id;
  }
  /// Created and running at `envoy`.
  ActorId running_actor(const EnvoyPtr& envoy) {
    const ActorId id = create();
    confirm(envoy, id, 1, 1);
    runs(envoy, id);
    return id;
  }
  ActorRecord view(ActorId id) { return *world.run(engine->find(id)).value(); }
  std::string failure(ActorId id) {
    const auto record = view(id);
    if (!record.failure) return "";
    constexpr const char* kKinds[] = {"crashed",           "no_envoys",
                                      "no_capacity",       "envoy_connection_lost",
                                      "envoy_no_response", "concurrent_actor_limit_reached",
                                      "internal_error"};
    return std::string(kKinds[static_cast<std::size_t>(record.failure->kind)]) + ":" + record.failure->text;
  }
  void wake(ActorId id) {
    auto task = [this, id]() -> Task<void> { (void)co_await engine->acquire(id, {}); };
    boost::asio::co_spawn(world.context(), std::move(task), boost::asio::detached);
    world.settle();
  }

  VirtualWorld world;
  LateClock clock{world.ports().clock};
  EngineSettings settings;
  EnvoySettings envoy_settings;
  WatchedStore store;
  ActorStoreFake actors{store};
  std::shared_ptr<StorageFake> storage = std::make_shared<StorageFake>();
  std::shared_ptr<TunnelFake> tunnel = std::make_shared<TunnelFake>();
  std::shared_ptr<EnvoyHost> host;
  std::unique_ptr<Engine> engine;
  std::vector<EnvoyPtr> envoys;
  NamespaceId ns;
};

}  // namespace troupe
