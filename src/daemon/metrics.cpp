#include "src/daemon/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <mutex>

#include "gateway/management/build_info.h"
#include "src/daemon/metric_makers.h"
#include "src/daemon/process.h"
#include "src/daemon/tunnel_metrics.h"
#include "src/node/descriptors.h"

namespace troupe::daemon {

namespace {

const prometheus::Histogram::BucketBoundaries kSecondsBuckets = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                                 0.25,   0.5,   1,      2.5,   5,    10,    30};

/// Methods that clients invent share one label value.
std::string method_label(std::string_view method) {
  constexpr std::string_view kKnown[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"};
  return std::string(std::ranges::find(kKnown, method) != std::end(kKnown) ? method : "OTHER");
}

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& api_requests = prometheus::BuildCounter()
                                                              .Name("rivet_api_request_total")
                                                              .Help("Requests of the management API")
                                                              .Register(registry);
  prometheus::Family<prometheus::Counter>& api_errors = prometheus::BuildCounter()
                                                            .Name("rivet_api_request_errors_total")
                                                            .Help("Answers of the management API from 400 up")
                                                            .Register(registry);
  prometheus::Family<prometheus::Histogram>& api_durations = prometheus::BuildHistogram()
                                                                 .Name("rivet_api_request_duration")
                                                                 .Help("Seconds to an answer of the management API")
                                                                 .Register(registry);
  prometheus::Family<prometheus::Counter>& stalls = prometheus::BuildCounter()
                                                        .Name("troupe_handler_stalls_total")
                                                        .Help("Times that a handler held an I/O thread for too long")
                                                        .Register(registry);
  prometheus::Family<prometheus::Counter>& stall_seconds = prometheus::BuildCounter()
                                                               .Name("troupe_handler_stall_seconds_total")
                                                               .Help("Seconds that handlers held I/O threads so")
                                                               .Register(registry);
  prometheus::Counter& requests =
      counter(registry, "rivet_guard_proxy_request_total", "Requests on the public port, all routes");
  prometheus::Gauge& connections = gauge(registry, "troupe_connections", "Open connections on the public port");
  prometheus::Counter& refused =
      counter(registry, "troupe_requests_refused_total", "Requests refused with 429 because of overload");
  prometheus::Gauge& queue_wait =
      gauge(registry, "troupe_queue_wait_seconds", "Time that work waited for an I/O thread, measured last");
  prometheus::Gauge& websockets = gauge(registry, "rivet_guard_websocket_active", "Open WebSockets");
  prometheus::Gauge& actors = gauge(registry, "troupe_actors_resident", "Actors that are in memory");
  prometheus::Gauge& resident = gauge(registry, "process_resident_memory_bytes", "Resident memory size in bytes");
  prometheus::Gauge& open_fds = gauge(registry, "process_open_fds", "Number of open file descriptors");
  prometheus::Gauge& max_fds = gauge(registry, "process_max_fds", "Maximum number of open file descriptors");
  prometheus::Counter& cpu =
      counter(registry, "process_cpu_seconds_total", "User and system CPU time spent in seconds");
  TunnelMetrics tunnel{registry};
  std::mutex render_mutex;
  Sources sources;
};

Metrics::Metrics() : state_(std::make_unique<State>()) {
  prometheus::BuildGauge()
      .Name("troupe_build_info")
      .Help("Version of the running program")
      .Register(state_->registry)
      .Add({{"version", std::string(build_info::kVersion)}, {"git_sha", std::string(build_info::kGitSha)}})
      .Set(1);
}

Metrics::~Metrics() = default;

void Metrics::set_sources(Sources sources) { state_->sources = std::move(sources); }

void Metrics::record(const ApiAnswer& answer) {
  const prometheus::Labels route = {{"router", "api-public"},
                                    {"method", method_label(answer.method)},
                                    {"path", answer.path.empty() ? "unknown" : std::string(answer.path)}};
  auto with_status = route;
  with_status.emplace("status", std::to_string(answer.status));
  state_->api_requests.Add(route).Increment();
  if (answer.status >= 400) state_->api_errors.Add(with_status).Increment();
  const std::chrono::duration<double> seconds = answer.duration;
  state_->api_durations.Add(with_status, kSecondsBuckets).Observe(seconds.count());
}

void Metrics::record_stall(const std::string& actor, const std::string& handler, std::chrono::nanoseconds held) {
  const prometheus::Labels labels = {{"actor", actor}, {"handler", handler}};
  state_->stalls.Add(labels).Increment();
  const std::chrono::duration<double> seconds = held;
  state_->stall_seconds.Add(labels).Increment(seconds.count());
}

std::string Metrics::render() {
  const std::lock_guard lock(state_->render_mutex);
  const auto usage = process_usage();
  const auto server = state_->sources.server();
  raise_to(state_->requests, static_cast<double>(server.requests));
  raise_to(state_->refused, static_cast<double>(server.refused));
  state_->queue_wait.Set(std::chrono::duration<double>(server.queue_wait).count());
  raise_to(state_->cpu, usage.cpu_seconds);
  state_->connections.Set(static_cast<double>(server.connections));
  state_->websockets.Set(static_cast<double>(server.websockets));
  state_->actors.Set(static_cast<double>(state_->sources.resident_actors()));
  state_->tunnel.update(state_->sources.tunnel(), state_->sources.sockets());
  state_->resident.Set(static_cast<double>(usage.resident_bytes));
  state_->open_fds.Set(static_cast<double>(usage.open_fds));
  state_->max_fds.Set(static_cast<double>(node::file_descriptors_max()));
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace troupe::daemon
