#include "src/daemon/daemon.h"

#include <spdlog/spdlog.h>
#include <algorithm>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <csignal>
#include <thread>

#include "engine/base/real_ports.h"
#include "gateway/management/build_info.h"
#include "gateway/outbound/outbound_client.h"
#include "src/daemon/data_directory.h"
#include "src/daemon/exit_codes.h"
#include "src/daemon/io_pool.h"
#include "src/daemon/metrics.h"
#include "src/daemon/metrics_server.h"
#include "src/daemon/process.h"
#include "src/demo/demo.h"

namespace troupe::daemon {

namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kTrimInterval{30};
constexpr Millis kDrainLimit{250};
/// For closing the store, on top of the times that clients and actors get.
constexpr Millis kStoreGrace{2'000};
/// Descriptors that are no client sockets: RocksDB, logs, listeners.
constexpr std::size_t kOwnDescriptors = 256;
/// A database file and its log.
constexpr std::size_t kDescriptorsPerDatabase = 2;
/// Of all descriptors at most one in so many is for databases.
constexpr std::size_t kDatabasesShare = 4;

unsigned io_threads(const Settings& settings) {
  return settings.io_threads > 0 ? settings.io_threads : std::max(1u, std::thread::hardware_concurrency());
}

unsigned storage_threads(const Settings& settings) {
  if (settings.storage_threads > 0) return settings.storage_threads;
  return std::clamp(std::thread::hardware_concurrency() / 2, 2u, 4u);
}

/// No more connections and databases than there are descriptors for.
void fit_to_descriptors(Settings& settings) {
  const std::size_t available = file_descriptors_max();
  auto& databases = settings.storage.sqlite_handles_max;
  const auto databases_possible = std::max<std::size_t>(available / kDatabasesShare / kDescriptorsPerDatabase, 1);
  if (databases > databases_possible) {
    spdlog::info("open databases are limited to {} instead of {}: the process may open {} files", databases_possible,
                 databases, available);
    databases = databases_possible;
  }
  const auto reserved = kOwnDescriptors + databases * kDescriptorsPerDatabase;
  const auto possible = available > 2 * reserved ? available - reserved : available / 2;
  if (settings.server.connections_max <= possible) return;
  spdlog::info("connections are limited to {} instead of {}: the process may open {} files", possible,
               settings.server.connections_max, available);
  settings.server.connections_max = possible;
}

int fail(const Error& error) {
  const auto detail = error.detail().empty() ? "" : " (" + error.detail() + ")";
  spdlog::critical("{}: {}{}", error.id(), error.message(), detail);
  return exit_code_of(error);
}

/// Members are declared in the order in which they are made; each uses those before it.
class Daemon {
 public:
  explicit Daemon(Settings settings)
      : settings_(std::move(settings)),
        io_(io_threads(settings_)),
        storage_pool_(storage_threads(settings_)),
        ports_{*clock_, *timers_, *random_, io_.executor(), storage_pool_.get_executor()} {}

  Result<void> start() {
    TROUPE_TRY(data_, DataDirectory::open(settings_.data_directory));
    TROUPE_TRY(store_, open_store(ports_, data_->records(), settings_.storage));
    actors_ = make_actor_store(ports_, *store_, data_->sqlite(), settings_.storage);

    auto registry = std::make_shared<Registry>();
    if (settings_.demo) register_demo_actors(*registry);
    settings_.server.admin_token = settings_.admin_token;
    engine_ = make_envoy_engine(ports_, settings_.engine, *store_, *actors_, registry, settings_.envoys,
                                make_outbound_client(ports_));
    ManagementSettings management;
    management.admin_token = settings_.admin_token;
    management.public_url = settings_.public_url;
    management.on_answer = [this](const ApiAnswer& answer) { metrics_.record(answer); };
    management_ = make_management_api(ports_, *engine_, std::move(management));
    server_ = make_server(ports_, settings_.server, *engine_, *management_);
    metrics_.set_sources({[this] { return server_->stats(); }, [this] { return engine_->resident_actors(); }});

    TROUPE_CHECK(run_to_end(engine_->start()));
    if (auto listening = server_->listen(); !listening) {
      (void)run_to_end(stop_engine());
      return listening.error();
    }
    if (auto serving = start_metrics(); !serving) {
      server_->stop_accepting();
      (void)run_to_end(stop_engine());
      return serving.error();
    }
    spdlog::info("listening on {} port {}, {} actor kinds, data in {}", settings_.server.host, server_->port(),
                 registry->all().size(), settings_.data_directory.string());
    return {};
  }

  /// Two stages: nothing new comes in while the actors go to sleep, then the sockets are closed.
  Task<void> stop() {
    server_->stop_accepting();
    co_await asio::co_spawn(io_.executor(), engine_->stop(), asio::use_awaitable);
    co_await asio::co_spawn(io_.executor(), server_->stop(settings_.socket_grace), asio::use_awaitable);
    if (metrics_server_) metrics_server_->stop();
  }

  /// After `stop`. Closes the store, whatever is left of the clients. True when nothing was left.
  bool close() {
    const bool idle = io_.drain(kDrainLimit);
    io_.stop();
    storage_pool_.join();
    if (!idle) {
      spdlog::debug("clients or actors were cut off");
      // What is still suspended refers to the engine and never runs again; only the data have to be closed.
      actors_.release();
      store_.reset();
      return false;
    }
    metrics_server_.reset();
    server_.reset();
    management_.reset();
    engine_.reset();
    actors_.reset();
    store_.reset();
    return true;
  }

  /// Gives memory back when nothing has happened since the last call.
  void trim_when_idle() {
    const auto requests = server_->stats().requests;
    if (requests == requests_seen_) release_free_memory();
    requests_seen_ = requests;
  }

  const Settings& settings() const { return settings_; }

 private:
  template <class T>
  T run_to_end(Task<T> task) {
    return asio::co_spawn(io_.executor(), std::move(task), asio::use_future).get();
  }

  Task<Result<void>> stop_engine() {
    co_await engine_->stop();
    co_return Result<void>();
  }

  Result<void> start_metrics() {
    const bool asked_for = settings_.metrics_port.has_value();
    const auto public_port = server_->port();
    // Port 0 stands for any; so does a public port that leaves no room above it.
    const auto above = settings_.server.port == 0 || public_port > UINT16_MAX - 10 ? 0 : public_port + 10;
    const auto port = settings_.metrics_port.value_or(static_cast<std::uint16_t>(above));
    auto started =
        start_metrics_server(io_.executor(), settings_.metrics_host, port, [this] { return metrics_.render(); });
    if (started) {
      metrics_server_ = std::move(started).value();
      spdlog::info("metrics on {} port {}", settings_.metrics_host, metrics_server_->port());
      return {};
    }
    if (asked_for) return started.error();
    spdlog::warn("no metrics: {}", started.error().message());
    return {};
  }

  Settings settings_;
  std::unique_ptr<Clock> clock_ = make_system_clock();
  std::unique_ptr<Timers> timers_ = make_asio_timers();
  std::unique_ptr<Random> random_ = make_system_random();
  IoPool io_;
  asio::thread_pool storage_pool_;
  Ports ports_;
  Metrics metrics_;
  std::optional<DataDirectory> data_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<ActorStore> actors_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<ManagementApi> management_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<MetricsServer> metrics_server_;
  std::uint64_t requests_seen_ = 0;
};

/// Ends the process without destructors, for when destructors cannot be relied upon.
[[noreturn]] void leave(int code) {
  spdlog::default_logger()->flush();
  std::_Exit(code);
}

/// The main thread's part: signals, the deadline of the stop, idle housekeeping.
class Control {
 public:
  explicit Control(Daemon& daemon) : daemon_(daemon) {}

  void run() {
    wait_for_signal();
    schedule_trim();
    context_.run();
  }

  asio::io_context& context() { return context_; }

 private:
  void wait_for_signal() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      if (stopping_) {
        spdlog::warn("signal {} again: leaving at once", signal);
        leave(128 + signal);
      }
      spdlog::info("signal {}: stopping", signal);
      stopping_ = true;
      trim_.cancel();
      wait_for_signal();
      begin_stop();
    });
  }

  void begin_stop() {
    const auto& settings = daemon_.settings();
    const auto limit =
        std::max(settings.force_stop, settings.engine.shutdown_grace + settings.socket_grace + kStoreGrace);
    force_.expires_after(limit);
    force_.async_wait([](boost::system::error_code error) {
      if (error) return;
      spdlog::error("the stop takes too long: leaving");
      leave(kExitFailure);
    });
    asio::co_spawn(context_, daemon_.stop(), [this](std::exception_ptr exception) {
      if (exception) spdlog::error("an exception disturbed the stop");
      // The deadline and the second signal hold until the store is closed, too.
      closer_ = std::thread([this] {
        clean_ = daemon_.close();
        asio::post(context_, [this] {
          signals_.cancel();
          force_.cancel();
        });
      });
    });
  }

  void schedule_trim() {
    trim_.expires_after(kTrimInterval);
    trim_.async_wait([this](boost::system::error_code error) {
      if (error || stopping_) return;
      daemon_.trim_when_idle();
      schedule_trim();
    });
  }

 public:
  /// After `run`.
  bool finish() {
    if (closer_.joinable()) closer_.join();
    return clean_;
  }

 private:
  Daemon& daemon_;
  asio::io_context context_{1};
  asio::signal_set signals_{context_, SIGTERM, SIGINT};
  asio::steady_timer force_{context_};
  asio::steady_timer trim_{context_};
  std::thread closer_;
  bool stopping_ = false;
  bool clean_ = false;
};

}  // namespace

int run_daemon(Settings settings) {
  spdlog::info("troupe {} ({}), compatible with Rivet Engine 2.3.19", build_info::kVersion, build_info::kGitSha);
  fit_to_descriptors(settings);
  Daemon daemon(std::move(settings));
  // Before anything is started, so that an early signal stops in order, too.
  Control control(daemon);
  if (auto started = daemon.start(); !started) {
    const auto code = fail(started.error());
    daemon.close();
    leave(code);
  }
  control.run();
  const bool clean = control.finish();
  spdlog::info("stopped");
  if (!clean) leave(kExitSuccess);
  return kExitSuccess;
}

}  // namespace troupe::daemon
