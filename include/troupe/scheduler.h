#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "troupe/bytes.h"
#include "troupe/error.h"
#include "troupe/result.h"

/// Schedules of an actor, as the runtime offers them to code in any language. C++ actors use troupe/schedule.h.
/// All times are ms since the epoch, wall clock. Source: schedules and cron jobs of RivetKit 2.3.19.
namespace troupe {

/// `at`: once. `cron`: by an expression. `every`: at a fixed interval.
enum class ScheduleKind : std::uint8_t { at = 0, cron = 1, every = 2 };

/// "at", "cron", "every".
std::string_view to_string(ScheduleKind kind);

/// What a scheduled action is told about the reason it runs.
struct ScheduledFire {
  ScheduleKind kind = ScheduleKind::at;
  /// The id that `at` returned, or the name of the job.
  std::string id;
  /// Of jobs.
  std::optional<std::string> name;
  std::int64_t scheduled_at = 0;
  std::int64_t fired_at = 0;
  friend bool operator==(const ScheduledFire&, const ScheduledFire&) = default;
};

/// An action that will run once.
struct ScheduledAction {
  /// UUIDv4.
  std::string id;
  std::string action;
  /// CBOR array.
  Bytes args;
  std::int64_t run_at = 0;
};

/// An action that runs again and again.
struct ScheduledJob {
  std::string name;
  ScheduleKind kind = ScheduleKind::cron;
  std::string action;
  /// CBOR array.
  Bytes args;
  std::int64_t next_run_at = 0;
  std::optional<std::int64_t> last_run_at;
  /// Runs kept in the history.
  std::int64_t max_history = 0;
  /// Of `cron`.
  std::optional<std::string> expression, timezone;
  /// Of `every`.
  std::optional<std::chrono::milliseconds> interval;
};

/// One run of a job.
struct JobRun {
  enum class Outcome : std::uint8_t { running = 0, ok = 1, error = 2, skipped = 3 };
  std::string action;
  std::int64_t scheduled_at = 0;
  std::int64_t fired_at = 0;
  /// Nothing while it runs.
  std::optional<std::int64_t> finished_at;
  Outcome outcome = Outcome::running;
  /// As clients would see it.
  std::optional<Error> error;
};

struct CronSpec {
  /// 1 to 128 bytes.
  std::string name;
  /// Five fields, see docs/guides/schedules.md.
  std::string expression;
  /// IANA name.
  std::string timezone = "UTC";
  std::string action;
  /// CBOR array.
  Bytes args;
  /// 0 to 1,000.
  std::int64_t max_history = 100;
};

struct IntervalSpec {
  std::string name;
  /// At least 5 s.
  std::chrono::milliseconds interval{};
  std::string action;
  Bytes args;
  std::int64_t max_history = 100;
};

/// Threads: the actor's executor only. Lifetime: the generation.
///
/// A change is part of the turn that makes it: it is committed together with the state, before the answer of the
/// action leaves, or within `state_save_interval` outside of actions; `ActorContext::save` waits for it. From the
/// commit on it survives the process, and wakes the actor from sleep when it is due. Errors: `schedule.*` as named;
/// `actor.stopping` once the last save of a stop has begun.
class Scheduler {
 public:
  virtual ~Scheduler() = default;

  // -- once -----------------------------------------------------------------------------------------------------------

  /// Runs `action` at that time, at once when it has passed; gives the id. The action need not exist.
  /// Errors: `schedule.max_schedules_exceeded`, `schedule.args_too_large`.
  virtual Result<std::string> at(std::int64_t at_ms, std::string action, Bytes args) = 0;
  /// False: no such id (any more).
  virtual Result<bool> cancel(const std::string& id) = 0;
  virtual std::optional<ScheduledAction> find(const std::string& id) const = 0;
  /// By time, then id.
  virtual std::vector<ScheduledAction> list() const = 0;

  // -- again and again ------------------------------------------------------------------------------------------------

  /// Makes or replaces the job of that name. The next run stays when expression and time zone do.
  /// Errors: `schedule.invalid_name`, `invalid_cron_expression`, `invalid_timezone`, `invalid_max_history`, those of
  /// `at`.
  virtual Task<Result<void>> set_cron(CronSpec job) = 0;
  /// The first run is one interval from now. Errors: also `schedule.invalid_interval`.
  virtual Result<void> set_interval(IntervalSpec job) = 0;
  /// Errors: `schedule.invalid_name`, here and below.
  virtual Result<std::optional<ScheduledJob>> job(const std::string& name) const = 0;
  /// By time of the next run, then name.
  virtual std::vector<ScheduledJob> jobs() const = 0;
  /// With its history. False: no such job.
  virtual Result<bool> erase_job(const std::string& name) = 0;
  /// Newest first; empty for unknown names. `limit`: 1 to 1,000. Errors: `schedule.invalid_max_history`.
  virtual Task<Result<std::vector<JobRun>>> history(std::string name, std::int64_t limit) = 0;

  // -- the run handler ------------------------------------------------------------------------------------------------

  /// Starts the run handler at that time unless it runs then; without a time: takes the earlier one back.
  /// One time per actor, durable. Errors: `actor.run_handler_unavailable`, `actor.invalid_operation` for negative
  /// times.
  virtual Result<void> set_run_wake(std::optional<std::int64_t> at_ms) = 0;
};

}  // namespace troupe
