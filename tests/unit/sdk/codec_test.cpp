#include "troupe/codec.h"

#include <gtest/gtest.h>

#include "tests/unit/sdk/fake_actor.h"

namespace troupe::test {
namespace {

struct Point {
  double x = 1, y = 2;
  TROUPE_FIELDS(x, y)
  friend bool operator==(const Point&, const Point&) = default;
};

struct Shape {
  std::string name = "none";
  std::optional<Point> centre;
  std::vector<Point> corners;
  std::map<std::string, std::int64_t> counts;
  TROUPE_FIELDS(name, centre, corners, counts)
  friend bool operator==(const Shape&, const Shape&) = default;
};

struct Tree {
  std::vector<Tree> children;
  TROUPE_FIELDS(children)
};

enum class Colour : std::uint8_t { red, green };

template <class T>
T there_and_back(const T& value) {
  return decode<T>(encode(value)).value();
}

template <class T>
std::string problem_of(const Value& value) {
  auto decoded = decode<T>(cbor(value));
  return decoded ? "none" : decoded.error().detail();
}

TEST(Codec, RoundTripsEveryMappedType) {
  EXPECT_EQ(there_and_back(true), true);
  EXPECT_EQ(there_and_back<std::int8_t>(-128), -128);
  EXPECT_EQ(there_and_back<std::uint32_t>(4'000'000'000u), 4'000'000'000u);
  EXPECT_EQ(there_and_back(INT64_MIN), INT64_MIN);
  EXPECT_EQ(there_and_back(UINT64_MAX), UINT64_MAX);
  EXPECT_EQ(there_and_back(1.5), 1.5);
  EXPECT_EQ(there_and_back(0.25f), 0.25f);
  EXPECT_EQ(there_and_back<std::string>("héllo"), "héllo");
  EXPECT_EQ(there_and_back(Bytes{0, 1, 255}), (Bytes{0, 1, 255}));
  EXPECT_EQ(there_and_back(std::optional<int>()), std::nullopt);
  EXPECT_EQ(there_and_back(std::optional<int>(7)), 7);
  EXPECT_EQ(there_and_back(std::vector<bool>{true, false}), (std::vector<bool>{true, false}));
  EXPECT_EQ(there_and_back(std::array<int, 3>{1, 2, 3}), (std::array<int, 3>{1, 2, 3}));
  EXPECT_EQ(there_and_back(std::tuple<int, std::string, bool>(1, "a", true)),
            (std::tuple<int, std::string, bool>(1, "a", true)));
  EXPECT_EQ(there_and_back(std::pair<std::string, int>("a", 1)), (std::pair<std::string, int>("a", 1)));
  EXPECT_EQ(there_and_back(Colour::green), Colour::green);
  EXPECT_EQ(there_and_back(Value::array({1, "a"})), Value::array({1, "a"}));
  const Shape shape{"box", Point{3, 4}, {{5, 6}}, {{"a", 1}}};
  EXPECT_EQ(there_and_back(shape), shape);
}

TEST(Codec, AStructIsAnObjectWithItsFieldNames) {
  EXPECT_EQ(value_of(encode(Point{3, 4.5})), Value::object({{"x", 3}, {"y", 4.5}}));
}

TEST(Codec, BytesTravelAsUint8Array) { EXPECT_EQ(value_of(encode(Bytes{1})), Value(Bytes{1})); }

TEST(Codec, MissingMembersKeepTheirDefaultAndUnknownOnesAreIgnored) {
  const auto value = Value::object({{"y", 9}, {"z", Value::array({1, 2})}});
  EXPECT_EQ(decode<Point>(cbor(value)).value(), (Point{1, 9}));
}

TEST(Codec, AnUndefinedMemberCountsAsMissing) {
  const auto value = Value::object({{"x", Undefined{}}, {"y", 9}});
  EXPECT_EQ(decode<Point>(cbor(value)).value(), (Point{1, 9}));
}

TEST(Codec, OptionalReadsNullAndUndefinedAsNothing) {
  EXPECT_EQ(decode<std::optional<int>>(cbor(nullptr)).value(), std::nullopt);
  EXPECT_EQ(decode<std::optional<int>>(cbor(Undefined{})).value(), std::nullopt);
  EXPECT_EQ(decode<std::optional<int>>({}).value(), std::nullopt);
}

TEST(Codec, IntegersAcceptIntegralFloatsAndBigInts) {
  EXPECT_EQ(decode<std::int64_t>(cbor(5e9)).value(), 5'000'000'000);
  EXPECT_EQ(decode<std::int64_t>(cbor(BigInt{"-12"})).value(), -12);
  EXPECT_EQ(decode<std::uint64_t>(cbor(BigInt{"18446744073709551615"})).value(), UINT64_MAX);
}

TEST(Codec, PairsThatLookLikeSpecialValuesAreEscaped) {
  const std::vector<std::string> words{"$Undefined", "0"};
  EXPECT_EQ(value_of(encode(words)), Value::array({"$Undefined", "0"}));
  EXPECT_EQ(there_and_back(words), words);
  const std::pair<std::string, int> pair("$$x", 1);
  EXPECT_EQ(value_of(encode(pair)), Value::array({"$$x", 1}));
  EXPECT_EQ(there_and_back(pair), pair);
  EXPECT_EQ(problem_of<std::vector<std::string>>(BigInt{"1"}), "[0]: expected an array, got BigInt");
}

TEST(Codec, RawKeepsTheBytesOfAnItem) {
  const Bytes odd{0xfb, 0x40, 0x00, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(decode<Raw>(odd).value().cbor, odd);
  EXPECT_EQ(encode(Raw{odd}), odd);
}

TEST(Codec, ProblemsNameTheirPlace) {
  EXPECT_EQ(problem_of<int>("a"), "expected an integer, got text");
  EXPECT_EQ(problem_of<int>(1.5), "expected an integer");
  EXPECT_EQ(problem_of<std::int8_t>(128), "expected an integer from -128 to 127");
  EXPECT_EQ(problem_of<std::uint64_t>(-1), "expected an integer that is not negative");
  EXPECT_EQ(problem_of<std::string>(nullptr), "expected text, got null");
  EXPECT_EQ(problem_of<bool>(1), "expected a boolean, got a number");
  EXPECT_EQ(problem_of<double>(Bytes{1}), "expected a number, got Uint8Array");
  EXPECT_EQ((problem_of<std::array<int, 2>>(Value::array({1}))), "expected an array of 2");
  const auto corners = Value::array({Value::object({}), Value::object({{"x", "far"}})});
  EXPECT_EQ(problem_of<Shape>(Value::object({{"corners", corners}})), "corners[1].x: expected a number, got text");
  EXPECT_EQ(problem_of<Shape>(Value::object({{"counts", Value::object({{"a", true}})}})),
            "counts.a: expected an integer, got a boolean");
}

TEST(Codec, ProblemsAreValidationErrors) {
  const auto decoded = decode<int>(cbor("a"), "input");
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().id(), "actor.validation_error");
  EXPECT_EQ(decoded.error().message(), "Invalid input");
}

TEST(Codec, TrailingAndTruncatedInputIsRefused) {
  EXPECT_FALSE(decode<int>(Bytes{0x01, 0x01}));
  EXPECT_FALSE(decode<std::string>(Bytes{0x65, 'a'}));
  EXPECT_FALSE(decode<std::vector<int>>(Bytes{0x9a, 0xff, 0xff, 0xff, 0xff}));
}

TEST(Codec, RecursiveTypesAreBoundedInDepth) {
  Bytes deep;
  CborWriter writer(deep);
  for (int i = 0; i < 10'000; ++i) {
    writer.map(1);
    writer.text("children");
    writer.array(1);
  }
  writer.map(0);
  auto decoded = decode<Tree>(deep);
  ASSERT_FALSE(decoded);
  EXPECT_NE(decoded.error().detail().find("levels"), std::string::npos);
}

}  // namespace
}  // namespace troupe::test
