#include "engine/runtime/schedule/schedule_table.h"

#include <algorithm>
#include <limits>

#include "engine/base/errors.h"

namespace troupe {
namespace {

/// The first time after `now_ms` in steps of `interval_ms` from `trigger_at`.
std::int64_t next_step(std::int64_t trigger_at, std::int64_t interval_ms, std::int64_t now_ms) {
  const std::int64_t passed = now_ms < trigger_at ? 0 : now_ms - trigger_at;
  const std::int64_t steps = passed / interval_ms + 1;
  std::int64_t next = 0;
  if (__builtin_mul_overflow(steps, interval_ms, &next) || __builtin_add_overflow(trigger_at, next, &next))
    return std::numeric_limits<std::int64_t>::max();
  return next;
}

bool same_cadence(const ScheduleRow& a, const ScheduleRow& b) {
  return a.kind == b.kind && a.expression == b.expression && a.timezone == b.timezone && a.interval_ms == b.interval_ms;
}

JobRun finished(const RunningJob& run, std::int64_t now_ms, const std::optional<Error>& error) {
  const auto outcome = error ? JobRun::Outcome::error : JobRun::Outcome::ok;
  return {run.action, run.scheduled_at, run.fired_at, now_ms, outcome, error};
}

bool has_run(const ScheduleRow& row, std::uint64_t number) { return number >= row.first_run && number < row.next_run; }

}  // namespace

void ScheduleTable::load(ScheduleRow row, std::optional<CronCadence> cadence) {
  next_number_ = std::max(next_number_, row.next_run);
  history_rows_ += row.runs();
  if (!row.ended) ++schedules_;
  Entry& entry = entries_[row.id];
  entry = Entry{std::move(row), std::move(cadence)};
  enqueue(entry);
}

void ScheduleTable::mark_interrupted(std::int64_t now_ms) {
  for (auto& [id, entry] : entries_) {
    if (!entry.row.running) continue;
    const RunningJob run = *std::exchange(entry.row.running, std::nullopt);
    if (has_run(entry.row, run.number))
      write_run(id, run.number, finished(run, now_ms, make_error("schedule", "interrupted")));
    write(entry);
  }
}

// -- changes ----------------------------------------------------------------------------------------------------------

Result<void> ScheduleTable::admit() const {
  if (schedules_ < schedules_max_) return {};
  return make_error("schedule", "max_schedules_exceeded", Value::object({{"maximum", schedules_max_}}));
}

Result<void> ScheduleTable::add(ScheduleRow row) {
  TROUPE_CHECK(admit());
  ++schedules_;
  Entry& entry = entries_[row.id];
  entry.row = std::move(row);
  enqueue(entry);
  write(entry);
  return {};
}

bool ScheduleTable::cancel(const std::string& id) {
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.row.recurring()) return false;
  erase(found->second);
  return true;
}

Result<void> ScheduleTable::set_job(ScheduleRow row, std::optional<CronCadence> cadence, std::int64_t now_ms) {
  const auto found = entries_.find(row.id);
  const bool exists = found != entries_.end() && !found->second.row.ended;
  if (!exists) TROUPE_CHECK(admit());
  Entry made{std::move(row), std::move(cadence)};
  if (exists && same_cadence(found->second.row, made.row)) {
    made.row.trigger_at = found->second.row.trigger_at;
    made.row.last_started_at = found->second.row.last_started_at;
  } else if (made.row.kind == ScheduleKind::every) {
    made.row.trigger_at = next_step(now_ms, made.row.interval_ms, now_ms);
  } else {
    TROUPE_TRY(made.row.trigger_at, next_time(made, now_ms));
  }
  if (found != entries_.end()) {
    dequeue(found->second);
    made.row.first_run = found->second.row.first_run;
    made.row.next_run = found->second.row.next_run;
    made.row.running = std::move(found->second.row.running);
  }
  if (!exists) ++schedules_;
  Entry& entry = entries_[made.row.id];
  entry = std::move(made);
  enqueue(entry);
  drop_oldest_runs(entry, static_cast<std::uint64_t>(entry.row.max_history));
  write(entry);
  return {};
}

