#include "src/daemon/tunnel_metrics.h"

#include <string>

#include "src/daemon/metric_makers.h"

namespace troupe::daemon {
namespace {

constexpr const char* kMessages = "troupe_tunnel_messages_total";
constexpr const char* kMessagesHelp = "Messages between the engine and its envoys for requests and WebSockets";
constexpr const char* kBytes = "troupe_tunnel_bytes_total";
constexpr const char* kBytesHelp = "Bytes of bodies and WebSocket messages in them";
constexpr const char* kAborts = "troupe_tunnel_aborts_total";
constexpr const char* kAbortsHelp = "Requests and WebSockets at envoys that ended early";
constexpr const char* kReplays = "troupe_tunnel_replays_total";
constexpr const char* kReplaysHelp = "Requests and WebSockets given to the next generation of their actor";

template <class Counts, class Names>
void make_by_reason(prometheus::Registry& registry, const char* name, const char* help, const Names& reasons,
                    Counts& counters) {
  for (std::size_t i = 0; i < reasons.size(); ++i)
    counters[i] = &counter(registry, name, help, {{"reason", std::string(reasons[i])}});
}

template <class Counts, class Totals>
void raise_all(Counts& counters, const Totals& totals) {
  for (std::size_t i = 0; i < totals.size(); ++i) raise_to(*counters[i], static_cast<double>(totals[i]));
}

}  // namespace

TunnelMetrics::TunnelMetrics(prometheus::Registry& registry)
    : to_envoys_{counter(registry, kMessages, kMessagesHelp, {{"direction", "to_envoy"}}),
                 counter(registry, kBytes, kBytesHelp, {{"direction", "to_envoy"}})},
      from_envoys_{counter(registry, kMessages, kMessagesHelp, {{"direction", "from_envoy"}}),
                   counter(registry, kBytes, kBytesHelp, {{"direction", "from_envoy"}})},
      requests_(counter(registry, "troupe_tunnel_requests_total", "HTTP requests handed to envoys")),
      websockets_(counter(registry, "troupe_tunnel_websockets_total", "WebSockets handed to envoys")),
      ignored_(counter(registry, "troupe_tunnel_ignored_messages_total",
                       "Messages of envoys for what is over, not theirs or out of place")),
      repeated_(counter(registry, "troupe_websocket_repeated_messages_total",
                        "Client messages given to an actor again because it had not acknowledged them")),
      open_requests_(gauge(registry, "troupe_tunnel_requests_open", "HTTP requests at envoys")),
      open_websockets_(gauge(registry, "troupe_tunnel_websockets_open", "WebSockets at envoys")),
      hibernating_(gauge(registry, "troupe_websockets_hibernating", "Open WebSockets whose actor does not have them")),
      pending_bytes_(gauge(registry, "troupe_websocket_pending_bytes",
                           "Client messages kept until their actors acknowledge them")) {
  make_by_reason(registry, kAborts, kAbortsHelp, kTunnelAborts, aborts_);
  make_by_reason(registry, kReplays, kReplaysHelp, kTunnelReplays, replays_);
}

void TunnelMetrics::update(const TunnelStats& tunnel, const SocketStats& sockets) {
  raise_to(to_envoys_.messages, static_cast<double>(tunnel.to_envoys.messages));
  raise_to(to_envoys_.bytes, static_cast<double>(tunnel.to_envoys.bytes));
  raise_to(from_envoys_.messages, static_cast<double>(tunnel.from_envoys.messages));
  raise_to(from_envoys_.bytes, static_cast<double>(tunnel.from_envoys.bytes));
  raise_to(requests_, static_cast<double>(tunnel.requests));
  raise_to(websockets_, static_cast<double>(tunnel.websockets));
  raise_to(ignored_, static_cast<double>(tunnel.ignored_messages));
  raise_to(repeated_, static_cast<double>(sockets.repeated_messages));
  raise_all(aborts_, tunnel.aborts);
  raise_all(replays_, tunnel.replays);
  open_requests_.Set(static_cast<double>(tunnel.open_requests));
  open_websockets_.Set(static_cast<double>(tunnel.open_websockets));
  hibernating_.Set(static_cast<double>(sockets.hibernating));
  pending_bytes_.Set(static_cast<double>(sockets.pending_bytes));
}

}  // namespace troupe::daemon
