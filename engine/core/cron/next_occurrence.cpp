#include "engine/core/cron/next_occurrence.h"

#include "engine/base/errors.h"

namespace troupe {
namespace {

using namespace std::chrono;

constexpr years kCalendarCycle{400};
constexpr sys_seconds kEarliest{}, kLatest = sys_days(year(9000) / January / 1);

class Utc final : public TimeZone {
 public:
  seconds offset_at(sys_seconds) const override { return seconds(0); }
  std::optional<sys_seconds> first_time_of(local_seconds local) const override {
    return sys_seconds(local.time_since_epoch());
  }
};

Error invalid(std::string_view reason) {
  return make_error("schedule", "invalid_cron_expression", Value::object({{"reason", reason}}));
}

/// A minute of a day that the expression admits, not before `from` (minutes since midnight).
std::optional<unsigned> minute_of_day(const CronExpression& cron, unsigned from) {
  unsigned minute = from % 60;
  for (unsigned hour = from / 60; hour < 24; ++hour, minute = 0) {
    if (!cron.has_hour(hour)) continue;
    for (; minute < 60; ++minute) {
      if (cron.has_minute(minute)) return hour * 60 + minute;
    }
  }
  return std::nullopt;
}

}  // namespace

const TimeZone& utc_time_zone() {
  static const Utc utc;
  return utc;
}

Result<std::int64_t> next_occurrence(const CronExpression& cron, const TimeZone& zone, std::int64_t after_ms) {
  const sys_seconds after = floor<seconds>(sys_time<milliseconds>(milliseconds(after_ms)));
  if (after < kEarliest || after > kLatest) return invalid("start time is outside the supported range");
  const Error never = invalid("CronScheduler time search limit exceeded.");
  if (!cron.possible()) return never;

  const local_seconds shown(after.time_since_epoch() + zone.offset_at(after));
  const local_days first_day = floor<days>(shown);
  unsigned from = static_cast<unsigned>(floor<minutes>(shown - first_day).count()) + 1;
  const year_month_day last = year_month_day(first_day) + kCalendarCycle;
  for (local_days day = first_day;;) {
    const year_month_day date(day);
    if (date > last) return never;
    if (!cron.matches(date.month())) {
      day = local_days(date.year() / date.month() / 1 + months(1));
      from = 0;
      continue;
    }
    if (cron.matches(date)) {
      for (auto minute = minute_of_day(cron, from); minute; minute = minute_of_day(cron, *minute + 1)) {
        const auto time = zone.first_time_of(day + minutes(*minute));
        if (time && *time > after) return duration_cast<milliseconds>(time->time_since_epoch()).count();
      }
    }
    day += days(1);
    from = 0;
  }
}

}  // namespace troupe
