#pragma once

#include "src/daemon/settings.h"

namespace troupe::daemon {

/// Runs the engine until SIGTERM or SIGINT and returns the exit code of the process. Blocks the main thread, which
/// hears the signals; a second one ends the process at once.
int run_daemon(Settings settings);

}  // namespace troupe::daemon
