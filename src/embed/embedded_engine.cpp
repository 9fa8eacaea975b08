#include <spdlog/spdlog.h>

#include "engine/base/async.h"
#include "engine/base/errors.h"
#include "src/node/descriptors.h"
#include "src/node/node.h"
#include "src/node/run_to_end.h"
#include "troupe/embed.h"

namespace troupe {

namespace {

constexpr std::string_view kNamespace = "default";

DurabilityMode mode_of(WriteSync durability) {
  switch (durability) {
    case WriteSync::sync:
      return DurabilityMode::sync;
    case WriteSync::interval:
      return DurabilityMode::interval;
    case WriteSync::os:
      return DurabilityMode::os;
  }
  return DurabilityMode::sync;
}

node::NodeSettings settings_of(EngineOptions options) {
  node::NodeSettings settings;
  settings.listen = options.port.has_value();
  settings.server.host = std::move(options.host);
  settings.server.port = options.port.value_or(0);
  settings.engine.shutdown_grace = options.shutdown_grace;
  settings.storage.durability = mode_of(options.durability);
  settings.admin_token = std::move(options.admin_token);
  settings.public_url = std::move(options.public_url);
  if (settings.public_url.empty())
    settings.public_url = "http://" + settings.server.host + ":" + std::to_string(settings.server.port) + "/";
  settings.data_directory = std::move(options.data_directory);
  settings.io_threads = options.io_threads;
  node::fit_to_descriptors(settings);
  return settings;
}

Task<Done> stop_node(node::Node& node) {
  co_await node.stop();
  co_return Done();
}

Task<Result<Bytes>> stopped() { co_return make_error("guard", "service_unavailable"); }

}  // namespace

struct EmbeddedEngine::State {
  explicit State(EngineOptions options)
      : node(std::make_unique<node::Node>(settings_of(std::move(options)), node::NodeObservers())) {}

  std::unique_ptr<node::Node> node;
  NamespaceId ns;
  bool running = false;
};

Result<EmbeddedEngine> EmbeddedEngine::start(Registry registry, EngineOptions options) {
  auto state = std::make_unique<State>(std::move(options));
  auto started = state->node->start(std::make_shared<const Registry>(std::move(registry)));
  if (!started) {
    state->node->close();
    return started.error();
  }
  state->ns = state->node->engine().directory().find_namespace(kNamespace)->id;
  state->running = true;
  return EmbeddedEngine(std::move(state));
}

EmbeddedEngine::EmbeddedEngine(std::unique_ptr<State> state) : state_(std::move(state)) {}
EmbeddedEngine::EmbeddedEngine(EmbeddedEngine&&) noexcept = default;
EmbeddedEngine& EmbeddedEngine::operator=(EmbeddedEngine&& other) noexcept {
  if (this != &other) {
    stop();
    state_ = std::move(other.state_);
  }
  return *this;
}
EmbeddedEngine::~EmbeddedEngine() { stop(); }

std::uint16_t EmbeddedEngine::port() const {
  auto* server = state_->running ? state_->node->server() : nullptr;
  return server != nullptr ? server->port() : 0;
}

Executor EmbeddedEngine::executor() const { return state_->node->executor(); }

Task<Result<Bytes>> EmbeddedEngine::call(ActorAddress to, std::string action, Bytes args) const {
  if (!state_->running) return stopped();
  return state_->node->engine().call(state_->ns, std::move(to), std::move(action), std::move(args));
}

Result<Bytes> EmbeddedEngine::wait_for(ActorAddress to, std::string action, Bytes args) const {
  if (!state_->running) return make_error("guard", "service_unavailable");
  return state_->node->run_to_end(call(std::move(to), std::move(action), std::move(args)));
}

void EmbeddedEngine::stop() {
  if (!state_ || !std::exchange(state_->running, false)) return;
  state_->node->run_to_end(stop_node(*state_->node));
  if (state_->node->close()) return;
  // Coroutines that did not end refer to it.
  spdlog::warn("work was left when the engine stopped; it never runs again");
  (void)state_->node.release();
}

}  // namespace troupe
