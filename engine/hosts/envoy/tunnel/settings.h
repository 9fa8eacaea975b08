#pragma once

#include <cstddef>

#include "engine/base/ports.h"

namespace troupe {

/// Names and defaults follow the reference's configuration keys where it has one.
struct TunnelSettings {
  /// Requests and WebSockets in the hands of all envoys together; one more gets `guard.service_unavailable`.
  std::size_t conversations_max = 65'536;
  /// From the request to the head of its answer.
  Millis response_start_timeout{300'000};
  /// How long a request whose envoy was away waits for its next message, once the envoy is back: what either side had
  /// sent may have been lost with the old connection.
  Millis silence_timeout{60'000};
  /// From the opening of a WebSocket to the actor's answer.
  Millis websocket_open_timeout{15'000};
  /// How long the end of a WebSocket is told again to an envoy that reconnects without having confirmed it.
  Millis websocket_close_timeout{30'000};
  /// Largest piece that an envoy may send in one message: an unstreamed answer, or a WebSocket message.
  std::size_t payload_bytes_max = 20u << 20;
  /// Bodies in pieces, both ways, for envoys that can (version 8); otherwise each body is one message.
  bool streaming = true;
};

}  // namespace troupe