bool ScheduleTable::erase_job(const std::string& id) {
  const auto found = entries_.find(id);
  if (found == entries_.end() || !found->second.row.recurring() || found->second.row.ended) return false;
  drop_oldest_runs(found->second, 0);
  erase(found->second);
  return true;
}

// -- running ----------------------------------------------------------------------------------------------------------

std::vector<DueSchedule> ScheduleTable::take_due(std::int64_t now_ms) {
  std::vector<DueSchedule> due;
  while (!queue_.empty() && (*queue_.begin())->row.trigger_at <= now_ms) {
    Entry& entry = **queue_.begin();
    dequeue(entry);
    ScheduleRow& row = entry.row;
    ScheduledFire fire{row.kind, row.id, std::nullopt, row.trigger_at, now_ms};
    if (!row.recurring()) {
      firing_.insert(row.trigger_at);
      due.push_back({std::move(row.action), std::move(row.args), std::move(fire), row.id});
      --schedules_;
      entries_.erase(entries_.find(due.back().row_id));
      continue;
    }
    fire.id = job_name(row.id);
    fire.name = fire.id;
    const bool skipped = running_.contains(row.id);
    begin_run(entry, now_ms, skipped);
    // A job that never occurs again stays to be seen, and is never due.
    const auto next = next_time(entry, now_ms);
    row.trigger_at = next ? *next : std::numeric_limits<std::int64_t>::max();
    if (!skipped) {
      row.last_started_at = now_ms;
      due.push_back({row.action, row.args, std::move(fire), row.id});
    }
    enqueue(entry);
    write(entry);
  }
  return due;
}

void ScheduleTable::finish(const DueSchedule& due, const std::optional<Error>& error, std::int64_t now_ms) {
  if (due.fire.kind == ScheduleKind::at) {
    const auto time = firing_.find(due.fire.scheduled_at);
    if (time != firing_.end()) firing_.erase(time);
    changes_.push_back({due.row_id, std::nullopt, std::nullopt});
    return;
  }
  const auto running = running_.extract(due.row_id);
  const auto found = entries_.find(due.row_id);
  if (running.empty() || found == entries_.end()) return;
  Entry& entry = found->second;
  if (const auto& run = running.mapped()) {
    if (has_run(entry.row, run->number)) write_run(due.row_id, run->number, finished(*run, now_ms, error));
    if (entry.row.running && entry.row.running->number == run->number) {
      entry.row.running.reset();
      write(entry);
    }
  }
  const bool unknown = error && error->is("actor", "action_not_found");
  if (unknown && !entry.row.ended && entry.row.action == due.action) end_job(entry);
}

void ScheduleTable::put_back(DueSchedule due) {
  if (due.fire.kind != ScheduleKind::at) return;
  const auto time = firing_.find(due.fire.scheduled_at);
  if (time != firing_.end()) firing_.erase(time);
  ++schedules_;
  Entry& entry = entries_[due.row_id];
  entry.row.id = due.row_id;
  entry.row.trigger_at = due.fire.scheduled_at;
  entry.row.action = std::move(due.action);
  entry.row.args = std::move(due.args);
  enqueue(entry);
}

void ScheduleTable::begin_run(Entry& entry, std::int64_t now_ms, bool skipped) {
  ScheduleRow& row = entry.row;
  std::optional<RunningJob> run;
  if (row.max_history > 0) {
    JobRun begun{row.action, row.trigger_at, now_ms, std::nullopt, JobRun::Outcome::running, std::nullopt};
    if (skipped) {
      begun.finished_at = now_ms;
      begun.outcome = JobRun::Outcome::skipped;
    }
    add_run(entry, begun);
    run = RunningJob{row.next_run - 1, row.action, row.trigger_at, now_ms};
  }
  if (skipped) return;
  running_[row.id] = run;
  row.running = std::move(run);
}

