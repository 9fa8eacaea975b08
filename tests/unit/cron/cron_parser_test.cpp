#include <gtest/gtest.h>

#include "engine/core/cron/cron_expression.h"

namespace troupe {
namespace {

std::string reason(std::string_view text) {
  const auto parsed = CronExpression::parse(text);
  if (parsed) return "accepted";
  EXPECT_TRUE(parsed.error().is("schedule", "invalid_cron_expression")) << parsed.error().id();
  return std::string(*parsed.error().metadata()->find("reason")->as_string());
}

TEST(CronParser, AcceptsEveryFormOfAField) {
  for (const char* text : {"* * * * *",
                           "? ? ? ? ?",
                           "0 0 1 1 0",
                           "59 23 31 12 7",
                           "*/15 */2 */5 */3 */2",
                           "1-5 1-5 1-5 1-5 1-5",
                           "1-30/7 8-18/2 1-15/3 1-12/4 1-5/2",
                           "5/15 6/6 10/10 2/3 1/2",
                           "0,30 0,12 1,15 1,6,12 0,3",
                           "0 0 L * *",
                           "0 0 15W * *",
                           "0 0 1,L,15W * *",
                           "0 0 * * MON#1",
                           "0 0 * * 5L",
                           "0 0 * * 5#L",
                           "0 0 * * 1-5#2",
                           "0 9 * JAN-MAR MON-FRI",
                           "0 9 * jan,Dec sun,SAT",
                           "0 0 * * FRI-SUN",
                           "  0\t9  *\n* * ",
                           "+5 005 * * *",
                           "0,,5 0 * * *"}) {
    EXPECT_EQ(reason(text), "accepted") << text;
  }
}

TEST(CronParser, WantsExactlyFiveFields) {
  for (const char* text : {"", " ", "*", "* * * *", "* * * * * *", "0 * * * * * *", "@daily", "@hourly"}) {
    EXPECT_EQ(reason(text), "expected exactly five fields") << text;
  }
}

TEST(CronParser, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> kTable[] = {
      {"60 * * * *", "Number out of bounds."},
      {"* 24 * * *", "Number out of bounds."},
      {"* * 0 * *", "Number out of bounds."},
      {"* * 32 * *", "Number out of bounds."},
      {"* * * 0 *", "Number out of bounds."},
      {"* * * 13 *", "Number out of bounds."},
      {"* * * * 8", "Number out of bounds."},
      {"-1 * * * *", "Invalid start of range."},
      {"256 * * * *", "Invalid number."},
      {"99999999999 * * * *", "Invalid number."},
      {"x * * * *", "Invalid number."},
      {"1.5 * * * *", "Invalid number."},
      {"@ * * * *", "Invalid number."},
      {"30-10 * * * *", "Range out of bounds."},
      {"10-60 * * * *", "Range out of bounds."},
      {"1-2-3 * * * *", "Invalid range syntax."},
      {"1- * * * *", "Invalid end of range."},
      {"*/0 * * * *", "Step cannot be zero."},
      {"*/x * * * *", "Invalid step."},
      {"/5 * * * *", "Invalid start."},
      {"1/2/3 * * * *", "Invalid stepped range syntax."},
      {"59/200 * * * *", "Value exceeded max after stepping."},
      {"50-70/2 * * * *", "Range is out of bounds in stepping."},
      {"5W * * * *", "A specifier is not allowed in the current field."},
      {"5L * * * *", "Nth specifier # not allowed in the current field."},
      {"* * 5#1 * *", "Nth specifier # not allowed in the current field."},
      {"* * * * 1#0", "Nth specifier out of bounds."},
      {"* * * * 1#6", "Nth specifier out of bounds."},
      {"* * * * 1#x", "Invalid nth specifier."},
      {"* * W * *", "Invalid day for closest weekday."},
      {"* * LW * *", "Invalid day for closest weekday."},
      {"* * 32W * *", "Day for closest weekday out of bounds."},
      {"* * L-2 * *", "Invalid start of range."},
  };
  for (const auto& [text, why] : kTable) EXPECT_EQ(reason(text), std::string("Component error: ") + why) << text;
}

TEST(CronParser, AFieldThatAdmitsNothingIsParsedAndNeverPossible) {
  const auto parsed = CronExpression::parse(", * * * *");
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->possible());
}

}  // namespace
}  // namespace troupe
