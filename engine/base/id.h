#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "engine/base/ports.h"
#include "troupe/result.h"

namespace troupe {

/// Identifier of an actor, a namespace, a request ray: 19 bytes (version 1, UUIDv4, datacenter label big-endian),
/// written as 30 base36 digits, least significant first. Source: Rivet Engine 2.3.19, management API ids.
class Id {
 public:
  static constexpr std::size_t kSize = 19;
  static constexpr std::size_t kTextSize = 30;

  Id() = default;
  explicit Id(const std::array<std::uint8_t, kSize>& bytes) : bytes_(bytes) {}
  static Id make(Random& random, std::uint16_t label);
  /// Case-insensitive. Errors: `api.bad_request` whose message is the reference's reason ("invalid input length: …").
  static Result<Id> parse(std::string_view text);

  const std::array<std::uint8_t, kSize>& bytes() const { return bytes_; }
  std::uint16_t label() const { return static_cast<std::uint16_t>(bytes_[17] << 8 | bytes_[18]); }
  std::string text() const;

  friend auto operator<=>(const Id&, const Id&) = default;

 private:
  std::array<std::uint8_t, kSize> bytes_{};
};

using ActorId = Id;
using NamespaceId = Id;

/// RFC 4122 version 4, 36 characters, lower case.
std::string make_uuid_v4(Random& random);

}  // namespace troupe

template <>
struct std::hash<troupe::Id> {
  std::size_t operator()(const troupe::Id& id) const noexcept {
    // The UUID part is random already.
    std::size_t h = 0;
    for (int i = 1; i <= 8; ++i) h = h << 8 | id.bytes()[static_cast<std::size_t>(i)];
    return h;
  }
};
