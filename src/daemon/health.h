#pragma once

#include <cstdint>
#include <string>

namespace troupe::daemon {

/// Asks a daemon on this machine whether it is healthy, as `GET /health` does. `host` is what it listens on; an address
/// that stands for all becomes the loopback. Prints why when it is not. Blocks: at most three seconds for each step.
/// Returns the exit code.
int check_health(const std::string& host, std::uint16_t port);

}  // namespace troupe::daemon
