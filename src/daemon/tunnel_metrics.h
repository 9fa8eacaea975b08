#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <array>

#include "engine/hosts/tunnel_stats.h"
#include "engine/sockets/socket_stats.h"

namespace troupe::daemon {

/// What goes on between the daemon and its envoys, as metrics. Every series is there from the start.
class TunnelMetrics {
 public:
  explicit TunnelMetrics(prometheus::Registry& registry);
  /// One at a time.
  void update(const TunnelStats& tunnel, const SocketStats& sockets);

 private:
  struct Direction {
    prometheus::Counter& messages;
    prometheus::Counter& bytes;
  };
  Direction to_envoys_, from_envoys_;
  prometheus::Counter& requests_;
  prometheus::Counter& websockets_;
  prometheus::Counter& ignored_;
  prometheus::Counter& repeated_;
  std::array<prometheus::Counter*, kTunnelAborts.size()> aborts_{};
  std::array<prometheus::Counter*, kTunnelReplays.size()> replays_{};
  prometheus::Gauge& open_requests_;
  prometheus::Gauge& open_websockets_;
  prometheus::Gauge& hibernating_;
  prometheus::Gauge& pending_bytes_;
};

}  // namespace troupe::daemon
