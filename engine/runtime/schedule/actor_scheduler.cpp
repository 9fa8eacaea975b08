#include "engine/runtime/schedule/actor_scheduler.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

#include "engine/runtime/instance/instance.h"
#include "engine/runtime/schedule/schedule_checks.h"
#include "engine/runtime/schedule/time_zones.h"

namespace troupe {
namespace {

/// The timer runs on the monotonic clock; a jump of the wall clock is noticed within this time.
constexpr std::int64_t kCheckIntervalMs = 10'000;

/// The cadences of stored jobs; on the storage pool, because zones are files.
Task<std::vector<std::optional<CronCadence>>> cadences_of(std::vector<ScheduleRow> rows) {
  std::vector<std::optional<CronCadence>> cadences;
  for (const ScheduleRow& row : rows) {
    cadences.emplace_back();
    if (row.kind != ScheduleKind::cron || row.ended) continue;
    if (auto cadence = cron_cadence(row.expression, row.timezone)) cadences.back() = std::move(*cadence);
  }
  co_return cadences;
}

Task<Result<CronCadence>> cadence_of(std::string expression, std::string timezone) {
  co_return cron_cadence(expression, timezone);
}

/// Runs a task on the storage pool; the caller goes on where it was.
template <class T>
Task<T> on(Executor pool, Task<T> task) {
  return boost::asio::co_spawn(pool, std::move(task), boost::asio::use_awaitable);
}

ScheduledAction to_action(const ScheduleRow& row) { return {row.id, row.action, row.args, row.trigger_at}; }

ScheduledJob to_job(const ScheduleRow& row) {
  ScheduledJob job{std::string(job_name(row.id)), row.kind,       row.action, row.args, row.trigger_at,
                   row.last_started_at,           row.max_history};
  if (row.kind == ScheduleKind::cron) {
    job.expression = row.expression;
    job.timezone = row.timezone;
  } else {
    job.interval = Millis(row.interval_ms);
  }
  return job;
}

}  // namespace

ActorScheduler::ActorScheduler(Instance& actor) : actor_(actor) {}

ActorScheduler::~ActorScheduler() = default;

ScheduleTable& ActorScheduler::table() {
  if (!table_) table_ = std::make_unique<ScheduleTable>(actor_.options().max_schedules);
  return *table_;
}

// -- once -------------------------------------------------------------------------------------------------------------

Result<std::string> ActorScheduler::at(std::int64_t at_ms, std::string action, Bytes args) {
  TROUPE_CHECK(check_args(args, actor_.options()));
  ScheduleRow row;
  row.id = make_uuid_v4(actor_.ports().random);
  row.trigger_at = at_ms;
  row.action = std::move(action);
  row.args = args.empty() ? Bytes{0x80} : std::move(args);
  const std::string id = row.id;
  TROUPE_CHECK(actor_.saver().accepts_rows());
  TROUPE_CHECK(table().add(std::move(row)));
  TROUPE_CHECK(stage(Ack::durable));
  arm();
  return id;
}

Result<bool> ActorScheduler::cancel(const std::string& id) {
  TROUPE_CHECK(actor_.saver().accepts_rows());
  if (!table().cancel(id)) return false;
  TROUPE_CHECK(stage(Ack::durable));
  arm();
  return true;
}

std::optional<ScheduledAction> ActorScheduler::find(const std::string& id) const {
  const auto* row = table_ ? table_->find(id) : nullptr;
  if (!row || row->recurring()) return std::nullopt;
  return to_action(*row);
}

std::vector<ScheduledAction> ActorScheduler::list() const {
  std::vector<ScheduledAction> actions;
  if (!table_) return actions;
  for (const auto* row : table_->list(false)) actions.push_back(to_action(*row));
  return actions;
}

// -- again and again --------------------------------------------------------------------------------------------------

Task<Result<void>> ActorScheduler::set_cron(CronSpec job) {
  TROUPE_CO_CHECK(check_name(job.name));
  TROUPE_CO_CHECK(check_max_history(job.max_history));
  TROUPE_CO_CHECK(check_args(job.args, actor_.options()));
  // The instance lives as long as its code waits here.
  auto actor = actor_.self();
  auto found = co_await on(actor->ports().storage, cadence_of(job.expression, job.timezone));
  if (!found) co_return found.error();
  ScheduleRow row;
  row.id = job_id(job.name);
  row.kind = ScheduleKind::cron;
  row.action = std::move(job.action);
  row.args = job.args.empty() ? Bytes{0x80} : std::move(job.args);
  row.expression = std::move(job.expression);
  row.timezone = std::move(job.timezone);
  row.max_history = job.max_history;
  co_return set_job(std::move(row), std::move(*found));
}

Result<void> ActorScheduler::set_interval(IntervalSpec job) {
  TROUPE_CHECK(check_name(job.name));
  TROUPE_CHECK(check_interval(job.interval.count()));
  TROUPE_CHECK(check_max_history(job.max_history));
  TROUPE_CHECK(check_args(job.args, actor_.options()));
  ScheduleRow row;
  row.id = job_id(job.name);
  row.kind = ScheduleKind::every;
  row.action = std::move(job.action);
  row.args = job.args.empty() ? Bytes{0x80} : std::move(job.args);
  row.interval_ms = job.interval.count();
  row.max_history = job.max_history;
  return set_job(std::move(row), std::nullopt);
}

Result<void> ActorScheduler::set_job(ScheduleRow row, std::optional<CronCadence> cadence) {
  TROUPE_CHECK(actor_.saver().accepts_rows());
  TROUPE_CHECK(table().set_job(std::move(row), std::move(cadence), actor_.ports().clock.now_ms()));
  TROUPE_CHECK(stage(Ack::durable));
  arm();
  return {};
}

Result<std::optional<ScheduledJob>> ActorScheduler::job(const std::string& name) const {
  TROUPE_CHECK(check_name(name));
  const auto* row = table_ ? table_->find(job_id(name)) : nullptr;
  if (!row) return std::optional<ScheduledJob>();
  return std::optional<ScheduledJob>(to_job(*row));
}

std::vector<ScheduledJob> ActorScheduler::jobs() const {
  std::vector<ScheduledJob> jobs;
  if (!table_) return jobs;
  for (const auto* row : table_->list(true)) jobs.push_back(to_job(*row));
  return jobs;
}

Result<bool> ActorScheduler::erase_job(const std::string& name) {
  TROUPE_CHECK(check_name(name));
  TROUPE_CHECK(actor_.saver().accepts_rows());
  if (!table().erase_job(job_id(name))) return false;
  TROUPE_CHECK(stage(Ack::durable));
  arm();
  return true;
}

Task<Result<std::vector<JobRun>>> ActorScheduler::history(std::string name, std::int64_t limit) {
  TROUPE_CO_CHECK(check_name(name));
  TROUPE_CO_CHECK(check_history_limit(limit));
  auto actor = actor_.self();
  const std::string id = job_id(name);
  auto range = keys::actor_schedule_history(actor->id(), id);
  // What the store does not have yet is written first.
  if (actor->saver().touches(range)) {
    TROUPE_CO_CHECK(co_await actor->saver().commit(Ack::written));
  }
  ScanOptions options;
  options.reverse = true;
  options.limit = static_cast<std::size_t>(limit);
  TROUPE_CO_TRY(auto rows, co_await actor->store().load_rows(std::move(range), options));
  std::vector<JobRun> runs;
  runs.reserve(rows.size());
  for (const StoreEntry& row : rows) {
    TROUPE_CO_TRY(auto run, decode_job_run(id, row.value));
    runs.push_back(std::move(run));
  }
  co_return runs;
}

Result<void> ActorScheduler::set_run_wake(std::optional<std::int64_t> at_ms) {
  if (at_ms && !actor_.hooks().run) return make_error("actor", "run_handler_unavailable");
  if (at_ms && *at_ms < 0) {
    auto metadata = Value::object({{"operation", "set_run_wake"}, {"reason", "the time must not be negative"}});
    return make_error("actor", "invalid_operation", std::move(metadata));
  }
  TROUPE_CHECK(actor_.saver().accepts_rows());
  if (at_ms == run_wake_) return {};
  run_wake_ = at_ms;
  run_wake_changed_ = true;
  TROUPE_CHECK(stage(Ack::durable));
  arm();
  return {};
}

// -- rows -------------------------------------------------------------------------------------------------------------

/// Errors leave a part of the rows unstaged. The saver refuses only when it has been closed, or is full because the
/// store has not taken anything for long; both are asked for before a table is changed.
Result<void> ActorScheduler::stage(Ack need) {
  StateSaver& saver = actor_.saver();
  const ActorId& id = actor_.id();
  std::vector<ScheduleTable::Change> changes;
  if (table_) changes = table_->take_changes();
  if (changes.empty() && !run_wake_changed_) return {};
  if (!marked_ || run_wake_changed_) {
    TROUPE_CHECK(saver.put(keys::actor_run_wake(id), encode_run_wake(run_wake_), need));
    marked_ = true;
    run_wake_changed_ = false;
  }
  for (auto& change : changes) {
    Bytes key =
        change.run ? keys::actor_schedule_history(id, change.id, *change.run) : keys::actor_schedule(id, change.id);
    Result<void> staged =
        change.value ? saver.put(std::move(key), std::move(*change.value), need) : saver.erase(std::move(key), need);
    TROUPE_CHECK(std::move(staged));
  }
  return {};
}

Task<Result<void>> ActorScheduler::load() {
  TROUPE_CO_TRY(auto marker, co_await actor_.store().load_row(keys::actor_run_wake(actor_.id())));
  if (!marker) co_return Result<void>();
  marked_ = true;
  auto wake = decode_run_wake(*marker);
  if (wake) {
    run_wake_ = *wake;
  } else {
    actor_.log_error("loading the run wake", wake.error());
  }
  co_return co_await load_rows();
}

Task<Result<void>> ActorScheduler::load_rows() {
  TROUPE_CO_TRY(auto stored, co_await actor_.store().load_rows(keys::actor_schedules(actor_.id())));
  std::vector<ScheduleRow> rows;
  bool has_cron = false;
  for (const StoreEntry& entry : stored) {
    auto row = decode_schedule(keys::schedule_id_of(entry.key), entry.value);
    if (!row) {
      actor_.log_error("loading a schedule", row.error());
      continue;
    }
    has_cron = has_cron || row->kind == ScheduleKind::cron;
    rows.push_back(std::move(*row));
  }
  std::vector<std::optional<CronCadence>> cadences(rows.size());
  if (has_cron) cadences = co_await on(actor_.ports().storage, cadences_of(rows));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].kind == ScheduleKind::cron && !rows[i].ended && !cadences[i]) {
      spdlog::error("actor {}: the job {} does not run: its expression or its time zone is not known any more",
                    actor_.info().actor_id, job_name(rows[i].id));
    }
    table().load(std::move(rows[i]), std::move(cadences[i]));
  }
  table().mark_interrupted(actor_.ports().clock.now_ms());
  co_return stage(Ack::written);
}

