#include "engine/core/cron/cron_expression.h"

#include "engine/core/cron/cron_parser.h"

namespace troupe {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::weekday;
using std::chrono::year_month_day;

constexpr unsigned kSunday = 0, kSaturday = 6;
constexpr std::uint8_t kEveryWeekday = 1 << 0, kLastWeekday = 1 << 6;

unsigned day_of(year_month_day day) { return static_cast<unsigned>(day.day()); }
unsigned weekday_of(sys_days day) { return weekday(day).c_encoding(); }
bool has(std::uint32_t set, unsigned day) { return set >> day & 1; }

}  // namespace

Result<CronExpression> CronExpression::parse(std::string_view text) { return CronParser().parse(text); }

bool CronExpression::matches(year_month_day day) const {
  const bool by_day = matches_day_of_month(day);
  const bool by_weekday = matches_weekday(day);
  if ((by_day && any_weekday_) || (by_weekday && any_day_)) return true;
  return !any_day_ && !any_weekday_ && (by_day || by_weekday);
}

bool CronExpression::matches_day_of_month(year_month_day day) const {
  if (has(days_, day_of(day))) return true;
  if (last_day_ && day == year_month_day(day.year() / day.month() / std::chrono::last)) return true;
  if (nearest_weekdays_ == 0) return false;
  const sys_days date = day;
  const unsigned today = weekday_of(date);
  if (today == kSaturday || today == kSunday) return false;
  if (has(nearest_weekdays_, day_of(day))) return true;
  const sys_days before = date - days(1), after = date + days(1);
  if (weekday_of(before) == kSunday && has(nearest_weekdays_, day_of(before))) return true;
  return weekday_of(after) == kSaturday && has(nearest_weekdays_, day_of(after));
}

bool CronExpression::matches_weekday(year_month_day day) const {
  const std::uint8_t marks = weekdays_[weekday_of(day)];
  if (marks & kEveryWeekday) return true;
  const unsigned nth = (day_of(day) - 1) / 7 + 1;
  if (marks >> nth & 1) return true;
  return (marks & kLastWeekday) && year_month_day(sys_days(day) + days(7)).month() != day.month();
}

}  // namespace troupe
