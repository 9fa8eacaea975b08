#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/id.h"
#include "engine/directory/actor_phase.h"
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

/// Where a generation is that does not end with the engine's process.
struct ActorHosting {
  /// Key of the envoy; empty until it is known.
  std::string envoy_key;
  /// One of those of a hosted actor.
  ActorPhase phase = ActorPhase::starting;
  std::int64_t since_ts = 0;
  /// The envoy has confirmed the start command, which must not be sent again then.
  bool start_received = false;
  friend bool operator==(const ActorHosting&, const ActorHosting&) = default;
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
  /// Set in the view of a running actor only; never stored.
  std::optional<std::int64_t> connectable_ts;
  std::optional<std::int64_t> sleep_ts;
  std::optional<std::int64_t> reschedule_ts;
  std::optional<std::int64_t> destroy_ts;
  std::optional<std::int64_t> alarm_ts;
  /// 0 until the first allocation, then +1 at each.
  std::uint32_t generation = 0;
  std::optional<ActorFailure> failure;
  /// Set while an envoy has the actor.
  std::optional<ActorHosting> hosting;
  /// Retries so far of an actor that waits for a host.
  std::uint32_t retries = 0;

  /// A start of the engine has to look after it.
  bool awake() const { return hosting.has_value() || reschedule_ts.has_value(); }
  bool destroyed() const { return destroy_ts.has_value(); }
  friend bool operator==(const ActorRecord&, const ActorRecord&) = default;
};

}  // namespace troupe
