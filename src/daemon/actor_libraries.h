#pragma once

#include <filesystem>

#include "troupe/behavior.h"

namespace troupe::daemon {

/// Adds the actors of a shared library that was made with TROUPE_ACTORS. The library stays loaded until the process
/// ends. On an error the registry is as it was.
/// Errors: `plugin.not_found`, `plugin.not_loadable`, `plugin.no_entry_point`, `plugin.abi_mismatch` (the library was
/// built for another daemon), `plugin.registration_failed` (its code threw), `plugin.no_actors`,
/// `plugin.invalid_actor`, `plugin.duplicate_actor` (a name that is taken, by the library itself or by what was added
/// before).
Result<void> load_actor_library(const std::filesystem::path& path, Registry& registry);

/// The first thing in which two texts of the form of TROUPE_ABI differ, for people; empty when they are the same.
std::string abi_difference(std::string_view library, std::string_view daemon);

}  // namespace troupe::daemon