void ScheduleTable::end_job(Entry& entry) {
  if (entry.row.runs() == 0) return erase(entry);
  dequeue(entry);
  entry.row.ended = true;
  --schedules_;
  write(entry);
}

// -- history ----------------------------------------------------------------------------------------------------------

void ScheduleTable::add_run(Entry& entry, const JobRun& run) {
  ScheduleRow& row = entry.row;
  if (row.next_run == 0) row.first_run = row.next_run = next_number_;
  write_run(row.id, row.next_run, run);
  next_number_ = std::max(next_number_, ++row.next_run);
  ++history_rows_;
  drop_oldest_runs(entry, static_cast<std::uint64_t>(row.max_history));
  if (history_rows_ > kHistoryRowsMax) cut_history();
}

void ScheduleTable::drop_oldest_runs(Entry& entry, std::uint64_t keep) {
  while (entry.row.runs() > keep) {
    changes_.push_back({entry.row.id, entry.row.first_run++, std::nullopt});
    --history_rows_;
  }
}

void ScheduleTable::cut_history() {
  // What has ended goes first, then the longest.
  auto worth_less = [](const auto& a, const auto& b) {
    const ScheduleRow &x = a.second.row, &y = b.second.row;
    return x.ended != y.ended ? y.ended : x.runs() < y.runs();
  };
  while (history_rows_ > kHistoryRowsKept) {
    Entry& entry = std::max_element(entries_.begin(), entries_.end(), worth_less)->second;
    const std::uint64_t too_many = history_rows_ - kHistoryRowsKept;
    drop_oldest_runs(entry, entry.row.runs() - std::min(too_many, (entry.row.runs() + 1) / 2));
    if (entry.row.ended && entry.row.runs() == 0) {
      erase(entry);
    } else {
      write(entry);
    }
  }
}

// -- views ------------------------------------------------------------------------------------------------------------

std::optional<std::int64_t> ScheduleTable::next_due() const {
  if (queue_.empty()) return std::nullopt;
  return (*queue_.begin())->row.trigger_at;
}

std::optional<std::int64_t> ScheduleTable::next_alarm() const {
  const auto next = next_due();
  if (firing_.empty()) return next;
  return next ? std::min(*next, *firing_.begin()) : *firing_.begin();
}

const ScheduleRow* ScheduleTable::find(const std::string& id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() || found->second.row.ended ? nullptr : &found->second.row;
}

std::vector<const ScheduleRow*> ScheduleTable::list(bool recurring) const {
  std::vector<const ScheduleRow*> rows;
  for (const auto& [id, entry] : entries_) {
    if (entry.row.recurring() == recurring && !entry.row.ended) rows.push_back(&entry.row);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto* a, const auto* b) { return a->trigger_at < b->trigger_at; });
  return rows;
}

// -- rows -------------------------------------------------------------------------------------------------------------

void ScheduleTable::enqueue(Entry& entry) {
  const bool never = entry.row.ended || (entry.row.kind == ScheduleKind::cron && !entry.cadence) ||
                     entry.row.trigger_at == std::numeric_limits<std::int64_t>::max();
  if (!never) queue_.insert(&entry);
}

Result<std::int64_t> ScheduleTable::next_time(const Entry& entry, std::int64_t now_ms) const {
  if (entry.row.kind == ScheduleKind::every) return next_step(entry.row.trigger_at, entry.row.interval_ms, now_ms);
  return next_occurrence(entry.cadence->expression, *entry.cadence->zone, now_ms);
}

void ScheduleTable::erase(Entry& entry) {
  dequeue(entry);
  if (!entry.row.ended) --schedules_;
  changes_.push_back({entry.row.id, std::nullopt, std::nullopt});
  entries_.erase(entries_.find(entry.row.id));
}

void ScheduleTable::write(const Entry& entry) {
  changes_.push_back({entry.row.id, std::nullopt, encode_schedule(entry.row)});
}

void ScheduleTable::write_run(const std::string& id, std::uint64_t number, const JobRun& run) {
  changes_.push_back({id, number, encode_job_run(run)});
}

}  // namespace troupe
