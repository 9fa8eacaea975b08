#include <optional>

#include "src/testing/world.h"
#include "troupe/testing.h"

namespace troupe::testing {

Engine::Engine(Registry registry, EngineOptions options)
    : world_(std::make_unique<detail::World>(std::move(registry), options)) {}
Engine::~Engine() = default;

void Engine::advance(std::chrono::milliseconds time) { world_->world.advance(time); }
std::int64_t Engine::now_ms() const { return world_->world.now_ms(); }
void Engine::jump_wall_clock(std::chrono::milliseconds by) { world_->world.jump_wall_clock(by); }
std::size_t Engine::awake_actors() const { return world_->engine->resident_actors(); }

void Engine::restart() {
  world_->close();
  world_->open();
}

// -- actors -----------------------------------------------------------------------------------------------------------

Result<void> Actor::create_with(std::optional<Bytes> input) {
  auto made = world_->run(world_->make(address_, std::move(input)));
  if (!made) throw Misuse("creating an actor does not wait for time");
  if (!*made) return made->error();
  return {};
}

std::shared_ptr<detail::PendingAnswer> Actor::begin(std::string action, Bytes args) {
  auto pending = std::make_shared<detail::PendingAnswer>();
  auto answered = [pending](std::exception_ptr thrown, Result<Bytes> answer) {
    pending->answer = thrown ? Result<Bytes>(internal_error("the call threw")) : std::move(answer);
  };
  boost::asio::co_spawn(world_->world.context(),
                        world_->engine->call(world_->ns, address_, std::move(action), std::move(args)),
                        std::move(answered));
  world_->world.settle();
  return pending;
}

std::shared_ptr<detail::PendingMessage> Actor::begin_send(QueueSend message) {
  auto pending = std::make_shared<detail::PendingMessage>();
  auto finished = [pending](std::exception_ptr thrown, Result<QueueSent> outcome) {
    pending->outcome = thrown ? Result<QueueSent>(internal_error("the queue threw")) : std::move(outcome);
  };
  boost::asio::co_spawn(world_->world.context(), world_->send(address_, std::move(message)), std::move(finished));
  world_->world.settle();
  return pending;
}

HttpResponse Actor::fetch(HttpRequest request) {
  const auto made = world_->run(world_->make(address_, std::nullopt));
  if (!made || !*made) throw Misuse("the actor cannot be created: " + (made ? made->error().id() : "no answer"));
  auto sent = std::make_shared<const HttpRequest>(std::move(request));
  auto response = world_->run(world_->engine->fetch(**made, std::move(sent), {}));
  if (!response) throw Misuse("the request waits for time to pass");
  if (!*response) throw Misuse("the request did not reach the actor: " + response->error().id());
  return std::move(**response);
}

bool Actor::exists() const { return world_->find(address_).has_value(); }

bool Actor::awake() const {
  const auto record = world_->find(address_);
  return record && record->connectable_ts.has_value();
}

std::string Actor::id() const {
  const auto record = world_->find(address_);
  return record ? record->id.text() : std::string();
}

std::uint32_t Actor::generation() const {
  const auto record = world_->find(address_);
  return record ? record->generation : 0;
}

void Actor::sleep() {
  const auto record = world_->find(address_);
  if (!record) throw Misuse("there is no such actor to put to sleep");
  (void)world_->run(world_->engine->sleep(record->id));
}

void Actor::wake() {
  const auto made = world_->run(world_->make(address_, std::nullopt));
  if (!made || !*made) throw Misuse("the actor cannot be created: " + (made ? made->error().id() : "no answer"));
  (void)world_->run(world_->engine->acquire(**made, {}));
}

bool Actor::destroy() {
  const auto record = world_->find(address_);
  if (!record) return true;
  (void)world_->run(world_->engine->destroy(record->id));
  return !exists();
}

}  // namespace troupe::testing
