#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "engine/base/ports.h"
#include "engine/engine.h"
#include "gateway/management/management_api.h"

namespace troupe {

struct ServerSettings {
  /// "::" accepts IPv4 too.
  std::string host = "::";
  std::uint16_t port = 6420;
  std::size_t connections_max = 65'536;
  /// Bytes.
  std::size_t request_body_max = 20u << 20;
  /// Of all bodies that arrive over more than one read, at a time; beyond it a request is refused with 503.
  std::size_t request_bodies_max = 256u << 20;
  std::size_t request_head_max = 417u << 10;
  std::size_t header_fields_max = 100;
  std::size_t request_target_max = 65'534;
  std::size_t websocket_message_max = 32u << 20;
  std::size_t websocket_outbound_bytes_max = 8u << 20;
  /// One message of an actor; a larger one closes the socket with 1009.
  std::size_t websocket_outbound_message_max = 20u << 20;
  /// From the first byte of a head to its end.
  Millis header_timeout{30'000};
  /// Between two requests of a kept connection.
  Millis idle_timeout{120'000};
  /// Without progress while a body is read or an answer written.
  Millis body_timeout{60'000};
  Millis websocket_open_timeout{15'000};
  /// From our Close frame to the client's.
  Millis websocket_close_timeout{5'000};
  /// Of finding or making the actor that a URL names.
  Millis resolve_query_timeout{15'000};
  /// Of the way to a running actor, before a WebSocket is accepted.
  Millis route_dispatch_timeout{55'000};
  Millis response_start_timeout{300'000};
  /// While work waits longer than this for an I/O thread, and has for the whole interval, requests to actors are
  /// refused with 429. 0 = never.
  Millis admission_target{200};
  Millis admission_interval{1'000};
  /// HTTP dispatch retries (150 ms doubling).
  int retry_attempts_max = 7;
  Millis retry_delay{150};
  /// What envoys authenticate with; empty = nobody is asked.
  std::string admin_token;
  /// One message from an envoy, and what it may leave unread.
  std::size_t envoy_message_max = 64u << 20;
  std::size_t envoy_outbound_bytes_max = 128u << 20;
  /// Serve `/health/ws`.
  bool health_websocket = false;
};

struct ServerStats {
  std::size_t connections = 0, websockets = 0;
  std::uint64_t requests = 0;
  /// Refused because of overload.
  std::uint64_t refused = 0;
  /// How long work waited for an I/O thread, when it was measured last.
  std::chrono::nanoseconds queue_wait{};
};

/// The public port: HTTP/1.1 and WebSocket; management API, actor gateway. Threads: any.
class Server {
 public:
  virtual ~Server() = default;
  /// Binds and starts accepting. Errors: `server.port_in_use`, `server.listen_failed`. Blocks shortly.
  virtual Result<void> listen() = 0;
  /// The bound port (port 0 = chosen by the system).
  virtual std::uint16_t port() const = 0;
  virtual ServerStats stats() const = 0;
  /// Stage one: closes the listener, lets running requests finish, closes idle connections.
  virtual void stop_accepting() = 0;
  /// Stage two: WebSockets get their Close frames, what is left after `limit` is cut.
  virtual Task<void> stop(Millis limit) = 0;
};

/// Lifetime: `engine` and `management` outlive it.
std::unique_ptr<Server> make_server(const Ports& ports, ServerSettings settings, Engine& engine,
                                    ManagementApi& management);

}  // namespace troupe
