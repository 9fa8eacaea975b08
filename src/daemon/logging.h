#pragma once

#include <string>

#include "src/daemon/settings.h"

namespace troupe::daemon {

/// One line for each record on stderr, control characters escaped: `<time> <level> <text>`, or a JSON object.
void set_up_logging(const std::string& level, LogFormat format);

}  // namespace troupe::daemon