// -- the alarm --------------------------------------------------------------------------------------------------------

std::optional<std::int64_t> ActorScheduler::next_alarm() const {
  const auto next = table_ ? table_->next_alarm() : std::nullopt;
  if (!next || !run_wake_) return next ? next : run_wake_;
  return std::min(*next, *run_wake_);
}

Task<Result<void>> ActorScheduler::set_alarm(std::optional<std::int64_t> at_ms, Ack ack) {
  auto set = co_await actor_.host().set_alarm(at_ms, ack);
  if (set) alarm_ = at_ms;
  co_return set;
}

Task<Result<void>> ActorScheduler::keep_alarm() {
  const auto next = next_alarm();
  if (!next) co_return Result<void>();
  co_return co_await set_alarm(next, Ack::written);
}

Task<Result<void>> ActorScheduler::secure_alarm(Ack ack) {
  const auto next = next_alarm();
  if (!next || (alarm_ && *alarm_ <= *next)) co_return Result<void>();
  co_return co_await set_alarm(next, ack);
}

Task<void> ActorScheduler::settle_alarm() {
  const auto next = next_alarm();
  if (next == alarm_) co_return;
  auto set = co_await set_alarm(next, Ack::written);
  if (!set) actor_.log_error("setting the alarm", set.error());
}

