#include <gtest/gtest.h>

#include "as_json.h"
#include "engine/envoyproto/decode.h"
#include "engine/envoyproto/encode.h"
#include "golden.h"

namespace troupe::envoyproto {
namespace {

using Json = nlohmann::json;

/// Decodes, compares with what the vector says (unless it says nothing), and encodes to the same bytes again.
template <class Message>
void check(Version version, BytesView frame, const Json& value, Result<Message> (*decode)(Version, BytesView)) {
  const auto message = decode(version, frame);
  ASSERT_TRUE(message) << message.error().detail();
  if (!value.is_null()) {
    EXPECT_EQ(as_json(*message), value);
  }
  const auto encoded = encode(version, *message);
  ASSERT_TRUE(encoded) << encoded.error().detail();
  EXPECT_TRUE(std::equal(encoded->begin(), encoded->end(), frame.begin(), frame.end()));
}

void check(Version version, const std::string& direction, BytesView frame, const Json& value) {
  if (direction == "ToRivet")
    check<ToRivet>(version, frame, value, decode_to_rivet);
  else
    check<ToEnvoy>(version, frame, value, decode_to_envoy);
}

TEST(EnvoyProtocolGolden, EveryVectorOfVersion8DecodesToItsValueAndEncodesToTheSameBytes) {
  const auto vectors = golden_vectors(8);
  EXPECT_EQ(vectors.size(), 100U);
  for (const auto& vector : vectors) {
    SCOPED_TRACE(vector.direction + " " + vector.name);
    check(8, vector.direction, vector.frame, vector.value);
  }
}

/// What version 8 has and 6 has not is what its structs hold by default.
Json without_new_fields(Json value) {
  if (!value.is_structured()) return value;
  if (value.is_object() && value.contains("tag")) {
    const auto tag = value["tag"].get<std::string>();
    auto& val = value["val"];
    if (tag == "ToEnvoyRequestStart") {
      val.erase("actorGeneration");
      val.erase("responseStream");
    } else if (tag == "ToEnvoyWebSocketOpen") {
      val.erase("actorGeneration");
    } else if (tag == "ToEnvoyRequestAbort" || tag == "ToRivetResponseAbort") {
      val = nullptr;
    }
  }
  for (auto& member : value) member = without_new_fields(member);
  return value;
}

TEST(EnvoyProtocolGolden, EveryVectorOfVersion6DecodesToItsValueAndEncodesToTheSameBytes) {
  const auto vectors = golden_vectors(6);
  EXPECT_EQ(vectors.size(), 83U);
  for (const auto& vector : vectors) {
    SCOPED_TRACE(vector.direction + " " + vector.name);
    check(6, vector.direction, vector.frame, {});
    const Json value = vector.direction == "ToRivet" ? as_json(*decode_to_rivet(6, vector.frame))
                                                     : as_json(*decode_to_envoy(6, vector.frame));
    EXPECT_EQ(without_new_fields(value), without_new_fields(vector.value));
  }
}

TEST(EnvoyProtocolGolden, Version7IsTheTunnelOf6AndEverythingElseOf8) {
  const auto is_tunnel = [](const GoldenVector& vector) { return vector.name.starts_with("tunnel_"); };
  for (const auto& vector : golden_vectors(8)) {
    SCOPED_TRACE(vector.direction + " " + vector.name);
    if (!is_tunnel(vector)) check(7, vector.direction, vector.frame, vector.value);
  }
  for (const auto& vector : golden_vectors(6)) {
    SCOPED_TRACE(vector.direction + " " + vector.name);
    if (is_tunnel(vector)) check(7, vector.direction, vector.frame, {});
  }
}

TEST(EnvoyProtocolGolden, EveryFrameOfARecordedSessionSurvives) {
  const auto file = Json::parse(std::ifstream(TROUPE_SOURCE_DIR "/tests/vectors/envoy-session-v8.json"));
  int frames = 0;
  for (const auto& row : file.at("rows")) {
    if (!row.contains("hex")) continue;
    SCOPED_TRACE(row.at("tag").get<std::string>() + " at " + row.at("t").dump());
    ++frames;
    const auto direction = row.at("direction").get<std::string>();
    const Bytes frame = from_hex(row.at("hex").get<std::string>());
    check(8, direction, frame, {});
    const Json message =
        direction == "ToRivet" ? as_json(*decode_to_rivet(8, frame)) : as_json(*decode_to_envoy(8, frame));
    EXPECT_EQ(message.at("tag"), row.at("tag"));
  }
  EXPECT_GT(frames, 60);
}

}  // namespace
}  // namespace troupe::envoyproto
