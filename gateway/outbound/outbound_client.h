#pragma once

#include <memory>

#include "engine/base/http_client.h"

namespace troupe {

struct OutboundSettings {
  /// For resolving, connecting and the TLS handshake.
  Millis connect_limit{10'000};
};

/// HTTP/1.1 over TCP and TLS; follows redirects as browsers do, at most ten. Servers are verified against the
/// certificates of the system.
std::unique_ptr<HttpClient> make_outbound_client(const Ports& ports, OutboundSettings settings = {});

}  // namespace troupe
