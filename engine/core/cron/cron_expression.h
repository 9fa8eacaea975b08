#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "troupe/result.h"

namespace troupe {

/// A cron expression of five fields: minute, hour, day of the month, month, day of the week. Pure.
///
/// Fields hold `*` (or `?`), numbers, ranges `a-b`, steps `*/n`, `a-b/n` and `a/n` (from a to the end), and lists of
/// these. Months and weekdays have names (`JAN`, `MON`, any case); weekdays go from 0 to 7, both ends are Sunday. Days
/// of the month also take `L` (the last one) and `nW` (the weekday nearest to n; it may lie in a neighbouring month),
/// weekdays `d#n` (the n-th of the month) and `dL` (the last of the month). When both day fields are restricted, a day
/// that satisfies either counts.
/// Source: the expressions of RivetKit 2.3.19, whose parser is the crate croner 2.2.
class CronExpression {
 public:
  /// Errors: `schedule.invalid_cron_expression`.
  static Result<CronExpression> parse(std::string_view text);

  bool matches(std::chrono::year_month_day day) const;
  bool matches(std::chrono::month month) const { return months_ >> static_cast<unsigned>(month) & 1; }
  bool has_hour(unsigned hour) const { return hours_ >> hour & 1; }
  bool has_minute(unsigned minute) const { return minutes_ >> minute & 1; }
  /// False for expressions with a field that admits nothing, such as `,`.
  bool possible() const { return minutes_ != 0 && hours_ != 0 && months_ != 0; }

 private:
  friend class CronParser;

  bool matches_day_of_month(std::chrono::year_month_day day) const;
  bool matches_weekday(std::chrono::year_month_day day) const;

  /// Bit n stands for the value n.
  std::uint64_t minutes_ = 0;
  std::uint32_t hours_ = 0;
  std::uint32_t days_ = 0;
  std::uint32_t nearest_weekdays_ = 0;
  std::uint32_t months_ = 0;
  bool last_day_ = false;
  /// Of each weekday, Sunday first: bit 0 every one, bits 1 to 5 the n-th of the month, bit 6 the last.
  std::array<std::uint8_t, 7> weekdays_{};
  bool any_day_ = false;
  bool any_weekday_ = false;
};

}  // namespace troupe
