#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/id.h"

namespace troupe {

/// A connected host process, as the management API lists it. Times are ms since the epoch.
struct EnvoyInfo {
  std::string key;
  NamespaceId namespace_id;
  std::string pool;
  /// Version of what is deployed there.
  std::uint32_t version = 1;
  /// Actors that run there.
  std::uint64_t slots = 0;
  /// First time this key connected.
  std::int64_t create_ts = 0;
  std::int64_t last_ping_ts = 0;
  /// Round trip of the last ping, ms.
  std::uint32_t last_rtt_ms = 0;
  /// JSON object text, at most 128 levels deep; nothing when the host sent none.
  std::optional<std::string> metadata;
};

}  // namespace troupe
