#pragma once

#include <cstdint>
#include <string>

#include "engine/runtime/schedule/schedule_table.h"
#include "troupe/behavior.h"

/// What schedules may look like. Source of the bounds: RivetKit 2.3.19.
namespace troupe {

/// Errors: `schedule.invalid_name`.
Result<void> check_name(const std::string& name);
/// Errors: `schedule.invalid_interval`.
Result<void> check_interval(std::int64_t interval_ms);
/// Errors: `schedule.invalid_max_history`.
Result<void> check_max_history(std::int64_t max_history);
Result<void> check_history_limit(std::int64_t limit);
/// Errors: `schedule.args_too_large`, `actor.validation_error` unless they are one CBOR array (or empty).
Result<void> check_args(const Bytes& args, const ActorOptions& options);
/// Errors: `schedule.invalid_timezone`, `schedule.invalid_cron_expression`. Blocks: reads files (time_zones.h).
Result<CronCadence> cron_cadence(const std::string& expression, const std::string& timezone);

}  // namespace troupe
