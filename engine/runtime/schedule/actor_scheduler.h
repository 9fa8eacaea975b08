#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/runtime/deadlines.h"
#include "engine/runtime/schedule/schedule_table.h"
#include "engine/storage/store.h"
#include "troupe/scheduler.h"

namespace troupe {

class Instance;

/// The schedules of one generation: loads them, runs what is due while the actor is awake, and sees to it that the
/// placement wakes the actor for the rest.
///
/// A one-shot's row goes in the commit that holds what its action has changed, so a crash in between runs it again. A
/// job goes on to its next time, and its history says so, before its action begins.
/// The alarm of the actor is never later than its earliest stored schedule: it is set before a commit that needs it,
/// and moved later at the ends of the generation's life only.
/// Threads: the actor's executor only. Lifetime: a part of the instance.
class ActorScheduler final : public Scheduler {
 public:
  explicit ActorScheduler(Instance& actor);
  ~ActorScheduler() override;

  Result<std::string> at(std::int64_t at_ms, std::string action, Bytes args) override;
  Result<bool> cancel(const std::string& id) override;
  std::optional<ScheduledAction> find(const std::string& id) const override;
  std::vector<ScheduledAction> list() const override;
  Task<Result<void>> set_cron(CronSpec job) override;
  Result<void> set_interval(IntervalSpec job) override;
  Result<std::optional<ScheduledJob>> job(const std::string& name) const override;
  std::vector<ScheduledJob> jobs() const override;
  Result<bool> erase_job(const std::string& name) override;
  Task<Result<std::vector<JobRun>>> history(std::string name, std::int64_t limit) override;
  Result<void> set_run_wake(std::optional<std::int64_t> at_ms) override;

  // -- for the instance -----------------------------------------------------------------------------------------------
  /// What is stored, before any code of the actor runs.
  Task<Result<void>> load();
  /// Before the start is reported: the alarm that woke the actor is not to be taken for served.
  Task<Result<void>> keep_alarm();
  /// Runs what is overdue, and from now on what becomes due.
  void begin();
  /// A stop begins: nothing runs any more, what is due waits for the next generation.
  void suspend();
  /// Before a commit of changed rows.
  Task<Result<void>> secure_alarm(Ack ack);
  /// At the end of a stop: the alarm is what the schedules need, no earlier.
  Task<void> settle_alarm();

 private:
  ScheduleTable& table();
  Task<Result<void>> load_rows();
  Result<void> stage(Ack need);
  Result<void> set_job(ScheduleRow row, std::optional<CronCadence> cadence);
  std::optional<std::int64_t> next_alarm() const;
  Task<Result<void>> set_alarm(std::optional<std::int64_t> at_ms, Ack ack);
  void arm();
  void fire_due();
  void spend_run_wake();
  static Task<void> run_all(std::shared_ptr<Instance> actor, std::vector<DueSchedule> due);
  static Task<void> run_one(std::shared_ptr<Instance> actor, DueSchedule due);
  void note_end(DueSchedule due, const Result<Bytes>& result);

  Instance& actor_;
  /// Made when first needed: most actors schedule nothing.
  std::unique_ptr<ScheduleTable> table_;
  std::optional<std::int64_t> run_wake_;
  bool run_wake_changed_ = false;
  /// The row that says that there may be others.
  bool marked_ = false;
  bool enabled_ = false;
  /// What the actor's record says, as far as this generation knows.
  std::optional<std::int64_t> alarm_;
  Deadlines::Entry timer_;
};

}  // namespace troupe
