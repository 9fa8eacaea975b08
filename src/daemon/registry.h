#pragma once

#include <memory>

#include "src/daemon/settings.h"

namespace troupe::daemon {

/// The actors that the settings ask for: the demo ones, then those of the libraries. Errors: of load_actor_library.
Result<std::shared_ptr<const Registry>> make_registry(const Settings& settings);

}  // namespace troupe::daemon
