#include "troupe/cbor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "hex.h"

namespace troupe {
namespace {

Value decoded(std::string_view hex) {
  auto value = decode_cbor(from_hex(hex));
  EXPECT_TRUE(value) << hex << ": " << (value ? "" : value.error().detail());
  return value ? *value : Value("failed");
}

std::string encoded(const Value& value) { return to_hex(encode_cbor(value)); }

Value tagged(std::uint64_t tag, Value content) {
  return Value(Value::Tagged{tag, std::make_shared<const Value>(std::move(content))});
}

TEST(Cbor, WritesUserNumbersAsJavaScriptReadsThem) {
  const std::pair<Value, const char*> cases[] = {
      {0, "00"},
      {-1, "20"},
      {24, "1818"},
      {256, "190100"},
      {65536, "1a00010000"},
      {4294967295, "1affffffff"},
      {4294967296, "fb41f0000000000000"},
      {-4294967296, "3affffffff"},
      {-4294967297, "fbc1f0000000100000"},
      {9007199254740991, "fb433fffffffffffff"},
      {9007199254740992, "fb4340000000000000"},
      {9007199254740993, "82 6724426967496e74 7039303037313939323534373430393933"},
      {std::numeric_limits<std::int64_t>::min(), "82 6724426967496e74 742d39323233333732303336383534373735383038"},
      {1.5, "fb3ff8000000000000"},
      {2.0, "02"},
      {-0.0, "00"},
      {4294967296.0, "fb41f0000000000000"},
      {1e300, "fb7e37e43c8800759c"},
      {std::numeric_limits<double>::infinity(), "fb7ff0000000000000"},
      {-std::numeric_limits<double>::infinity(), "fbfff0000000000000"},
      {std::numeric_limits<double>::quiet_NaN(), "fb7ff8000000000000"},
  };
  for (const auto& [value, hex] : cases) EXPECT_EQ(encoded(value), to_hex(from_hex(hex)));
}

TEST(Cbor, ReadsNumbersOfEveryWidth) {
  for (const char* hex :
       {"01", "1801", "190001", "1a00000001", "1b0000000000000001", "f93c00", "fa3f800000", "fb3ff0000000000000"})
    EXPECT_EQ(decoded(hex), Value(1)) << hex;
  EXPECT_EQ(decoded("f93e00"), Value(1.5));
  EXPECT_EQ(decoded("fa4f9502f9"), Value(5000000000));
  EXPECT_EQ(decoded("fb41f2a05f20000000"), Value(5000000000));
  EXPECT_EQ(decoded("1b7fffffffffffffff"), Value(std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(decoded("1b8000000000000000"), Value(BigInt{"9223372036854775808"}));
  EXPECT_EQ(decoded("3b7fffffffffffffff"), Value(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(decoded("3b8000000000000000"), Value(BigInt{"-9223372036854775809"}));
  EXPECT_EQ(decoded("3bffffffffffffffff"), Value(BigInt{"-18446744073709551616"}));
  EXPECT_TRUE(std::isnan(*decoded("f97e00").as_double()));
  EXPECT_EQ(decoded("f97c00"), Value(std::numeric_limits<double>::infinity()));
  EXPECT_EQ(decoded("fb8000000000000000"), Value(0));
}

TEST(Cbor, AFloatBeyondTwoToThe53StaysOne) {
  EXPECT_TRUE(decoded("fb43abc16d674ec800").get_if<double>());
  EXPECT_EQ(encoded(decoded("fb43abc16d674ec800")), "fb43abc16d674ec800");
}

TEST(Cbor, TakesIndefiniteLengthsAndWideHeads) {
  EXPECT_EQ(decoded("9f0102ff"), Value::array({1, 2}));
  EXPECT_EQ(decoded("9fff"), Value::array({}));
  EXPECT_EQ(decoded("bf616101ff"), Value::object({{"a", 1}}));
  EXPECT_EQ(decoded("7f61616162ff"), Value("ab"));
  EXPECT_EQ(decoded("5f41014102ff"), Value(Bytes{1, 2}));
  EXPECT_EQ(decoded("b90001616101"), Value::object({{"a", 1}}));
  EXPECT_EQ(decoded("ba00000001616101"), Value::object({{"a", 1}}));
  EXPECT_EQ(decoded("9b000000000000000101"), Value::array({1}));
  EXPECT_EQ(decoded("bf7f6161ff9f01bfffffff"), Value::object({{"a", Value::array({1, Value(Value::Object{})})}}));
  EXPECT_EQ(decoded("9f6724426967496e746131ff"), Value(BigInt{"1"}));
}

TEST(Cbor, TheFormsOfJavaScriptTypesComeBack) {
  const std::pair<Value, const char*> cases[] = {
      {Undefined{}, "826a24556e646566696e656400"},
      {BigInt{"123456789012345678901"}, "826724426967496e7475313233343536373839303132333435363738393031"},
      {Bytes{1, 2, 255}, "826b2455696e743841727261796441514c2f"},
      {Bytes{}, "826b2455696e7438417272617960"},
      {ArrayBuffer{{1, 2, 255}}, "826c2441727261794275666665726441514c2f"},
      {Value::Set{{1, "a"}}, "82642453657482016161"},
      {Value::Set{{"$x", 1}}, "826424536574826324247801"},
      {Value::array({"$x", 1}), "826324247801"},
      {Value::array({"$$x", 1}), "82642424247801"},
      {Value::array({"$x", 1, 2}), "836224780102"},
      {Value::array({"$"}), "816124"},
      {Value::array({"$", 1}), "8262242401"},
      {Value::array({1, "$x"}), "8201622478"},
      {Value::array({"$Undefined", 0}), "826b2424556e646566696e656400"},
      {tagged(1, 1700000000.123), "c1fb41d954fc4007df3b"},
      {tagged(259, Value::object({{"a", 1}})), "d90103a1616101"},
      {tagged(69, Bytes{1, 0, 2, 0}), "d8454401000200"},
  };
  for (const auto& [value, hex] : cases) {
    EXPECT_EQ(encoded(value), hex);
    EXPECT_EQ(*decode_cbor(encode_cbor(value)), value) << hex;
  }
  EXPECT_EQ(decoded("f7"), Value(Undefined{}));
  EXPECT_EQ(decoded("430102ff"), Value(Bytes{1, 2, 255}));
}

TEST(Cbor, EveryTagIsTaken) {
  for (std::uint64_t tag :
       {0ull, 5ull, 6ull, 20ull, 21ull, 23ull, 24ull, 255ull, 256ull, 65536ull, 4294967296ull, ~0ull}) {
    const auto value = tagged(tag, 1);
    EXPECT_EQ(*decode_cbor(encode_cbor(value)), value) << tag;
  }
}

TEST(Cbor, ATextThatIsNoUtf8IsWrittenRepaired) { EXPECT_EQ(encoded("a\xff"), "6461efbfbd"); }

TEST(Cbor, RefusesMalformedInput) {
  const char* cases[] = {
      "",                                    // nothing
      "18",                                  // head cut off
      "1b00000000000000",                    //
      "1c",                                  // reserved
      "5c",                                  //
      "62",                                  // text cut off
      "6261",                                //
      "7bffffffffffffffff",                  // longer than anything
      "5bffffffffffffffff",                  //
      "61ff",                                // not UTF-8
      "63eda080",                            // surrogate
      "7f61ffff",                            //
      "8161",                                // element cut off
      "81",                                  //
      "9bffffffffffffffff",                  //
      "bbffffffffffffffff",                  //
      "9b7fffffffffffffff00",                //
      "bb8000000000000001616101",            //
      "9f",                                  // never closed
      "bf6161",                              //
      "bf6161ff",                            // key without value
      "7f6161",                              //
      "7f4161ff",                            // chunk of the wrong kind
      "5f6161ff",                            //
      "7f7f6161ffff",                        // nested chunks
      "ff",                                  // stop without a start
      "82ff00",                              //
      "a161",                                //
      "a10102",                              // key is no text
      "a1f601",                              //
      "c1",                                  // tag of nothing
      "c1ff",                                //
      "f800",                                // simple values
      "f8ff",                                //
      "e0",                                  //
      "fb00",                                //
      "0000",                                // trailing bytes
      "f6ff",                                //
      "826a24556e6b6e6f776e5f7801",          // cut-off compat name
      "8262247801",                          // unknown compat form
      "82612401",                            //
      "826724426967496e7401",                // compat content of the wrong kind
      "826724426967496e7460",                //
      "826724426967496e74612d",              //
      "826724426967496e74623178",            //
      "826b2455696e7438417272617963514c2f",  // bad base64
      "8264245365740a",                      //
  };
  for (const char* hex : cases) {
    auto value = decode_cbor(from_hex(hex));
    ASSERT_FALSE(value) << hex;
    EXPECT_TRUE(value.error().is("core", "internal_error"));
    EXPECT_TRUE(value.error().detail().starts_with("CBOR: ")) << value.error().detail();
  }
}

TEST(Cbor, NestingAndSizesAreBounded) {
  const auto nested = [](std::size_t depth, std::uint8_t head, std::uint8_t leaf) {
    Bytes bytes(depth, head);
    bytes.push_back(leaf);
    return bytes;
  };
  EXPECT_TRUE(decode_cbor(nested(128, 0x81, 0)));
  EXPECT_FALSE(decode_cbor(nested(129, 0x81, 0)));
  EXPECT_TRUE(decode_cbor(nested(128, 0xc1, 0)));
  EXPECT_FALSE(decode_cbor(nested(129, 0xc1, 0)));
  EXPECT_FALSE(decode_cbor(Bytes(1'000'000, 0x9f)));
  // An undefined is written as an array.
  EXPECT_TRUE(decode_cbor(nested(127, 0x81, 0xf7)));
  EXPECT_FALSE(decode_cbor(nested(128, 0x81, 0xf7)));
  EXPECT_FALSE(decode_cbor(from_hex("83010203"), {.depth_max = 8, .items_max = 2}));
  EXPECT_FALSE(decode_cbor(from_hex("9f010203ff"), {.depth_max = 8, .items_max = 2}));
  EXPECT_TRUE(decode_cbor(from_hex("bf616101616202ff"), {.depth_max = 8, .items_max = 2}));
  EXPECT_FALSE(decode_cbor(from_hex("bf616101616202616303ff"), {.depth_max = 8, .items_max = 2}));
  EXPECT_FALSE(decode_cbor(from_hex("a3616101616202616303"), {.depth_max = 8, .items_max = 2}));
}

}  // namespace
}  // namespace troupe
