#include <gtest/gtest.h>

#include "engine/base/codec/json.h"

namespace troupe {
namespace {

TEST(Base64, EncodesTheVectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(encode_base64(as_bytes(plain)), encoded);
    EXPECT_EQ(decode_base64(encoded), to_bytes(std::string_view(plain)));
  }
}

TEST(Base64, TheUrlAlphabetHasNoPaddingAndItsOwnTwoDigits) {
  const Bytes bytes{0xfb, 0xff, 0xfe, 0xff};
  EXPECT_EQ(encode_base64(bytes), "+//+/w==");
  EXPECT_EQ(encode_base64url(bytes), "-__-_w");
  EXPECT_EQ(decode_base64url("-__-_w"), bytes);
}

TEST(Base64, RoundTripsEveryLength) {
  Bytes bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes);
    EXPECT_EQ(decode_base64url(encode_base64url(bytes)), bytes);
    bytes.push_back(static_cast<std::uint8_t>(i * 37));
  }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "====", "=", "Zg==Zg==", "Z g=", "Zm9v\n", "-_-_", "Zm\xc3\xa9"})
    EXPECT_FALSE(decode_base64(text)) << text;
  for (const char* text : {"Z", "Zg==", "Zh", "Zm9", "+/+/", "Zm9vZ"}) EXPECT_FALSE(decode_base64url(text)) << text;
}

}  // namespace
}  // namespace troupe
