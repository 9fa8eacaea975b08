#include "engine/runtime/schedule/schedule_rows.h"

#include "engine/base/codec/bare.h"
#include "engine/base/errors.h"
#include "troupe/cbor.h"

namespace troupe {
namespace {

constexpr std::uint16_t kVersion = 1;
constexpr std::string_view kJobPrefix = "cron:";

void write_text(BareWriter& out, std::string_view text) { out.data(as_bytes(text)); }
std::string read_text(BareReader& in) { return to_string(in.data()); }

void write_time(BareWriter& out, const std::optional<std::int64_t>& time) {
  out.boolean(time.has_value());
  if (time) out.i64(*time);
}

std::optional<std::int64_t> read_time(BareReader& in) {
  if (!in.boolean()) return std::nullopt;
  return in.i64();
}

template <class E>
E read_enum(BareReader& in, E last) {
  const auto value = in.u8();
  if (value > static_cast<std::uint8_t>(last)) in.fail();
  return static_cast<E>(value);
}

void write_running(BareWriter& out, const std::optional<RunningJob>& running) {
  out.boolean(running.has_value());
  if (!running) return;
  out.u64(running->number);
  write_text(out, running->action);
  out.i64(running->scheduled_at);
  out.i64(running->fired_at);
}

std::optional<RunningJob> read_running(BareReader& in) {
  if (!in.boolean()) return std::nullopt;
  RunningJob running;
  running.number = in.u64();
  running.action = read_text(in);
  running.scheduled_at = in.i64();
  running.fired_at = in.i64();
  return running;
}

void write_error(BareWriter& out, const std::optional<Error>& error) {
  out.boolean(error.has_value());
  if (!error) return;
  write_text(out, error->group());
  write_text(out, error->code());
  write_text(out, error->message());
  out.data(error->metadata() ? encode_cbor(*error->metadata()) : Bytes());
}

std::optional<Error> read_error(BareReader& in) {
  if (!in.boolean()) return std::nullopt;
  auto group = read_text(in);
  auto code = read_text(in);
  auto message = read_text(in);
  const Bytes cbor = in.data();
  std::optional<Value> metadata;
  if (!cbor.empty()) {
    auto value = decode_cbor(cbor);
    if (value)
      metadata = std::move(*value);
    else
      in.fail();
  }
  return Error(std::move(group), std::move(code), std::move(message), std::move(metadata));
}

Error invalid(std::string_view id, std::string_view reason) {
  return make_error("schedule", "invalid_schedule_row", Value::object({{"schedule_id", id}, {"reason", reason}}));
}

/// Why a row that could be read makes no sense; nothing when it does.
std::optional<std::string_view> contradiction(const ScheduleRow& row) {
  if (row.recurring() != row.id.starts_with(kJobPrefix)) return "kind and id contradict each other";
  if (row.kind == ScheduleKind::every && row.interval_ms <= 0) return "interval is missing";
  if (row.kind == ScheduleKind::cron && (row.expression.empty() || row.timezone.empty()))
    return "cron expression or timezone is missing";
  if (row.first_run > row.next_run) return "history bounds are reversed";
  return std::nullopt;
}

}  // namespace

std::string job_id(std::string_view name) { return std::string(kJobPrefix).append(name); }
std::string_view job_name(std::string_view id) { return id.substr(kJobPrefix.size()); }

Bytes encode_schedule(const ScheduleRow& row) {
  Bytes bytes;
  BareWriter out(bytes);
  out.u16(kVersion);
  out.u8(static_cast<std::uint8_t>(row.kind));
  out.i64(row.trigger_at);
  write_text(out, row.action);
  out.data(row.args);
  if (!row.recurring()) return bytes;
  write_text(out, row.expression);
  write_text(out, row.timezone);
  out.i64(row.interval_ms);
  write_time(out, row.last_started_at);
  out.i64(row.max_history);
  out.u64(row.first_run);
  out.u64(row.next_run);
  write_running(out, row.running);
  out.boolean(row.ended);
  return bytes;
}

Result<ScheduleRow> decode_schedule(std::string_view id, BytesView bytes) {
  BareReader in(bytes);
  if (in.u16() != kVersion) return invalid(id, "unknown version");
  ScheduleRow row;
  row.id = id;
  row.kind = read_enum(in, ScheduleKind::every);
  row.trigger_at = in.i64();
  row.action = read_text(in);
  row.args = in.data();
  if (row.recurring()) {
    row.expression = read_text(in);
    row.timezone = read_text(in);
    row.interval_ms = in.i64();
    row.last_started_at = read_time(in);
    row.max_history = in.i64();
    row.first_run = in.u64();
    row.next_run = in.u64();
    row.running = read_running(in);
    row.ended = in.boolean();
  }
  if (!in.ok() || in.remaining() > 0) return invalid(id, "it cannot be read");
  if (const auto why = contradiction(row)) return invalid(id, *why);
  return row;
}

Bytes encode_job_run(const JobRun& run) {
  Bytes bytes;
  BareWriter out(bytes);
  out.u16(kVersion);
  write_text(out, run.action);
  out.i64(run.scheduled_at);
  out.i64(run.fired_at);
  write_time(out, run.finished_at);
  out.u8(static_cast<std::uint8_t>(run.outcome));
  write_error(out, run.error);
  return bytes;
}

Result<JobRun> decode_job_run(std::string_view id, BytesView bytes) {
  BareReader in(bytes);
  if (in.u16() != kVersion) return invalid(id, "unknown version of its history");
  JobRun run;
  run.action = read_text(in);
  run.scheduled_at = in.i64();
  run.fired_at = in.i64();
  run.finished_at = read_time(in);
  run.outcome = read_enum(in, JobRun::Outcome::skipped);
  run.error = read_error(in);
  if (!in.ok() || in.remaining() > 0) return invalid(id, "its history cannot be read");
  return run;
}

Bytes encode_run_wake(std::optional<std::int64_t> at_ms) {
  Bytes bytes;
  BareWriter out(bytes);
  out.u16(kVersion);
  write_time(out, at_ms);
  return bytes;
}

Result<std::optional<std::int64_t>> decode_run_wake(BytesView bytes) {
  BareReader in(bytes);
  if (in.u16() != kVersion) return invalid("run wake", "unknown version");
  const auto at_ms = read_time(in);
  if (!in.ok() || in.remaining() > 0) return invalid("run wake", "it cannot be read");
  return at_ms;
}

}  // namespace troupe
