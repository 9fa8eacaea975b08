#include "engine/base/key.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using Key = std::vector<std::string>;

TEST(Key, TheWireFormEscapesSlashesAndEmptySegments) {
  EXPECT_EQ(serialize_key({}), "/");
  EXPECT_EQ(serialize_key({"a"}), "a");
  EXPECT_EQ(serialize_key({"a", "b"}), "a/b");
  EXPECT_EQ(serialize_key({"a/b", "", "c"}), R"(a\/b/\0/c)");
  EXPECT_EQ(serialize_key({""}), R"(\0)");
  EXPECT_EQ(serialize_key({R"(\0)"}), R"(\\0)");
  EXPECT_EQ(serialize_key({R"(\)", "/"}), R"(\\/\/)");
}

TEST(Key, EveryListComesBack) {
  const Key segments{"", "a", "/", R"(\)", R"(\0)", "0", R"(a\)", "\xff", std::string(1, '\0'), "ä/ö"};
  for (const auto& a : segments) {
    EXPECT_EQ(parse_key(serialize_key({a})), Key{a});
    for (const auto& b : segments) EXPECT_EQ(parse_key(serialize_key({a, b})), (Key{a, b}));
  }
  EXPECT_EQ(parse_key(serialize_key({})), Key{});
}

TEST(Key, EveryStringIsSomeKey) {
  EXPECT_EQ(parse_key(""), Key{});
  EXPECT_EQ(parse_key("/"), Key{});
  EXPECT_EQ(parse_key("//"), (Key{"", "", ""}));
  EXPECT_EQ(parse_key("a/"), (Key{"a", ""}));
  EXPECT_EQ(parse_key(R"(a\)"), Key{R"(a\)"});
  EXPECT_EQ(parse_key(R"(\)"), Key{R"(\)"});
  EXPECT_EQ(parse_key(R"(\x)"), Key{"x"});
  EXPECT_EQ(parse_key(R"(a\0b)"), Key{"a0b"});
}

TEST(Key, TheEmptyListIsShownAsAnEmptyText) {
  EXPECT_EQ(display_key({}), "");
  EXPECT_EQ(display_key({"a/b", "", "c"}), R"(a\/b/\0/c)");
}

}  // namespace
}  // namespace troupe
