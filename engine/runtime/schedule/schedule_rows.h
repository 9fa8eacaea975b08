#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "troupe/scheduler.h"

/// What schedules look like in the store. Keys: engine/storage/keys.h. Pure.
namespace troupe {

/// A run that has begun and whose history row still says so.
struct RunningJob {
  /// Number of its history row; nothing for a job without history.
  std::uint64_t number = 0;
  std::string action;
  std::int64_t scheduled_at = 0;
  std::int64_t fired_at = 0;
};

/// A one-shot or a job.
struct ScheduleRow {
  /// UUIDv4 of a one-shot, `cron:` and the name of a job.
  std::string id;
  ScheduleKind kind = ScheduleKind::at;
  std::int64_t trigger_at = 0;
  std::string action;
  Bytes args;
  // Of jobs.
  std::string expression, timezone;
  std::int64_t interval_ms = 0;
  std::optional<std::int64_t> last_started_at;
  std::int64_t max_history = 0;
  /// Its history rows have the numbers from `first_run` up to before `next_run`.
  std::uint64_t first_run = 0, next_run = 0;
  std::optional<RunningJob> running;
  /// No longer a job, because its action does not exist; only its history is left.
  bool ended = false;

  bool recurring() const { return kind != ScheduleKind::at; }
  std::uint64_t runs() const { return next_run - first_run; }
};

std::string job_id(std::string_view name);
/// Lives as long as `id`.
std::string_view job_name(std::string_view id);

Bytes encode_schedule(const ScheduleRow& row);
/// Errors: `schedule.invalid_schedule_row`.
Result<ScheduleRow> decode_schedule(std::string_view id, BytesView bytes);

Bytes encode_job_run(const JobRun& run);
/// Errors: `schedule.invalid_schedule_row`.
Result<JobRun> decode_job_run(std::string_view id, BytesView bytes);

/// The row of the run wake. It exists once an actor has scheduled anything, so that the others need not look further.
Bytes encode_run_wake(std::optional<std::int64_t> at_ms);
/// Errors: `schedule.invalid_schedule_row`.
Result<std::optional<std::int64_t>> decode_run_wake(BytesView bytes);

}  // namespace troupe
