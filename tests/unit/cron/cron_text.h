#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace troupe::test {

/// "2026-03-29 01:30" in UTC, to ms since the epoch and back.
inline std::int64_t ms_of(const std::string& text) {
  int y = 0;
  unsigned mo = 0, d = 0, h = 0, mi = 0;
  if (std::sscanf(text.c_str(), "%d-%u-%u %u:%u", &y, &mo, &d, &h, &mi) != 5) return -1;
  using namespace std::chrono;
  const sys_days day = year(y) / month(mo) / std::chrono::day(d);
  return duration_cast<milliseconds>((day + hours(h) + minutes(mi)).time_since_epoch()).count();
}

inline std::string text_of(std::int64_t ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(ms)};
  const auto midnight = floor<std::chrono::days>(time);
  const year_month_day date(midnight);
  const auto minute = duration_cast<minutes>(time - midnight).count();
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(minute / 60),
                static_cast<int>(minute % 60));
  return text;
}

}  // namespace troupe::test