// -- running ----------------------------------------------------------------------------------------------------------

void ActorScheduler::begin() {
  enabled_ = true;
  // The start itself has started the run handler.
  if (run_wake_ && *run_wake_ <= actor_.ports().clock.now_ms()) spend_run_wake();
  fire_due();
}

void ActorScheduler::suspend() {
  enabled_ = false;
  timer_.cancel();
}

void ActorScheduler::arm() {
  if (!enabled_) return;
  auto next = table_ ? table_->next_due() : std::nullopt;
  if (run_wake_) next = next ? std::min(*next, *run_wake_) : *run_wake_;
  if (!next) return timer_.cancel();
  const std::int64_t now_ms = actor_.ports().clock.now_ms();
  const std::int64_t wait_ms = *next <= now_ms ? 0 : std::min(*next - now_ms, kCheckIntervalMs);
  actor_.deadlines().arm(timer_, Millis(wait_ms), [this] { fire_due(); });
}

void ActorScheduler::fire_due() {
  if (!enabled_) return;
  const std::int64_t now_ms = actor_.ports().clock.now_ms();
  if (run_wake_ && *run_wake_ <= now_ms) {
    spend_run_wake();
    (void)actor_.start_run_handler();
  }
  std::vector<DueSchedule> due;
  if (table_) due = table_->take_due(now_ms);
  if (auto staged = stage(Ack::written); !staged) actor_.log_error("storing what is due", staged.error());
  arm();
  if (due.empty()) return;
  for (std::size_t i = 0; i < due.size(); ++i) actor_.begin_work(Work::keep_awake);
  actor_.detach(run_all(actor_.self(), std::move(due)));
}

