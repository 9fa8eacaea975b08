#include <gtest/gtest.h>

#include "hex.h"
#include "troupe/cbor.h"

namespace troupe {
namespace {

using Kind = CborReader::Kind;

TEST(CborReader, WalksThroughAMessage) {
  const auto bytes = from_hex("a3 626964 1b0000000000000007 646e616d65 63696e63 6461726773 8301f56161");
  CborReader reader(bytes);
  ASSERT_EQ(reader.map(), 3u);
  EXPECT_EQ(reader.text(), "id");
  EXPECT_EQ(reader.integer(), 7);
  EXPECT_EQ(reader.text(), "name");
  EXPECT_EQ(reader.text(), "inc");
  EXPECT_EQ(reader.text(), "args");
  EXPECT_EQ(to_hex(reader.raw()), "8301f56161");
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.at_end());
  EXPECT_EQ(reader.peek(), Kind::end);
}

TEST(CborReader, EndsOfIndefiniteContainersNeedNoCall) {
  const auto bytes = from_hex("bf 6161 9f 01 9f ff 9f 02 ff ff 6162 bf ff ff");
  CborReader reader(bytes);
  ASSERT_EQ(reader.map(), 2u);
  EXPECT_EQ(reader.text(), "a");
  ASSERT_EQ(reader.array(), 3u);
  EXPECT_EQ(reader.integer(), 1);
  EXPECT_EQ(reader.array(), 0u);
  ASSERT_EQ(reader.array(), 1u);
  EXPECT_EQ(reader.integer(), 2);
  EXPECT_EQ(reader.text(), "b");
  EXPECT_EQ(reader.map(), 0u);
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.at_end());
}

TEST(CborReader, KnowsTheKindOfTheNextItem) {
  const std::pair<const char*, Kind> cases[] = {
      {"01", Kind::integer}, {"20", Kind::integer},   {"f93c00", Kind::floating}, {"6161", Kind::text},
      {"7fff", Kind::text},  {"4101", Kind::bytes},   {"5fff", Kind::bytes},      {"80", Kind::array},
      {"9fff", Kind::array}, {"a0", Kind::map},       {"bfff", Kind::map},        {"f5", Kind::boolean},
      {"f6", Kind::null},    {"f7", Kind::undefined}, {"c100", Kind::tag},        {"", Kind::end},
      {"ff", Kind::invalid}, {"1c", Kind::invalid},   {"6261", Kind::invalid},
  };
  for (const auto& [hex, kind] : cases) {
    const auto bytes = from_hex(hex);
    EXPECT_EQ(CborReader(bytes).peek(), kind) << hex;
  }
}

TEST(CborReader, ReadsNumbersFromEveryForm) {
  const auto integer = [](std::string_view hex) {
    const auto bytes = from_hex(hex);
    CborReader reader(bytes);
    const auto n = reader.integer();
    EXPECT_TRUE(reader.ok() && reader.at_end()) << hex;
    return n;
  };
  EXPECT_EQ(integer("191388"), 5000);
  EXPECT_EQ(integer("3903e7"), -1000);
  EXPECT_EQ(integer("fb41f2a05f20000000"), 5000000000);
  EXPECT_EQ(integer("fa4f9502f9"), 5000000000);
  EXPECT_EQ(integer("826724426967496e7463313233"), 123);
  for (const char* hex : {"1b8000000000000000", "f93e00", "f97e00", "6131", "f6", "826a24556e646566696e656400",
                          "826724426967496e7475313233343536373839303132333435363738393031"}) {
    const auto bytes = from_hex(hex);
    CborReader reader(bytes);
    EXPECT_EQ(reader.integer(), 0);
    EXPECT_FALSE(reader.ok()) << hex;
  }
  const auto floating = [](std::string_view hex) {
    const auto bytes = from_hex(hex);
    CborReader reader(bytes);
    const auto d = reader.floating();
    EXPECT_TRUE(reader.ok() && reader.at_end()) << hex;
    return d;
  };
  EXPECT_EQ(floating("f93e00"), 1.5);
  EXPECT_EQ(floating("1b8000000000000000"), 9223372036854775808.0);
  EXPECT_EQ(floating("3bffffffffffffffff"), -18446744073709551616.0);
  EXPECT_EQ(floating("826724426967496e7463313233"), 123.0);
}

