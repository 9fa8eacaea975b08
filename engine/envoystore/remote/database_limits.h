#pragma once

#include <cstddef>

#include "engine/base/ports.h"

namespace troupe::remote {

struct DatabaseLimits {
  /// Open connections; beyond that the least recently used idle one is closed.
  std::size_t connections_max = 256;
  /// A connection that nobody used for this long is closed, unless that would lose something.
  Millis idle_close{30'000};
  /// One request.
  Millis request_timeout{30'000};
  /// Requests that wait for one database.
  std::size_t waiting_max = 128;
};

}  // namespace troupe::remote
