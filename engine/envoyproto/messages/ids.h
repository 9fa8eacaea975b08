#pragma once

#include <array>
#include <cstdint>

namespace troupe::envoyproto {

/// Random, one for each start of the engine.
using GatewayId = std::array<std::uint8_t, 4>;
/// Unique among the requests in flight of one gateway.
using RequestId = std::array<std::uint8_t, 4>;

}  // namespace troupe::envoyproto
