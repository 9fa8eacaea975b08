#pragma once

#include "troupe/error.h"

namespace troupe::daemon {

inline constexpr int kExitSuccess = 0;
inline constexpr int kExitFailure = 1;
/// Command line or configuration.
inline constexpr int kExitUsage = 2;
inline constexpr int kExitPortInUse = 3;
inline constexpr int kExitDataLocked = 4;
/// Read-only, unwritable, corrupt, or of a newer format.
inline constexpr int kExitDataUnusable = 5;

int exit_code_of(const Error& error);

}  // namespace troupe::daemon
