#include "src/daemon/daemon.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <ctime>
#include <thread>
#include <utility>

#include "engine/base/async.h"
#include "gateway/management/build_info.h"
#include "src/daemon/exit_codes.h"
#include "src/daemon/metrics.h"
#include "src/daemon/metrics_server.h"
#include "src/daemon/process.h"
#include "src/daemon/registry.h"
#include "src/node/descriptors.h"
#include "src/node/node.h"
#include "src/node/run_to_end.h"

namespace troupe::daemon {

namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kTrimInterval{5};
/// Of a core: a daemon that uses less is at rest. Health checks and the pings of envoys do not disturb it.
constexpr double kRestShare = 0.01;
constexpr std::chrono::seconds kWatchInterval{1};
/// For closing the store, on top of the times that clients and actors get.
constexpr Millis kStoreGrace{2'000};

int fail(const Error& error) {
  const auto detail = error.detail().empty() ? "" : " (" + error.detail() + ")";
  spdlog::critical("{}: {}{}", error.id(), error.message(), detail);
  return exit_code_of(error);
}

/// A node with metrics. Members are declared in the order in which they are made; each uses those before it.
class Daemon {
 public:
  explicit Daemon(Settings settings) : settings_(std::move(settings)), node_(settings_, observers()) {}

  Result<void> start() {
    TROUPE_TRY(const auto registry, make_registry(settings_));
    TROUPE_CHECK(node_.start(registry));
    Metrics::Sources sources;
    sources.server = [this] { return node_.server()->stats(); };
    sources.resident_actors = [this] { return node_.engine().resident_actors(); };
    sources.tunnel = [this] { return node_.engine().tunnel_stats(); };
    sources.sockets = [this] { return node_.engine().socket_stats(); };
    metrics_.set_sources(std::move(sources));
    if (auto serving = start_metrics(); !serving) {
      node_.run_to_end(stop_early());
      return serving.error();
    }
    spdlog::info("listening on {} port {}, {} actor kinds, data in {}", settings_.server.host, node_.server()->port(),
                 registry->all().size(), settings_.data_directory.string());
    return {};
  }

  Task<void> stop() {
    co_await node_.stop();
    if (metrics_server_) metrics_server_->stop();
  }

  /// After `stop`. True when nothing was left of the clients.
  bool close() {
    const bool clean = node_.close();
    if (clean) metrics_server_.reset();
    return clean;
  }

  /// Gives memory back when hardly anything has happened since the last call, `kTrimInterval` ago.
  void trim_when_idle() {
    const std::clock_t used = std::clock();
    const auto used_since = static_cast<double>(used - std::exchange(cpu_seen_, used)) / CLOCKS_PER_SEC;
    if (used_since > kRestShare * static_cast<double>(kTrimInterval.count())) return;
    // What the store gives back now is free the next time.
    node_.release_memory();
    release_free_memory();
  }

  const Settings& settings() const { return settings_; }

  void find_stuck() const { node_.find_stuck(); }

 private:
  node::NodeObservers observers() {
    node::NodeObservers observers;
    observers.on_answer = [this](const ApiAnswer& answer) { metrics_.record(answer); };
    observers.on_stall = [this](const CodeLabel& code, std::chrono::nanoseconds held) {
      metrics_.record_stall(code.actor, code.handler, held);
    };
    return observers;
  }

  Task<Done> stop_early() {
    co_await node_.stop();
    co_return Done();
  }

  Result<void> start_metrics() {
    const bool asked_for = settings_.metrics_port.has_value();
    const auto public_port = node_.server()->port();
    // Port 0 stands for any; so does a public port that leaves no room above it.
    const auto above = settings_.server.port == 0 || public_port > UINT16_MAX - 10 ? 0 : public_port + 10;
    const auto port = settings_.metrics_port.value_or(static_cast<std::uint16_t>(above));
    auto started =
        start_metrics_server(node_.executor(), settings_.metrics_host, port, [this] { return metrics_.render(); });
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
  Metrics metrics_;
  node::Node node_;
  std::unique_ptr<MetricsServer> metrics_server_;
  std::clock_t cpu_seen_ = 0;
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
    schedule_watch();
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
      watch_.cancel();
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

  void schedule_watch() {
    watch_.expires_after(kWatchInterval);
    watch_.async_wait([this](boost::system::error_code error) {
      if (error || stopping_) return;
      daemon_.find_stuck();
      schedule_watch();
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
  asio::steady_timer watch_{context_};
  std::thread closer_;
  bool stopping_ = false;
  bool clean_ = false;
};

}  // namespace

int run_daemon(Settings settings) {
  spdlog::info("troupe {} ({}), compatible with Rivet Engine 2.3.19", build_info::kVersion, build_info::kGitSha);
  node::fit_to_descriptors(settings);
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
