#include "src/daemon/exit_codes.h"

namespace troupe::daemon {

int exit_code_of(const Error& error) {
  if (error.group() == "config" || error.group() == "plugin") return kExitUsage;
  if (error.group() == "server" && error.code() == "port_in_use") return kExitPortInUse;
  if (error.group() == "storage") return error.code() == "locked" ? kExitDataLocked : kExitDataUnusable;
  return kExitFailure;
}

}  // namespace troupe::daemon
