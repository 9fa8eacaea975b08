#include "tests/sim/sim_life.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "engine/hosts/envoy/envoy_engine.h"
#include "src/demo/demo.h"
#include "tests/sim/sim_socket_actors.h"

namespace troupe::sim {
namespace {

constexpr Millis kStep{50};
/// Of a start or a stop, in virtual time.
constexpr int kStepsMax = 1'200;

std::shared_ptr<const Registry> make_registry(const ActorDefects& defects) {
  auto registry = std::make_shared<Registry>();
  register_demo_actors(*registry);
  register_sim_actors(*registry, defects);
  register_socket_actors(*registry);
  return registry;
}

/// Short limits, so that each of them is reached in a life.
std::unique_ptr<Engine> make_engine_for_envoys(const Ports& ports, Store& store, ActorStore& actors,
                                               std::shared_ptr<const Registry> registry) {
  EngineSettings settings;
  settings.actor_ready_timeout = Millis(3'000);
  settings.actor_start_threshold = Millis(2'000);
  settings.actor_stop_threshold = Millis(3'000);
  settings.envoy_lost_threshold = Millis(1'500);
  settings.base_retry_timeout = Millis(100);
  settings.reschedule_backoff_max_exponent = 1;
  EnvoyOptions options;
  options.envoys.ping_interval = Millis(400);
  options.envoys.ping_timeout = Millis(1'500);
  options.envoys.eligible_threshold = Millis(1'000);
  options.tunnel.response_start_timeout = Millis(4'000);
  options.tunnel.silence_timeout = Millis(2'000);
  return make_envoy_engine(ports, settings, store, actors, std::move(registry), std::move(options));
}

template <class T>
std::shared_ptr<std::optional<T>> begin(VirtualWorld& world, Task<T> task) {
  auto result = std::make_shared<std::optional<T>>();
  boost::asio::co_spawn(world.context(), std::move(task), [result](std::exception_ptr thrown, T value) {
    if (thrown) std::rethrow_exception(thrown);
    result->emplace(std::move(value));
  });
  world.settle();
  return result;
}

Task<bool> stop_engine(Engine& engine) {
  co_await engine.stop();
  co_return true;
}

}  // namespace

Life::Life(LifePlan plan, Rows rows, const std::filesystem::path& scratch)
    : plan_(std::move(plan)),
      world_(plan_.seed, plan_.start_ms),
      store_(world_.ports(), std::move(rows), plan_.faults, plan_.defects, plan_.seed * 31 + 7,
             [this](const char* name) { at_point(name); }) {
  actors_ = make_actor_store(world_.ports(), store_, scratch, StorageSettings());
  auto registry = make_registry(plan_.actor_defects);
  engine_ = plan_.envoys ? make_engine_for_envoys(world_.ports(), store_, *actors_, std::move(registry))
                         : make_engine(world_.ports(), plan_.settings, store_, *actors_, std::move(registry));
}

Life::~Life() {
  store_.calm();
  stop_in_order();
  engine_.reset();
  actors_.reset();
}

void Life::at_point(const char* name) {
  if (dead_ || plan_.crash_point != name) return;
  if (--plan_.crash_count == 0) die(loss);
}

void Life::die(Loss how) {
  if (dead_) return;
  dead_ = true;
  left_ = store_.survivors(how);
}

bool Life::start() {
  auto started = begin(world_, engine_->start());
  for (int step = 0; step < kStepsMax && !*started && !dead_; ++step) world_.advance(kStep);
  if (dead_ || !*started || !**started) return false;
  ns_ = engine_->directory().find_namespace("default")->id;
  return true;
}

void Life::jump(Millis by) {
  jumps_.push_back(by.count());
  world_.jump_wall_clock(by);
}

void Life::stop_in_order() {
  auto stopped = begin(world_, stop_engine(*engine_));
  for (int step = 0; step < kStepsMax && !*stopped; ++step) world_.advance(kStep);
  world_.advance(Millis(1));
}

}  // namespace troupe::sim
