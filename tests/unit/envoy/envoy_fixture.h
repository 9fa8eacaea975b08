#pragma once

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
  EnvoyTest();
  ~EnvoyTest() override;

  /// One connected envoy process, as far as a test plays it.
  struct Envoy {
    EnvoyHello hello;
    std::shared_ptr<WireFake> wire = std::make_shared<WireFake>();
    std::shared_ptr<EnvoySession> session;

    std::vector<std::string> commands() const;
    std::string close_reason() const { return wire->close_reason(); }
    std::string last_command() const;
  };
  using EnvoyPtr = std::shared_ptr<Envoy>;

  void open();
  Ports ports();
  void put_pool(PoolConfig config);
  void close();
  /// The engine's process is gone in the middle of everything; the store stays.
  void crash();

  EnvoyPtr connect(std::string key = "envoy-1", std::uint32_t version = 1);
  void disconnect(const EnvoyPtr& envoy, bool goodbye = false);
  /// The same process over a new connection.
  EnvoyPtr reconnect(const EnvoyPtr& envoy) { return connect(envoy->hello.key, envoy->hello.version); }

  Result<void> say(const EnvoyPtr& envoy, envoyproto::ToRivet message);
  void event(const EnvoyPtr& envoy, ActorId id, std::uint32_t generation, std::int64_t index, envoyproto::Event inner);
  void runs(const EnvoyPtr& envoy, ActorId id, std::uint32_t generation = 1);
  void stopped(const EnvoyPtr& envoy, ActorId id, std::uint32_t generation = 1, std::int64_t index = 9,
               std::optional<std::string> failure = std::nullopt);
  void wants_sleep(const EnvoyPtr& envoy, ActorId id, std::uint32_t generation = 1, std::int64_t index = 5);
  void confirm(const EnvoyPtr& envoy, ActorId id, std::uint32_t generation, std::int64_t index);

  ActorId create(std::optional<std::string> key = std::nullopt);
  /// Created and running at `envoy`.
  ActorId running_actor(const EnvoyPtr& envoy);
  ActorRecord view(ActorId id) { return *world.run(engine->find(id)).value(); }
  std::string failure(ActorId id);
  void wake(ActorId id);

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