void ActorScheduler::spend_run_wake() {
  run_wake_.reset();
  run_wake_changed_ = true;
}

Task<void> ActorScheduler::run_all(std::shared_ptr<Instance> actor, std::vector<DueSchedule> due) {
  const bool recurring =
      std::any_of(due.begin(), due.end(), [](const DueSchedule& one) { return one.fire.kind != ScheduleKind::at; });
  if (recurring) {
    auto saved = co_await actor->saver().commit(Ack::written);
    // It stays staged and is tried again. To run a job twice after a crash is better than not to run it.
    if (!saved) actor->log_error("storing what is due", saved.error());
  }
  for (auto& one : due) actor->detach(run_one(actor, std::move(one)));
}

Task<void> ActorScheduler::run_one(std::shared_ptr<Instance> actor, DueSchedule due) {
  co_await skip_final_post();
  auto& scheduler = actor->scheduler();
  auto result = co_await actor->scheduled_action(due.action, due.args, due.fire);
  const Ack ack = actor->ack_of_action(due.action);
  scheduler.note_end(std::move(due), result);
  if (actor->unsettled(ack)) {
    auto saved = co_await actor->saver().commit(ack);
    if (!saved && !saved.error().is("actor", "stopping")) actor->log_error("saving a scheduled action", saved.error());
  }
  actor->gate().settle();
  actor->end_work(Work::keep_awake);
}

void ActorScheduler::note_end(DueSchedule due, const Result<Bytes>& result) {
  if (!result) {
    const Error& error = result.error();
    // Nothing of it has run.
    if (due.fire.kind == ScheduleKind::at && (error.is("actor", "stopping") || error.is("actor", "destroying"))) {
      return table().put_back(std::move(due));
    }
    spdlog::error("actor {}: the scheduled action {} failed: {}: {} {}", actor_.info().actor_id, due.action, error.id(),
                  error.message(), error.detail());
  }
  // A job that was cut off stays `running` in its history, and is `interrupted` from the next start on.
  const bool cut_off = !result && result.error().is("actor", "dropped_reply");
  if (cut_off && due.fire.kind != ScheduleKind::at) return;
  std::optional<Error> error;
  if (!result) error = masked(result.error());
  table().finish(due, error, actor_.ports().clock.now_ms());
  // Fails once the actor has stopped for good: the next generation runs it again.
  (void)stage(Ack::written);
  arm();
}

}  // namespace troupe
