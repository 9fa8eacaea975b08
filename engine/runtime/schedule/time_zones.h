#pragma once

#include <string>

#include "engine/core/cron/next_occurrence.h"

namespace troupe {

/// The time zone of that IANA name, from the system's zone files; nullptr when there is none. `UTC` needs no file.
/// Zone files end in 2037: later times have the offset of that year's end.
/// Threads: any. Blocks: reads a file at the first use of a zone, and the list of all zones at the first use at all, so
/// it belongs on the storage pool. Lifetime: zones live as long as the process.
const TimeZone* find_time_zone(const std::string& name);

}  // namespace troupe
