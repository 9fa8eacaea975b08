#include "src/node/node.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>

#include "engine/base/real_ports.h"
#include "gateway/outbound/outbound_client.h"
#include "inspector/http_inspector.h"
#include "src/node/run_to_end.h"
#include "src/node/stall_log.h"

namespace troupe::node {

namespace {

constexpr Millis kDrainLimit{250};
constexpr std::chrono::seconds kStuckLimit{1};

unsigned io_threads(const NodeSettings& settings) {
  return settings.io_threads > 0 ? settings.io_threads : std::max(1u, std::thread::hardware_concurrency());
}

unsigned storage_threads(const NodeSettings& settings) {
  if (settings.storage_threads > 0) return settings.storage_threads;
  return std::clamp(std::thread::hardware_concurrency() / 2, 2u, 4u);
}

}  // namespace

Node::Node(NodeSettings settings, NodeObservers observers)
    : settings_(std::move(settings)),
      observers_(std::move(observers)),
      clock_(make_system_clock()),
      timers_(make_asio_timers()),
      background_(*timers_),
      random_(make_system_random()),
      io_(io_threads(settings_)),
      storage_pool_(storage_threads(settings_)),
      ports_{*clock_, *timers_, *random_, io_.executor(), storage_pool_.get_executor()},
      storage_ports_{*clock_, background_, *random_, io_.executor(), storage_pool_.get_executor()} {
  if (settings_.stall_threshold == Millis(0)) return;
  settings_.engine.stall_watch =
      std::make_shared<const StallWatch>(*clock_, settings_.stall_threshold, StallLog(observers_.on_stall));
}

void Node::find_stuck() const {
  if (!settings_.engine.stall_watch) return;
  settings_.engine.stall_watch->find_stuck(kStuckLimit, [](const CodeLabel& code, std::chrono::nanoseconds held) {
    spdlog::error("actor {}: {} has held an I/O thread for {} ms and still does", code.actor, code.handler,
                  std::chrono::duration_cast<Millis>(held).count());
  });
}

Result<void> Node::start(std::shared_ptr<const Registry> registry) {
  TROUPE_TRY(data_, DataDirectory::open(settings_.data_directory));
  TROUPE_TRY(store_, open_store(storage_ports_, data_->records(), settings_.storage));
  actors_ = make_actor_store(storage_ports_, *store_, data_->sqlite(), settings_.storage);
  settings_.server.admin_token = settings_.admin_token;
  engine_ = make_envoy_engine(ports_, settings_.engine, *store_, *actors_, std::move(registry), settings_.envoys,
                              make_outbound_client(ports_), make_http_inspector(settings_.inspector));
  if (settings_.listen) {
    ManagementSettings management;
    management.admin_token = settings_.admin_token;
    management.public_url = settings_.public_url;
    management.on_answer = observers_.on_answer;
    management_ = make_management_api(ports_, *engine_, std::move(management));
    server_ = make_server(ports_, settings_.server, *engine_, *management_);
  }
  TROUPE_CHECK(run_to_end(engine_->start()));
  return server_ ? open_port() : Result<void>();
}

void Node::release_memory() {
  store_->release_memory();
  engine_->directory().release_memory();
}

Result<void> Node::open_port() {
  auto listening = server_->listen();
  if (!listening) (void)run_to_end(stop_engine());
  return listening;
}

Task<Result<void>> Node::stop_engine() {
  co_await engine_->stop();
  co_return Result<void>();
}

Task<void> Node::stop() {
  if (server_) server_->stop_accepting();
  co_await boost::asio::co_spawn(io_.executor(), engine_->stop(), boost::asio::use_awaitable);
  if (server_) {
    auto closing = server_->stop(settings_.socket_grace);
    co_await boost::asio::co_spawn(io_.executor(), std::move(closing), boost::asio::use_awaitable);
  }
}

bool Node::close() {
  // The stores do below what these wait for.
  background_.close();
  const bool idle = io_.drain(kDrainLimit);
  io_.stop();
  storage_pool_.join();
  if (!idle) {
    spdlog::debug("clients or actors were cut off");
    // What is still suspended refers to the engine and never runs again; only the data have to be closed.
    if (actors_) actors_.release();
    store_.reset();
    return false;
  }
  server_.reset();
  management_.reset();
  engine_.reset();
  actors_.reset();
  store_.reset();
  return true;
}

}  // namespace troupe::node
