#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/core/cron/next_occurrence.h"
#include "engine/runtime/schedule/schedule_rows.h"

namespace troupe {

/// When a cron job runs. Lifetime: `zone` is one of those that live as long as the process.
struct CronCadence {
  CronExpression expression;
  const TimeZone* zone = nullptr;
};

/// Something that is due, taken out to be run.
struct DueSchedule {
  std::string action;
  Bytes args;
  ScheduledFire fire;
  /// Key of the row.
  std::string row_id;
};

/// The schedules of one actor, and which rows of the store have to follow a change. Pure: what is due is decided by the
/// times that are passed in.
/// Bounds: `schedules_max` one-shots and jobs; per job `max_history` history rows, per actor `kHistoryRowsMax`.
class ScheduleTable {
 public:
  static constexpr std::uint64_t kHistoryRowsMax = 10'000;
  /// What a table that is full is cut back to, from the jobs with most rows.
  static constexpr std::uint64_t kHistoryRowsKept = 9'900;

  /// A row to write; nothing: to erase. `run`: a history row of `id` with that number instead of the row itself.
  struct Change {
    std::string id;
    std::optional<std::uint64_t> run;
    std::optional<Bytes> value;
  };

  explicit ScheduleTable(std::size_t schedules_max) : schedules_max_(schedules_max) {}

  /// Takes in a stored row. Without the cadence that it needs a cron job is kept and never due.
  void load(ScheduleRow row, std::optional<CronCadence> cadence);
  /// Marks runs that a crash has cut off; after the last `load`.
  void mark_interrupted(std::int64_t now_ms);

  // -- changes --------------------------------------------------------------------------------------------------------
  /// A one-shot. Errors: `schedule.max_schedules_exceeded`.
  Result<void> add(ScheduleRow row);
  bool cancel(const std::string& id);
  /// Makes or replaces a job: `row` without times and history. Errors: `schedule.max_schedules_exceeded`,
  /// `schedule.invalid_cron_expression` when it never occurs.
  Result<void> set_job(ScheduleRow row, std::optional<CronCadence> cadence, std::int64_t now_ms);
  bool erase_job(const std::string& id);

  // -- running --------------------------------------------------------------------------------------------------------
  /// What is due at `now_ms`, in order of time and id. One-shots leave the table but their rows stay until `finish`;
  /// jobs go on to their next time, and those that still run are skipped.
  std::vector<DueSchedule> take_due(std::int64_t now_ms);
  /// A run has ended. A one-shot's row goes, a job's history is completed; a job whose action does not exist ends.
  void finish(const DueSchedule& due, const std::optional<Error>& error, std::int64_t now_ms);
  /// It has not begun and never will in this generation: a one-shot is due again.
  void put_back(DueSchedule due);

  // -- views ----------------------------------------------------------------------------------------------------------
  /// The next time of what is not running.
  std::optional<std::int64_t> next_due() const;
  /// When the actor has to be awake: also for one-shots whose run has not ended.
  std::optional<std::int64_t> next_alarm() const;
  const ScheduleRow* find(const std::string& id) const;
  /// One-shots or jobs, by time and id.
  std::vector<const ScheduleRow*> list(bool recurring) const;

  std::vector<Change> take_changes() { return std::exchange(changes_, {}); }

 private:
  struct Entry {
    ScheduleRow row;
    std::optional<CronCadence> cadence;
  };
  struct ByTime {
    bool operator()(const Entry* a, const Entry* b) const {
      return a->row.trigger_at != b->row.trigger_at ? a->row.trigger_at < b->row.trigger_at : a->row.id < b->row.id;
    }
  };

  void enqueue(Entry& entry);
  void dequeue(Entry& entry) { queue_.erase(&entry); }
  Result<void> admit() const;
  Result<std::int64_t> next_time(const Entry& entry, std::int64_t now_ms) const;
  void erase(Entry& entry);
  void write(const Entry& entry);
  void write_run(const std::string& id, std::uint64_t number, const JobRun& run);
  void begin_run(Entry& entry, std::int64_t now_ms, bool skipped);
  void add_run(Entry& entry, const JobRun& run);
  void drop_oldest_runs(Entry& entry, std::uint64_t keep);
  void cut_history();
  void end_job(Entry& entry);

  const std::size_t schedules_max_;
  /// By id.
  std::map<std::string, Entry> entries_;
  std::set<Entry*, ByTime> queue_;
  /// Of `entries_`, without those that have ended.
  std::size_t schedules_ = 0;
  /// Times of the one-shots that run.
  std::multiset<std::int64_t> firing_;
  /// Jobs that run, with the number of their history row.
  std::unordered_map<std::string, std::optional<RunningJob>> running_;
  std::uint64_t history_rows_ = 0;
  /// Above every number in use, so that the history of a job that was made anew is not mistaken for the old one.
  std::uint64_t next_number_ = 1;
  std::vector<Change> changes_;
};

}  // namespace troupe
