#include "engine/base/codec/utf8.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(Utf8, TakesEveryWellFormedSequence) {
  for (const char* text : {"", "plain text of more than eight bytes", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
                           "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
                           "12345678\xc3\xa9"
                           "12345678"})
    EXPECT_TRUE(is_utf8(std::string_view(text))) << text;
}

TEST(Utf8, RefusesOverlongFormsSurrogatesAndTruncation) {
  for (const char* text : {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
                           "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3", "\xe2\x82",
                           "\xf0\x9f\x98", "12345678\xff", "\xc3(", "\xe2(\xa1"})
    EXPECT_FALSE(is_utf8(std::string_view(text))) << text;
}

TEST(Utf8, ReplacesInvalidBytesOneByOne) {
  EXPECT_EQ(to_valid_utf8("ok"), "ok");
  EXPECT_EQ(to_valid_utf8("a\xff"
                          "b\xc3"),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd");
  EXPECT_EQ(to_valid_utf8("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

}  // namespace
}  // namespace troupe
