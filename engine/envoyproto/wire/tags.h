#pragma once

#include <array>
#include <cstdint>

#include "engine/envoyproto/messages.h"

/// Which tag stands for which alternative of a union, by version.
namespace troupe::envoyproto::wire {

/// In a table: the version has no such alternative.
inline constexpr std::uint8_t kAbsent = 0xff;

template <class Union>
using Tags = std::array<std::uint8_t, std::variant_size_v<Union>>;

template <class Union>
constexpr Tags<Union> tags_in_order() {
  Tags<Union> tags{};
  for (std::uint8_t i = 0; i < tags.size(); ++i) tags[i] = i;
  return tags;
}

/// Most unions are the same in all versions.
template <class Union>
struct TagTable {
  static constexpr Tags<Union> kTags = tags_in_order<Union>();
  static const Tags<Union>& of(Version) { return kTags; }
};

/// Staged commits came with 7, batches with 6, other statements with 4.
template <>
struct TagTable<ToRivet> {
  static constexpr Tags<ToRivet> kFrom7 = tags_in_order<ToRivet>();
  static constexpr Tags<ToRivet> k6{0, 1, 2, 3, 4, 5, 6, 7, 8, kAbsent, kAbsent, kAbsent, 9, 10, 11};
  static constexpr Tags<ToRivet> kFrom4{0, 1, 2, 3, 4, 5, 6, 7, 8, kAbsent, kAbsent, kAbsent, 9, 10, kAbsent};
  static constexpr Tags<ToRivet> k3{0, 1, 2, 3, 4, 5, 6, 7, 8, kAbsent, kAbsent, kAbsent, kAbsent, kAbsent, kAbsent};
  static const Tags<ToRivet>& of(Version version) {
    return version >= 7 ? kFrom7 : version == 6 ? k6 : version >= 4 ? kFrom4 : k3;
  }
};

template <>
struct TagTable<ToEnvoy> {
  static constexpr Tags<ToEnvoy> kFrom7 = tags_in_order<ToEnvoy>();
  static constexpr Tags<ToEnvoy> k6{0, 1, 2, 3, 4, 5, 6, 7, kAbsent, kAbsent, kAbsent, 8, 9, 10};
  static constexpr Tags<ToEnvoy> kFrom4{0, 1, 2, 3, 4, 5, 6, 7, kAbsent, kAbsent, kAbsent, 8, 9, kAbsent};
  static constexpr Tags<ToEnvoy> k3{0, 1, 2, 3, 4, 5, 6, 7, kAbsent, kAbsent, kAbsent, kAbsent, kAbsent, kAbsent};
  static const Tags<ToEnvoy>& of(Version version) {
    return version >= 7 ? kFrom7 : version == 6 ? k6 : version >= 4 ? kFrom4 : k3;
  }
};

/// Windows and body cancels came with 8.
template <>
struct TagTable<ToEnvoyTunnelMessageKind> {
  static constexpr Tags<ToEnvoyTunnelMessageKind> kFrom8 = tags_in_order<ToEnvoyTunnelMessageKind>();
  static constexpr Tags<ToEnvoyTunnelMessageKind> kBefore8{0, 1, 2, kAbsent, kAbsent, 3, 4, 5};
  static const Tags<ToEnvoyTunnelMessageKind>& of(Version version) { return version >= 8 ? kFrom8 : kBefore8; }
};

template <>
struct TagTable<ToRivetTunnelMessageKind> {
  static constexpr Tags<ToRivetTunnelMessageKind> kFrom8 = tags_in_order<ToRivetTunnelMessageKind>();
  static constexpr Tags<ToRivetTunnelMessageKind> kBefore8{0, 1, 2, kAbsent, kAbsent, 3, 4, 5, 6};
  static const Tags<ToRivetTunnelMessageKind>& of(Version version) { return version >= 8 ? kFrom8 : kBefore8; }
};

}  // namespace troupe::envoyproto::wire