TEST(CborReader, ReadsBytesFromEveryForm) {
  for (const char* hex : {"430102ff",
                          "5f410142"
                          "02ffff",
                          "826b2455696e743841727261796441514c2f", "826c2441727261794275666665726441514c2f"}) {
    const auto bytes = from_hex(hex);
    CborReader reader(bytes);
    EXPECT_EQ(reader.bytes(), (Bytes{1, 2, 255})) << hex;
    EXPECT_TRUE(reader.ok() && reader.at_end()) << hex;
  }
}

TEST(CborReader, TakesNothingForEveryFormOfNothing) {
  for (const char* hex : {"f6", "f7", "826a24556e646566696e656400", "9f6a24556e646566696e656400ff"}) {
    const auto bytes = from_hex(hex);
    CborReader reader(bytes);
    EXPECT_TRUE(reader.take_null()) << hex;
    EXPECT_TRUE(reader.ok() && reader.at_end()) << hex;
  }
  for (const char* hex : {"00", "80", "8200f6", "826724426967496e7463313233", "6a24556e646566696e6564"}) {
    const auto bytes = from_hex(hex);
    CborReader reader(bytes);
    EXPECT_FALSE(reader.take_null()) << hex;
    EXPECT_TRUE(reader.ok());
    EXPECT_EQ(to_hex(reader.raw()), hex);
  }
}

TEST(CborReader, RawItemsAreCheckedToTheirEnd) {
  const auto good = from_hex("8261617f6162ff00");
  CborReader reader(good);
  EXPECT_EQ(to_hex(reader.raw()), "8261617f6162ff");
  EXPECT_EQ(reader.integer(), 0);
  EXPECT_TRUE(reader.at_end());
  for (const char* hex : {"8261", "8161", "8161ff", "81ff", "a161", "9f01", "c1", "7f01ff", "bf01ff"}) {
    const auto bytes = from_hex(hex);
    CborReader bad(bytes);
    EXPECT_TRUE(bad.raw().empty());
    EXPECT_FALSE(bad.ok()) << hex;
  }
}

TEST(CborReader, TheFirstFailureSticksAndSaysWhere) {
  const auto bytes = from_hex("8201f5");
  CborReader reader(bytes);
  EXPECT_EQ(reader.array(), 2u);
  EXPECT_EQ(reader.text(), "");
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.integer(), 0);
  EXPECT_FALSE(reader.boolean());
  EXPECT_TRUE(reader.raw().empty());
  EXPECT_FALSE(reader.take_null());
  EXPECT_EQ(reader.peek(), Kind::invalid);
  reader.fail("something else");
  EXPECT_EQ(reader.error().id(), "core.internal_error");
  EXPECT_EQ(reader.error().detail(), "CBOR: expected a text at 1");
}

TEST(CborWriter, WritesProtocolFieldsWithTheHeadTheyNeed) {
  Bytes out;
  CborWriter writer(out);
  writer.map(2);
  writer.text("id");
  writer.wide_uint(2);
  writer.text("output");
  writer.raw(from_hex("01"));
  EXPECT_EQ(to_hex(out), "a26269641b0000000000000002666f757470757401");
}

TEST(CborWriter, KeepsNativeByteStringsApartFromUint8Arrays) {
  Bytes out;
  CborWriter writer(out);
  writer.bytes(Bytes{1, 2});
  writer.uint8_array(Bytes{1, 2, 255});
  writer.undefined();
  writer.null();
  writer.boolean(false);
  EXPECT_EQ(to_hex(out), "420102826b2455696e743841727261796441514c2f826a24556e646566696e656400f6f4");
}

}  // namespace
}  // namespace troupe
