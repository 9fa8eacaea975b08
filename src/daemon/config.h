#pragma once

#include "src/daemon/config_tree.h"
#include "src/daemon/settings.h"
#include "troupe/result.h"

namespace troupe::daemon {

/// Fills `settings` from the tree. Keys of the reference that mean nothing here are accepted and ignored.
/// Errors: `config.unknown_key`, `config.invalid_value`, both naming the key and its source.
Result<void> apply_config(const ConfigTree& tree, Settings& settings);

}  // namespace troupe::daemon
