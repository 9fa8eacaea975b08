#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/id.h"
#include "troupe/bytes.h"

namespace troupe {

struct NamespaceRecord {
  NamespaceId id;
  std::string name;
  std::string display_name;
  std::int64_t create_ts = 0;
};

/// Why an actor is not running although somebody wants it to: the `error` of the management API.
struct ActorFailure {
  enum class Kind {
    crashed,
    no_envoys,
    no_capacity,
    envoy_connection_lost,
    envoy_no_response,
    concurrent_actor_limit_reached,
    internal_error
  };
  Kind kind = Kind::internal_error;
  /// Message of `crashed`, envoy key of the envoy kinds.
  std::string text;
  friend bool operator==(const ActorFailure&, const ActorFailure&) = default;
};

/// The durable record of an actor. Times are ms since the epoch. Source: orchestration of Rivet Engine 2.3.19.
struct ActorRecord {
  ActorId id;
  NamespaceId namespace_id;
  std::string name;
  /// Serialised; nothing = no key, never unique.
  std::optional<std::string> key;
  std::string pool;
  /// CBOR.
  std::optional<Bytes> input;
  std::int64_t create_ts = 0;
  /// First time it ran; stays.
  std::optional<std::int64_t> start_ts;
  /// Set in the view of a running actor only; never stored (a restart finds every actor asleep).
  std::optional<std::int64_t> connectable_ts;
  std::optional<std::int64_t> sleep_ts;
  std::optional<std::int64_t> reschedule_ts;
  std::optional<std::int64_t> destroy_ts;
  std::optional<std::int64_t> alarm_ts;
  /// 0 until the first allocation, then +1 at each.
  std::uint32_t generation = 0;
  std::optional<ActorFailure> failure;

  bool destroyed() const { return destroy_ts.has_value(); }
  friend bool operator==(const ActorRecord&, const ActorRecord&) = default;
};

}  // namespace troupe
