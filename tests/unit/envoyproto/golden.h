#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/envoyproto/messages.h"

namespace troupe::envoyproto {

struct GoldenVector {
  std::string name;
  /// Of the union at the top: "ToRivet" or "ToEnvoy".
  std::string direction;
  Bytes frame;
  nlohmann::json value;
};

inline Bytes from_hex(const std::string& hex) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

/// The vectors of one version that travel between envoys and engine.
inline std::vector<GoldenVector> golden_vectors(Version version) {
  const auto file = nlohmann::json::parse(
      std::ifstream(TROUPE_SOURCE_DIR "/tests/vectors/envoy-protocol-v" + std::to_string(version) + ".json"));
  std::vector<GoldenVector> vectors;
  for (const auto& entry : file.at("vectors")) {
    const auto direction = entry.at("direction").get<std::string>();
    if (direction != "ToRivet" && direction != "ToEnvoy") continue;
    vectors.push_back({entry.at("name").get<std::string>(), direction, from_hex(entry.at("hex").get<std::string>()),
                       entry.at("value")});
  }
  return vectors;
}

}  // namespace troupe::envoyproto
