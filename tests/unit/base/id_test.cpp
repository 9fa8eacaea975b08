#include "engine/base/id.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <unordered_set>

#include "engine/base/virtual_ports.h"
#include "hex.h"

namespace troupe {
namespace {

Id id_of(std::string_view hex) {
  const auto bytes = from_hex(hex);
  std::array<std::uint8_t, Id::kSize> array{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), array.size()), array.begin());
  return Id(array);
}

const std::pair<const char*, const char*> kVectors[] = {
    {"01 00000000000040008000000000000000 0000", "pyux50scjhuckfq200000000000000"},
    {"01 00000000000040008000000000000000 0001", "hkay2d8eub5p74v1pfgpr7isbeal00"},
    {"01 ffffffffffff4fffbfffffffffffffff 0001", "tlvwz956fqtfnn7ebgaxtejo3edl00"},
    {"01 0123f0a75b1e4c2d9a3b001122334455 abcd", "x0a14tsx7hsjts696jdy4lkriigmd3"},
    {"01 ffffffffffffffffffffffffffffffff ffff", "1oy2rubcii3hz9btllv019jpuvxd74"},
    {"01 5d4fb2c666e24683bac3c4f3d2b4af54 0001", "1k3o5g99wj0rc501edsgun6azdbl00"},
    {"01 3ec7eaf14c3f450686f51b5ec02f46f3 0001", "92b8glxz44e4mbci1ksehb7tq8dl00"},
};

TEST(Id, HasTheTextOfThePublishedEngine) {
  for (const auto& [hex, text] : kVectors) {
    EXPECT_EQ(id_of(hex).text(), text);
    auto parsed = Id::parse(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, id_of(hex));
  }
}

TEST(Id, ParsesWithoutRegardToCase) {
  EXPECT_EQ(*Id::parse("92B8GLXZ44E4MBCI1KSEHB7TQ8DL00"), *Id::parse("92b8glxz44e4mbci1ksehb7tq8dl00"));
}

TEST(Id, SaysWhyATextIsNoId) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "invalid input length: expected at least 4 characters"},
      {"abc", "invalid input length: expected at least 4 characters"},
      {"0000", "unsupported ID version: 0"},
      {"not-an-id", "invalid base36 character: '-'"},
      {"1000", "invalid input length: expected 30, got 4"},
      {"92b8glxz44e4mbci1ksehb7tq8dl0", "invalid input length: expected 30, got 29"},
      {"92b8glxz44e4mbci1ksehb7tq8dl000", "invalid input length: expected 30, got 31"},
      {"92b8glxz44e4mbci1ksehb7tq8dl_0", "invalid base36 character: '_'"},
      {"92b8glxz44e4mbci1ksehb7tq8dl\xc3\xa9", "invalid base36 character: '\xc3\xa9'"},
      {"1000zzzzzzzzzzzzzzzzzzzzzzzzzz", "byte conversion overflow/underflow"},
      {"100000000000000000000000000085", "byte conversion overflow/underflow"},
  };
  for (const auto& [text, reason] : cases) {
    auto parsed = Id::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_TRUE(parsed.error().is("api", "bad_request"));
    EXPECT_EQ(parsed.error().message(), reason) << text;
  }
}

TEST(Id, IsARandomUuidWithTheLabelOfItsDatacenter) {
  VirtualWorld world(7);
  std::unordered_set<Id> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto id = Id::make(world.ports().random, 0x1234);
    EXPECT_EQ(id.label(), 0x1234);
    EXPECT_EQ(id.bytes()[0], 1);
    EXPECT_EQ(id.bytes()[7] >> 4, 4);
    EXPECT_EQ(id.bytes()[9] >> 6, 2);
    EXPECT_EQ(id.text().size(), Id::kTextSize);
    EXPECT_EQ(*Id::parse(id.text()), id);
    EXPECT_TRUE(seen.insert(id).second);
  }
}

TEST(Id, UuidsAreWrittenInGroups) {
  VirtualWorld world(7);
  const auto uuid = make_uuid_v4(world.ports().random);
  ASSERT_EQ(uuid.size(), 36u);
  for (std::size_t i : {8, 13, 18, 23}) EXPECT_EQ(uuid[i], '-');
  EXPECT_EQ(uuid[14], '4');
  EXPECT_NE(std::string_view("89ab").find(uuid[19]), std::string_view::npos);
  EXPECT_EQ(uuid.find_first_not_of("0123456789abcdef-"), std::string::npos);
}

}  // namespace
}  // namespace troupe
