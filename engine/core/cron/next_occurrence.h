#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "engine/core/cron/cron_expression.h"

namespace troupe {

/// How the clocks of one place run. Threads: any; implementations are immutable.
class TimeZone {
 public:
  virtual ~TimeZone() = default;
  /// What clocks show, minus UTC.
  virtual std::chrono::seconds offset_at(std::chrono::sys_seconds time) const = 0;
  /// When clocks show `local`, the first time if they do so twice; nothing when they skip it.
  virtual std::optional<std::chrono::sys_seconds> first_time_of(std::chrono::local_seconds local) const = 0;
};

/// Coordinated Universal Time.
const TimeZone& utc_time_zone();

/// The first occurrence after `after_ms` (ms since the epoch, as the result). Local times that clocks skip do not
/// occur; those that they show twice occur once, the first time. Errors: `schedule.invalid_cron_expression` when there
/// is none within 400 years, after which the calendar repeats itself, or when `after_ms` is not between the years 1970
/// and 9000.
Result<std::int64_t> next_occurrence(const CronExpression& cron, const TimeZone& zone, std::int64_t after_ms);

}  // namespace troupe
