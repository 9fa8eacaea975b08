#pragma once

#include <cstdint>

/// Union tags of the BARE schema.
namespace troupe::clientproto::bare {

inline constexpr std::uint8_t kActionRequestTag = 0;
inline constexpr std::uint8_t kSubscriptionRequestTag = 1;

inline constexpr std::uint8_t kInitTag = 0;
inline constexpr std::uint8_t kErrorTag = 1;
inline constexpr std::uint8_t kActionResponseTag = 2;
inline constexpr std::uint8_t kEventTag = 3;

}  // namespace troupe::clientproto::bare
