#include "engine/core/cron/next_occurrence.h"

#include <gtest/gtest.h>

#include <vector>

#include "engine/runtime/schedule/time_zones.h"
#include "tests/unit/cron/cron_text.h"

namespace troupe {
namespace {

using test::ms_of;
using test::text_of;

/// The next occurrences, in UTC.
std::vector<std::string> following(const std::string& expression, const std::string& zone, const std::string& after,
                                   int count = 3) {
  const auto cron = CronExpression::parse(expression);
  if (!cron) return {cron.error().message()};
  const TimeZone* place = find_time_zone(zone);
  if (!place) return {"no such zone"};
  std::vector<std::string> found;
  std::int64_t time = ms_of(after);
  for (int i = 0; i < count; ++i) {
    const auto next = next_occurrence(*cron, *place, time);
    if (!next) return {std::string(*next.error().metadata()->find("reason")->as_string())};
    EXPECT_GT(*next, time);
    time = *next;
    found.push_back(text_of(time));
  }
  return found;
}

using Times = std::vector<std::string>;

TEST(NextOccurrence, IsStrictlyLaterAndOnAWholeMinute) {
  const auto cron = CronExpression::parse("* * * * *");
  EXPECT_EQ(next_occurrence(*cron, utc_time_zone(), 0).value(), 60'000);
  EXPECT_EQ(next_occurrence(*cron, utc_time_zone(), 1).value(), 60'000);
  EXPECT_EQ(next_occurrence(*cron, utc_time_zone(), 59'999).value(), 60'000);
  EXPECT_EQ(next_occurrence(*cron, utc_time_zone(), 60'000).value(), 120'000);
}

struct Row {
  const char *expression, *zone, *after;
  Times times;
};

TEST(NextOccurrence, OfMinutesHoursDaysAndMonths) {
  const Row kTable[] = {
      {"*/15 * * * *", "UTC", "2026-01-01 00:00", {"2026-01-01 00:15", "2026-01-01 00:30", "2026-01-01 00:45"}},
      {"5/25 * * * *", "UTC", "2026-01-01 00:00", {"2026-01-01 00:05", "2026-01-01 00:30", "2026-01-01 00:55"}},
      {"0 9-17/4 * * *", "UTC", "2026-01-01 10:00", {"2026-01-01 13:00", "2026-01-01 17:00", "2026-01-02 09:00"}},
      {"30 6 * * *", "UTC", "2026-12-31 07:00", {"2027-01-01 06:30", "2027-01-02 06:30", "2027-01-03 06:30"}},
      {"0 0 31 * *", "UTC", "2026-01-31 00:00", {"2026-03-31 00:00", "2026-05-31 00:00", "2026-07-31 00:00"}},
      {"0 0 1 JAN *", "UTC", "2026-06-01 00:00", {"2027-01-01 00:00", "2028-01-01 00:00", "2029-01-01 00:00"}},
      {"0 0 1 */4 *", "UTC", "2026-01-01 00:00", {"2026-05-01 00:00", "2026-09-01 00:00", "2027-01-01 00:00"}},
  };
  for (const Row& row : kTable) EXPECT_EQ(following(row.expression, row.zone, row.after), row.times) << row.expression;
}

TEST(NextOccurrence, OfLeapYears) {
  EXPECT_EQ(following("0 0 29 2 *", "UTC", "2026-01-01 00:00"),
            (Times{"2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00"}));
  EXPECT_EQ(following("0 0 29 2 *", "UTC", "2096-03-01 00:00", 1), Times{"2104-02-29 00:00"});
  EXPECT_EQ(following("0 0 L 2 *", "UTC", "2027-01-01 00:00"),
            (Times{"2027-02-28 00:00", "2028-02-29 00:00", "2029-02-28 00:00"}));
}

TEST(NextOccurrence, OfTheLastDayAndTheNearestWeekday) {
  const Row kTable[] = {
      {"0 0 L * *", "UTC", "2026-01-15 00:00", {"2026-01-31 00:00", "2026-02-28 00:00", "2026-03-31 00:00"}},
      {"0 0 1,L * *", "UTC", "2026-01-15 00:00", {"2026-01-31 00:00", "2026-02-01 00:00", "2026-02-28 00:00"}},
      // The 15th is a Thursday in January, a Sunday in February and March 2026.
      {"0 0 15W * *", "UTC", "2026-01-01 00:00", {"2026-01-15 00:00", "2026-02-16 00:00", "2026-03-16 00:00"}},
      // The 1st of August 2026 is a Saturday: the nearest weekday is the 31st of July.
      {"0 0 1W * *", "UTC", "2026-07-15 00:00", {"2026-07-31 00:00", "2026-09-01 00:00", "2026-10-01 00:00"}},
      {"0 0 1W 8 *", "UTC", "2026-07-15 00:00", {"2027-08-02 00:00", "2028-08-01 00:00", "2029-08-01 00:00"}},
  };
  for (const Row& row : kTable) EXPECT_EQ(following(row.expression, row.zone, row.after), row.times) << row.expression;
}

TEST(NextOccurrence, OfWeekdays) {
  const Row kTable[] = {
      {"0 9 * * MON-FRI", "UTC", "2026-11-26 12:00", {"2026-11-27 09:00", "2026-11-30 09:00", "2026-12-01 09:00"}},
      {"0 0 * * 0", "UTC", "2026-11-26 00:00", {"2026-11-29 00:00", "2026-12-06 00:00", "2026-12-13 00:00"}},
      {"0 0 * * 7", "UTC", "2026-11-26 00:00", {"2026-11-29 00:00", "2026-12-06 00:00", "2026-12-13 00:00"}},
      {"0 0 * * FRI-SUN", "UTC", "2026-11-26 00:00", {"2026-11-27 00:00", "2026-11-28 00:00", "2026-11-29 00:00"}},
      {"0 0 * * TUE#2", "UTC", "2026-01-01 00:00", {"2026-01-13 00:00", "2026-02-10 00:00", "2026-03-10 00:00"}},
      {"0 0 * * 5#5", "UTC", "2026-01-01 00:00", {"2026-01-30 00:00", "2026-05-29 00:00", "2026-07-31 00:00"}},
      {"0 0 * * 5L", "UTC", "2026-01-01 00:00", {"2026-01-30 00:00", "2026-02-27 00:00", "2026-03-27 00:00"}},
      {"0 0 * * 7L", "UTC", "2026-01-01 00:00", {"2026-01-25 00:00", "2026-02-22 00:00", "2026-03-29 00:00"}},
      // Both day fields restricted: either counts.
      {"0 0 13 * FRI", "UTC", "2026-11-01 00:00", {"2026-11-06 00:00", "2026-11-13 00:00", "2026-11-20 00:00"}},
      // A star with steps is a restriction.
      {"0 0 */10 * SUN", "UTC", "2026-11-01 00:00", {"2026-11-08 00:00", "2026-11-11 00:00", "2026-11-15 00:00"}},
  };
  for (const Row& row : kTable) EXPECT_EQ(following(row.expression, row.zone, row.after), row.times) << row.expression;
}

TEST(NextOccurrence, SkipsTimesThatClocksSkip) {
  const Row kTable[] = {
      // 02:00 to 03:00 is missing on 29 March.
      {"30 2 * * *", "Europe/Berlin", "2026-03-27 12:00", {"2026-03-28 01:30", "2026-03-30 00:30", "2026-03-31 00:30"}},
      {"0 3 * * *", "Europe/Berlin", "2026-03-28 12:00", {"2026-03-29 01:00", "2026-03-30 01:00", "2026-03-31 01:00"}},
      {"*/30 * * * *",
       "Europe/Berlin",
       "2026-03-29 00:15",
       {"2026-03-29 00:30", "2026-03-29 01:00", "2026-03-29 01:30"}},
      {"30 2 * * *",
       "America/New_York",
       "2026-03-07 12:00",
       {"2026-03-09 06:30", "2026-03-10 06:30", "2026-03-11 06:30"}},
      // Half an hour only.
      {"15 2 * * *",
       "Australia/Lord_Howe",
       "2026-10-02 00:00",
       {"2026-10-02 15:45", "2026-10-04 15:15", "2026-10-05 15:15"}},
      // Midnight itself is missing.
      {"0 0 * * *", "Africa/Cairo", "2026-04-22 23:00", {"2026-04-24 21:00", "2026-04-25 21:00", "2026-04-26 21:00"}},
      // A whole day is missing.
      {"0 12 * * *", "Pacific/Apia", "2011-12-28 12:00", {"2011-12-28 22:00", "2011-12-29 22:00", "2011-12-30 22:00"}},
  };
  for (const Row& row : kTable) EXPECT_EQ(following(row.expression, row.zone, row.after), row.times) << row.expression;
}

TEST(NextOccurrence, TakesTimesThatClocksShowTwiceOnce) {
  const Row kTable[] = {
      // 02:00 to 03:00 comes twice on 25 October.
      {"30 2 * * *", "Europe/Berlin", "2026-10-24 12:00", {"2026-10-25 00:30", "2026-10-26 01:30", "2026-10-27 01:30"}},
      {"*/30 * * * *",
       "Europe/Berlin",
       "2026-10-24 23:45",
       {"2026-10-25 00:00", "2026-10-25 00:30", "2026-10-25 02:00"}},
      // From within the second pass.
      {"*/30 * * * *",
       "Europe/Berlin",
       "2026-10-25 01:10",
       {"2026-10-25 02:00", "2026-10-25 02:30", "2026-10-25 03:00"}},
      {"30 1 * * *",
       "America/New_York",
       "2026-10-31 12:00",
       {"2026-11-01 05:30", "2026-11-02 06:30", "2026-11-03 06:30"}},
      {"45 1 * * *",
       "Australia/Lord_Howe",
       "2026-04-03 20:00",
       {"2026-04-04 14:45", "2026-04-05 15:15", "2026-04-06 15:15"}},
  };
  for (const Row& row : kTable) EXPECT_EQ(following(row.expression, row.zone, row.after), row.times) << row.expression;
}

TEST(NextOccurrence, FollowsTheZoneItIsGiven) {
  const Row kTable[] = {
      {"0 9 * * *", "Asia/Kolkata", "2026-01-01 00:00", {"2026-01-01 03:30", "2026-01-02 03:30", "2026-01-03 03:30"}},
      {"0 9 * * *", "Asia/Kathmandu", "2026-01-01 00:00", {"2026-01-01 03:15", "2026-01-02 03:15", "2026-01-03 03:15"}},
      {"0 9 * * *",
       "America/St_Johns",
       "2026-07-01 00:00",
       {"2026-07-01 11:30", "2026-07-02 11:30", "2026-07-03 11:30"}},
      // Another date than in UTC.
      {"0 1 1 * *",
       "Pacific/Auckland",
       "2026-01-15 00:00",
       {"2026-01-31 12:00", "2026-02-28 12:00", "2026-03-31 12:00"}},
      {"0 9 * * *", "US/Eastern", "2026-07-01 00:00", {"2026-07-01 13:00", "2026-07-02 13:00", "2026-07-03 13:00"}},
  };
  for (const Row& row : kTable) EXPECT_EQ(following(row.expression, row.zone, row.after), row.times) << row.zone;
}

TEST(NextOccurrence, GivesUpOnWhatNeverOccurs) {
  const Times never{"CronScheduler time search limit exceeded."};
  EXPECT_EQ(following("0 0 31 2 *", "UTC", "2026-01-01 00:00"), never);
  EXPECT_EQ(following("0 0 30 2 *", "Europe/Berlin", "2026-01-01 00:00"), never);
  EXPECT_EQ(following("0 0 * * L", "UTC", "2026-01-01 00:00"), never);
  EXPECT_EQ(following(", 0 * * *", "UTC", "2026-01-01 00:00"), never);
}

TEST(NextOccurrence, RefusesTimesBeyondItsCalendar) {
  const auto cron = CronExpression::parse("* * * * *");
  for (const std::int64_t after : {std::int64_t{-1}, INT64_MIN, INT64_MAX, ms_of("9000-01-01 00:01")}) {
    EXPECT_FALSE(next_occurrence(*cron, utc_time_zone(), after)) << after;
  }
}

TEST(TimeZones, KnowIanaNamesOnly) {
  for (const char* name : {"UTC", "Etc/UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "US/Eastern", "GMT"}) {
    EXPECT_TRUE(find_time_zone(name)) << name;
  }
  for (const char* name : {"", "localtime", "europe/berlin", "Mars/Olympus", "../../etc/passwd", "/etc/localtime",
                           "posix/Europe/Berlin", "right/Europe/Berlin", "tzdata.zi", "Europe", "Europe/Berlin "}) {
    EXPECT_FALSE(find_time_zone(name)) << name;
  }
}

}  // namespace
}  // namespace troupe
