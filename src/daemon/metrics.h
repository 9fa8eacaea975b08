#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "engine/hosts/tunnel_stats.h"
#include "engine/sockets/socket_stats.h"
#include "gateway/http/server.h"
#include "gateway/management/management_api.h"

namespace troupe::daemon {

/// The daemon's metrics. Names that begin with `rivet_` are those of the reference, so that its dashboards keep
/// working. Threads: any.
class Metrics {
 public:
  struct Sources {
    std::function<ServerStats()> server;
    std::function<std::size_t()> resident_actors;
    std::function<TunnelStats()> tunnel;
    std::function<SocketStats()> sockets;
  };

  Metrics();
  ~Metrics();

  /// Where the gauges come from. Call once, before the first `render`.
  void set_sources(Sources sources);
  void record(const ApiAnswer& answer);
  /// A handler of an actor that held an I/O thread. The names are those of registered actors: a bounded number.
  void record_stall(const std::string& actor, const std::string& handler, std::chrono::nanoseconds held);
  /// Prometheus text format, version 0.0.4.
  std::string render();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace troupe::daemon
