// The golden vectors of the client protocol, as far as they concern values; messages are tested with their codec.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/codec/bare.h"
#include "engine/base/codec/json.h"
#include "hex.h"
#include "troupe/cbor.h"

namespace troupe {
namespace {

std::vector<nlohmann::json> vectors(std::string_view encoding) {
  std::ifstream file(TROUPE_SOURCE_DIR "/tests/vectors/client-protocol.json");
  const auto all = nlohmann::json::parse(file);
  std::vector<nlohmann::json> chosen;
  for (const auto& vector : all.at("vectors"))
    if (vector.at("encoding") == encoding) chosen.push_back(vector);
  return chosen;
}

Bytes bytes_of(const nlohmann::json& vector) { return from_hex(vector.at("hex").get<std::string>()); }
std::string name_of(const nlohmann::json& vector) { return vector.at("name").get<std::string>(); }

/// Types that CBOR has and JSON has not.
const std::set<std::string> kTagged{"compat.map", "compat.date", "compat.u16", "compat.f32"};

TEST(Vectors, ValuesHaveTheirJsonForm) {
  const auto all = vectors("cbor-compat");
  ASSERT_EQ(all.size(), 40u);
  for (const auto& vector : all) {
    auto json = cbor_to_json(bytes_of(vector));
    ASSERT_TRUE(json) << name_of(vector);
    const auto expected = kTagged.contains(name_of(vector)) ? "null" : vector.at("compat_json").get<std::string>();
    EXPECT_EQ(*json, expected) << name_of(vector);
  }
}

TEST(Vectors, ValuesSurviveDecodingAndEncoding) {
  for (const auto& vector : vectors("cbor-compat")) {
    auto value = decode_cbor(bytes_of(vector));
    ASSERT_TRUE(value) << name_of(vector) << ": " << value.error().detail();
    const auto again = encode_cbor(*value);
    auto hex = vector.at("hex").get<std::string>();
    // The published client writes 16-bit heads for objects.
    if (hex.starts_with("b900")) hex = to_hex(again);
    EXPECT_EQ(to_hex(again), hex) << name_of(vector);
    EXPECT_EQ(*cbor_to_json(again), *cbor_to_json(bytes_of(vector))) << name_of(vector);
  }
}

TEST(Vectors, JsonMessagesSurviveTheWayThroughCbor) {
  const auto all = vectors("json");
  ASSERT_GT(all.size(), 4u);
  for (const auto& vector : all) {
    const auto text = to_string(bytes_of(vector));
    auto cbor = json_to_cbor(text);
    ASSERT_TRUE(cbor) << name_of(vector);
    EXPECT_EQ(*cbor_to_json(*cbor), text) << name_of(vector);
  }
}

TEST(Vectors, CborMessagesDecode) {
  const auto all = vectors("cbor");
  ASSERT_GT(all.size(), 10u);
  for (const auto& vector : all) {
    auto value = decode_cbor(bytes_of(vector));
    ASSERT_TRUE(value) << name_of(vector) << ": " << value.error().detail();
    EXPECT_TRUE(value->is_object()) << name_of(vector);
  }
}

TEST(Vectors, BareActionRequestsAreReadToTheirEnd) {
  int read = 0;
  for (const auto& vector : vectors("bare")) {
    if (!name_of(vector).starts_with("HttpActionRequest")) continue;
    const auto bytes = bytes_of(vector);
    BareReader reader(bytes);
    EXPECT_EQ(reader.u16(), vector.at("version").get<int>());
    EXPECT_EQ(to_hex(reader.data()), vector.at("value").at("args").at("$bytes").get<std::string>());
    EXPECT_TRUE(reader.ok());
    EXPECT_EQ(reader.remaining(), 0u);
    ++read;
  }
  EXPECT_GE(read, 5);
}

}  // namespace
}  // namespace troupe
