#include "tests/unit/envoy/envoy_fixture.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace troupe {

std::vector<std::string> EnvoyTest::Envoy::commands() const {
  std::vector<std::string> texts;
  for (const auto& message : wire->all<envoyproto::ToEnvoyCommands>())
    for (const auto& command : message.commands) texts.push_back(text_of(command));
  return texts;
}

std::string EnvoyTest::Envoy::last_command() const {
  const auto all = commands();
  return all.empty() ? "" : all.back();
}

EnvoyTest::EnvoyTest() { open(); }

EnvoyTest::~EnvoyTest() {
  for (auto& envoy : envoys) envoy->session = nullptr;
  tunnel->last_link = nullptr;
  if (engine) close();
}

void EnvoyTest::open() {
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

Ports EnvoyTest::ports() {
  const Ports world_ports = world.ports();
  return {clock, world_ports.timers, world_ports.random, world_ports.io, world_ports.storage};
}

void EnvoyTest::put_pool(PoolConfig config) {
  ASSERT_TRUE(world.run(engine->pools().put(ns, "apps", std::move(config))));
}

void EnvoyTest::close() {
  boost::asio::co_spawn(world.context(), engine->stop(), boost::asio::detached);
  world.advance(settings.shutdown_grace + envoy_settings.stop_grace + Millis(1));
  engine.reset();
  host = nullptr;
}

void EnvoyTest::crash() {
  for (auto& envoy : envoys) envoy->session = nullptr;
  tunnel->last_link = nullptr;
  actors.fences.clear();
  engine.reset();
  host = nullptr;
}

EnvoyTest::EnvoyPtr EnvoyTest::connect(std::string key, std::uint32_t version) {
  auto envoy = std::make_shared<Envoy>();
  envoy->hello = {"default", "apps", std::move(key), version, 8};
  auto session = host->connect(envoy->hello, envoy->wire);
  if (session) envoy->session = *session;
  world.settle();
  envoys.push_back(envoy);
  return envoy;
}

void EnvoyTest::disconnect(const EnvoyPtr& envoy, bool goodbye) {
  auto session = std::exchange(envoy->session, nullptr);
  session->closed(goodbye);
  world.settle();
}

Result<void> EnvoyTest::say(const EnvoyPtr& envoy, envoyproto::ToRivet message) {
  auto result = world.run(envoy->session->receive(std::move(message)));
  world.settle();
  return result;
}

void EnvoyTest::event(const EnvoyPtr& envoy, ActorId id, std::uint32_t generation, std::int64_t index,
                      envoyproto::Event inner) {
  envoyproto::ToRivetEvents events;
  events.events.push_back({{id.text(), generation, index}, std::move(inner)});
  ASSERT_TRUE(say(envoy, std::move(events)));
}

void EnvoyTest::runs(const EnvoyPtr& envoy, ActorId id, std::uint32_t generation) {
  event(envoy, id, generation, 0, envoyproto::EventActorStateUpdate{envoyproto::ActorStateRunning{}});
}

void EnvoyTest::stopped(const EnvoyPtr& envoy, ActorId id, std::uint32_t generation, std::int64_t index,
                        std::optional<std::string> failure) {
  envoyproto::ActorStateStopped state;
  if (failure) state.code = envoyproto::StopCode::error;
  state.message = failure;
  event(envoy, id, generation, index, envoyproto::EventActorStateUpdate{state});
}

void EnvoyTest::wants_sleep(const EnvoyPtr& envoy, ActorId id, std::uint32_t generation, std::int64_t index) {
  event(envoy, id, generation, index, envoyproto::EventActorIntent{envoyproto::ActorIntentSleep{}});
}

void EnvoyTest::confirm(const EnvoyPtr& envoy, ActorId id, std::uint32_t generation, std::int64_t index) {
  envoyproto::ToRivetAckCommands ack;
  ack.last_command_checkpoints.push_back({id.text(), generation, index});
  ASSERT_TRUE(say(envoy, std::move(ack)));
}

ActorId EnvoyTest::create(std::optional<std::string> key) {
  GetOrCreate wanted{ns, "counter", std::move(key), "apps", std::nullopt};
  const auto record = world.run(engine->create(std::move(wanted))).value();
  world.settle();
  return record.id;
}

ActorId EnvoyTest::running_actor(const EnvoyPtr& envoy) {
  const ActorId id = create();
  confirm(envoy, id, 1, 1);
  runs(envoy, id);
  return id;
}

std::string EnvoyTest::failure(ActorId id) {
  const auto record = view(id);
  if (!record.failure) return "";
  constexpr const char* kKinds[] = {"crashed",           "no_envoys",
                                    "no_capacity",       "envoy_connection_lost",
                                    "envoy_no_response", "concurrent_actor_limit_reached",
                                    "internal_error"};
  return std::string(kKinds[static_cast<std::size_t>(record.failure->kind)]) + ":" + record.failure->text;
}

void EnvoyTest::wake(ActorId id) {
  auto task = [this, id]() -> Task<void> { (void)co_await engine->acquire(id, {}); };
  boost::asio::co_spawn(world.context(), std::move(task), boost::asio::detached);
  world.settle();
}

}  // namespace troupe
