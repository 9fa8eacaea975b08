#include <gtest/gtest.h>

#include <limits>

#include "engine/base/codec/json.h"
#include "inspector/http/inspector_json.h"
#include "troupe/cbor.h"

namespace troupe {
namespace {

std::string plain(const Value& value) {
  std::string out;
  append_plain_json(out, value);
  return out;
}
std::string plain_sql(const SqlValue& value) {
  std::string out;
  append_plain_json(out, value);
  return out;
}

TEST(InspectorJson, WritesJavaScriptTypesAsPlainJson) {
  EXPECT_EQ(plain(Value(Bytes{1, 2, 255})), "[1,2,255]");
  EXPECT_EQ(plain(Value(ArrayBuffer{{7}})), "[7]");
  EXPECT_EQ(plain(Value(BigInt{"12"})), "12");
  EXPECT_EQ(plain(Value(Value::Set{{Value(1), Value("a")}})), R"([1,"a"])");
  EXPECT_EQ(plain(Value(Undefined{})), "null");
  EXPECT_EQ(plain(Value::object({{"a", Value(Undefined{})}, {"b", Value(1)}, {"c", Value(Undefined{})}})),
            R"({"b":1})");
  EXPECT_EQ(plain(Value::array({Value("$x"), Value(Undefined{})})), R"(["$x",null])");
}

TEST(InspectorJson, LosesDigitsBeyondWhatJavaScriptCanHold) {
  EXPECT_EQ(plain(Value(std::int64_t{9007199254740992})), "9007199254740992");
  const auto beyond = parse_json(plain(Value(std::int64_t{9007199254740993}))).value();
  EXPECT_EQ(beyond.as_double(), 9007199254740992.0);
}

TEST(InspectorJson, MapsSqlValues) {
  EXPECT_EQ(plain_sql(std::monostate()), "null");
  EXPECT_EQ(plain_sql(std::int64_t{-3}), "-3");
  EXPECT_EQ(plain_sql(1.5), "1.5");
  EXPECT_EQ(plain_sql(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(plain_sql(std::string("a\"b")), R"("a\"b")");
  EXPECT_EQ(plain_sql(Bytes{0, 9}), "[0,9]");

  EXPECT_EQ(to_sql_value(Value(true)), SqlValue(std::int64_t{1}));
  EXPECT_EQ(to_sql_value(Value(2.5)), SqlValue(2.5));
  EXPECT_EQ(to_sql_value(Value("t")), SqlValue(std::string("t")));
  EXPECT_EQ(to_sql_value(Value(nullptr)), SqlValue());
  EXPECT_FALSE(to_sql_value(Value::array({})));
}

TEST(InspectorJson, ReadsEmptyBytesAsNullAndRefusesWhatIsNoCbor) {
  std::string out;
  EXPECT_TRUE(append_cbor_as_json(out, Bytes()));
  EXPECT_EQ(out, "null");
  EXPECT_FALSE(append_cbor_as_json(out, Bytes{0xff}));
}

}  // namespace
}  // namespace troupe
