#include "troupe/value.h"

#include <gtest/gtest.h>

#include <limits>

namespace troupe {
namespace {

TEST(Value, NumbersAreEqualByValue) {
  EXPECT_EQ(Value(2), Value(2.0));
  EXPECT_EQ(Value(2.0), Value(2));
  EXPECT_FALSE(Value(2) == Value(2.5));
  EXPECT_FALSE(Value(1) == Value(true));
  EXPECT_FALSE(Value(std::numeric_limits<double>::quiet_NaN()) == Value(0));
}

TEST(Value, ReadsIntegersFromIntegralDoublesThatFit) {
  EXPECT_EQ(Value(3.0).as_int(), 3);
  EXPECT_EQ(Value(-9223372036854775808.0).as_int(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Value(9223372036854775808.0).as_int(), std::nullopt);
  EXPECT_EQ(Value(0.5).as_int(), std::nullopt);
  EXPECT_EQ(Value(std::numeric_limits<double>::infinity()).as_int(), std::nullopt);
  EXPECT_EQ(Value(std::numeric_limits<double>::quiet_NaN()).as_int(), std::nullopt);
  EXPECT_EQ(Value("3").as_int(), std::nullopt);
  EXPECT_EQ(Value(3).as_double(), 3.0);
}

TEST(Value, UnsignedNumbersBeyondInt64BecomeBigIntegers) {
  EXPECT_EQ(Value(~0ul).get_if<BigInt>()->decimal, "18446744073709551615");
  EXPECT_EQ(Value(7ul).as_int(), 7);
}

TEST(Value, TheOrderOfMembersDoesNotMatter) {
  EXPECT_EQ(Value::object({{"a", 1}, {"b", 2}}), Value::object({{"b", 2}, {"a", 1}}));
  EXPECT_FALSE(Value::object({{"a", 1}, {"b", 2}}) == Value::object({{"b", 2}, {"c", 1}}));
  EXPECT_FALSE(Value::object({{"a", 1}}) == Value::object({{"a", 1}, {"b", 2}}));
  EXPECT_FALSE(Value::array({1, 2}) == Value::array({2, 1}));
}

TEST(Value, OfMembersWithOneNameTheLastCounts) {
  const auto twice = Value::object({{"a", 1}, {"a", 2}});
  EXPECT_EQ(*twice.find("a"), Value(2));
  EXPECT_EQ(twice, twice);
  EXPECT_EQ(twice.find("b"), nullptr);
  EXPECT_EQ(Value(1).find("a"), nullptr);
}

TEST(Value, SetsAndTagsAreComparedByContent) {
  EXPECT_EQ(Value(Value::Set{{1, 2}}), Value(Value::Set{{1, 2}}));
  EXPECT_FALSE(Value(Value::Set{{1, 2}}) == Value::array({1, 2}));
  const auto tagged = [](std::uint64_t tag, Value content) {
    return Value(Value::Tagged{tag, std::make_shared<const Value>(std::move(content))});
  };
  EXPECT_EQ(tagged(1, 5), tagged(1, 5));
  EXPECT_FALSE(tagged(1, 5) == tagged(2, 5));
  EXPECT_FALSE(tagged(1, 5) == tagged(1, 6));
  EXPECT_FALSE(tagged(1, 5) == Value(Value::Tagged{1, nullptr}));
}

}  // namespace
}  // namespace troupe
