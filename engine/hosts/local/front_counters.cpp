#include "engine/hosts/local/front_counters.h"

namespace troupe {

FrontCounters& front_counters() {
  static FrontCounters counters;
  return counters;
}

std::string front_counters_text() {
  constexpr std::string_view kName = "troupe_local_actor_traffic_total";
  std::string text;
  text.append("# HELP ").append(kName).append(" Messages handed to actors of this process, by kind.\n");
  text.append("# TYPE ").append(kName).append(" counter\n");
  const auto line = [&](std::string_view kind, const std::atomic<std::uint64_t>& counter) {
    text.append(kName).append("{kind=\"").append(kind).append("\"} ");
    text.append(std::to_string(counter.load(std::memory_order_relaxed))).append("\n");
  };
  const FrontCounters& counters = front_counters();
  line("http_action", counters.actions);
  line("http_queue_send", counters.queue_sends);
  line("http_request", counters.raw_requests);
  line("connection", counters.connections);
  line("connection_action", counters.socket_actions);
  line("websocket", counters.raw_sockets);
  return text;
}

}  // namespace troupe
