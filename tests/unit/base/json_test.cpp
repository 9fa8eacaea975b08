#include "engine/base/codec/json.h"

#include <gtest/gtest.h>

#include <limits>

#include "hex.h"
#include "troupe/cbor.h"

namespace troupe {
namespace {

std::string cbor_of(std::string_view json) {
  auto cbor = json_to_cbor(json);
  EXPECT_TRUE(cbor) << json << ": " << (cbor ? "" : cbor.error().detail());
  return cbor ? to_hex(*cbor) : "failed";
}

std::string json_of(std::string_view hex) {
  auto json = cbor_to_json(from_hex(hex));
  EXPECT_TRUE(json) << hex << ": " << (json ? "" : json.error().detail());
  return json ? *json : "failed";
}

TEST(Json, BecomesMinimalCbor) {
  EXPECT_EQ(cbor_of(R"({"args":[1,"a",null,true,1.5,{"x":[1]}]})"),
            "a1646172677386016161f6f5fb3ff8000000000000a161788101");
  EXPECT_EQ(cbor_of(" [ ] "), "80");
  EXPECT_EQ(cbor_of("{}"), "a0");
  EXPECT_EQ(cbor_of(R"("h\u00e9\ud83d\ude00")"), "6768c3a9f09f9880");
  EXPECT_EQ(cbor_of(R"(["$BigInt","5"])"), "826724426967496e746135");
  EXPECT_EQ(cbor_of(R"(["$$x",1])"), "826324247801");
}

TEST(Json, NumbersKeepTheirJavaScriptMeaning) {
  EXPECT_EQ(cbor_of("4294967295"), "1affffffff");
  EXPECT_EQ(cbor_of("4294967296"), "fb41f0000000000000");
  EXPECT_EQ(cbor_of("-4294967296"), "3affffffff");
  EXPECT_EQ(cbor_of("1.0"), "01");
  EXPECT_EQ(cbor_of("1e3"), "1903e8");
  EXPECT_EQ(cbor_of("-0"), "00");
  EXPECT_EQ(cbor_of("-0.0"), "00");
  EXPECT_EQ(cbor_of("9007199254740993"), "fb4340000000000000");
  EXPECT_EQ(cbor_of("18446744073709551615"), "fb43f0000000000000");
  EXPECT_EQ(cbor_of("-9223372036854775808"), "fbc3e0000000000000");
  EXPECT_EQ(cbor_of("123456789012345678901234567890"), "fb45f8ee90ff6c373e");
}

TEST(Json, ContainersOfEveryHeadSizeAreWritten) {
  for (std::size_t size : {0u, 1u, 23u, 24u, 255u, 256u, 65535u, 65536u}) {
    std::string json = "[[";
    std::string object = "{\"o\":{";
    for (std::size_t i = 0; i < size; ++i) {
      json += i ? ",7" : "7";
      object += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":7";
    }
    json += "],8]";
    object += "},\"p\":8}";
    Value::Array sevens(size, Value(7));
    EXPECT_EQ(*parse_json(json), Value::array({Value(sevens), 8}));
    EXPECT_EQ(*cbor_to_json(*json_to_cbor(json)), json);
    EXPECT_EQ(*cbor_to_json(*json_to_cbor(object)), object);
  }
}

TEST(Json, RefusesMalformedText) {
  for (const char* json :
       {"",   " ",   "{",           "[1,]",     "{\"a\":}", "{a:1}", "[1] 2", "nul",   "01",        "1.",
        "+1", "NaN", "\"\\ud800\"", "\"\xff\"", "\"\t\"",   "\"a",   "'a'",   "1e999", "[\"\\x\"]", "// c\n1"}) {
    auto cbor = json_to_cbor(json);
    ASSERT_FALSE(cbor) << json;
    EXPECT_TRUE(cbor.error().is("core", "internal_error"));
    EXPECT_TRUE(cbor.error().detail().starts_with("JSON: ")) << cbor.error().detail();
  }
}

TEST(Json, NestingIsBounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(json_to_cbor(nested(128)));
  EXPECT_FALSE(json_to_cbor(nested(129)));
  EXPECT_FALSE(json_to_cbor(std::string(1'000'000, '[')));
  EXPECT_EQ(*cbor_to_json(*json_to_cbor(nested(128))), nested(128));
  EXPECT_FALSE(cbor_to_json(Bytes(129, 0x81)));
}

TEST(Json, PrintsNumbersAsJavaScriptDoes) {
  EXPECT_EQ(json_of("fb41f2a05f20000000"), "5000000000");
  EXPECT_EQ(json_of("fa4f9502f9"), "5000000000");
  EXPECT_EQ(json_of("f93e00"), "1.5");
  EXPECT_EQ(json_of("fb3fb999999999999a"), "0.1");
  EXPECT_EQ(json_of("fb433fffffffffffff"), "9007199254740991");
  EXPECT_EQ(json_of("fb8000000000000000"), "0");
  EXPECT_EQ(json_of("fb7e37e43c8800759c"), "1e+300");
  EXPECT_EQ(json_of("f97e00"), "null");
  EXPECT_EQ(json_of("f97c00"), "null");
  EXPECT_EQ(json_of("3903e7"), "-1000");
  EXPECT_EQ(json_of("1b0020000000000000"), "9007199254740992");
  EXPECT_EQ(json_of("1b0020000000000001"), R"(["$BigInt","9007199254740993"])");
  EXPECT_EQ(json_of("1bffffffffffffffff"), R"(["$BigInt","18446744073709551615"])");
  EXPECT_EQ(json_of("3b8000000000000000"), R"(["$BigInt","-9223372036854775809"])");
  EXPECT_EQ(json_of("3bffffffffffffffff"), R"(["$BigInt","-18446744073709551616"])");
}

TEST(Json, NativeItemsGetTheirCompatForm) {
  EXPECT_EQ(json_of("430102ff"), R"(["$Uint8Array","AQL/"])");
  EXPECT_EQ(json_of("5f41014202ffff"), R"(["$Uint8Array","AQL/"])");
  EXPECT_EQ(json_of("f7"), R"(["$Undefined",0])");
  EXPECT_EQ(json_of("82c1fb41d954fc4007df3b01"), "[null,1]");
  EXPECT_EQ(json_of("d90103a10102"), "null");
  EXPECT_EQ(json_of("bf7f61616162ff9f01ffff"), R"({"ab":[1]})");
}

TEST(Json, WhatHasNoJsonFormIsAnErrorAndLeavesTheBufferAlone) {
  for (const char* hex : {"", "61ff", "a10102", "a1f601", "0000", "81", "9f01", "bf6161ff", "ff", "c161ff", "c1ff",
                          "c1", "7f4161ff", "9bffffffffffffffff", "f8ff"}) {
    std::string out = "kept";
    auto result = cbor_to_json(from_hex(hex), out);
    ASSERT_FALSE(result) << hex;
    EXPECT_TRUE(result.error().is("core", "internal_error"));
    EXPECT_EQ(out, "kept");
  }
}

TEST(Json, StringsAreEscapedAndRepaired) {
  const auto quoted = [](std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
  };
  EXPECT_EQ(quoted(""), R"("")");
  EXPECT_EQ(quoted("a\"b\\c\n\r\t\b\f/"), R"("a\"b\\c\n\r\t\b\f/")");
  EXPECT_EQ(quoted(std::string("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
  EXPECT_EQ(quoted("h\xc3\xa9\xff"), "\"h\xc3\xa9\xef\xbf\xbd\"");
}

TEST(Json, ValuesTravelInTheCompatEncoding) {
  const std::pair<Value, const char*> cases[] = {
      {nullptr, "null"},
      {Undefined{}, R"(["$Undefined",0])"},
      {true, "true"},
      {-5, "-5"},
      {5000000000, "5000000000"},
      {1.5, "1.5"},
      {1e300, "1e+300"},
      {"a\"", R"("a\"")"},
      {Bytes{1, 2, 255}, R"(["$Uint8Array","AQL/"])"},
      {ArrayBuffer{{1, 2, 255}}, R"(["$ArrayBuffer","AQL/"])"},
      {BigInt{"-12"}, R"(["$BigInt","-12"])"},
      {Value::Set{{1, "a"}}, R"(["$Set",[1,"a"]])"},
      {Value::array({"$x", 1}), R"(["$$x",1])"},
      {Value::array({"$x", 1, 2}), R"(["$x",1,2])"},
      {Value::object({{"b", Value::array({})}, {"a", Value(Value::Object{})}}), R"({"b":[],"a":{}})"},
  };
  for (const auto& [value, json] : cases) {
    EXPECT_EQ(to_json(value), json);
    auto parsed = parse_json(json);
    ASSERT_TRUE(parsed) << json;
    EXPECT_EQ(*parsed, value) << json;
    EXPECT_EQ(*cbor_to_json(encode_cbor(value)), json);
  }
  EXPECT_EQ(to_json(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(to_json(Value::Tagged{1, nullptr}), "null");
}

}  // namespace
}  // namespace troupe
