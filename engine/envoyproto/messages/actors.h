#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/envoyproto/messages/ids.h"
#include "troupe/bytes.h"

/// Commands to the actors of an envoy and their events.
namespace troupe::envoyproto {

/// Names one command or event: numbered by generation of an actor, commands and events apart.
struct ActorCheckpoint {
  std::string actor_id;
  std::uint32_t generation = 0;
  std::int64_t index = 0;
  friend bool operator==(const ActorCheckpoint&, const ActorCheckpoint&) = default;
};

struct ActorConfig {
  std::string name;
  /// Serialized.
  std::optional<std::string> key;
  /// Milliseconds since 1970, of this allocation.
  std::int64_t create_ts = 0;
  std::optional<Bytes> input;
  friend bool operator==(const ActorConfig&, const ActorConfig&) = default;
};

struct HibernatingRequest {
  GatewayId gateway_id{};
  RequestId request_id{};
  friend bool operator==(const HibernatingRequest&, const HibernatingRequest&) = default;
};

struct KvMetadata {
  Bytes version;
  /// Milliseconds since 1970.
  std::int64_t update_ts = 0;
  friend bool operator==(const KvMetadata&, const KvMetadata&) = default;
};

struct PreloadedKvEntry {
  Bytes key, value;
  KvMetadata metadata;
  friend bool operator==(const PreloadedKvEntry&, const PreloadedKvEntry&) = default;
};

/// The requested keys and prefixes tell "absent" from "not looked for".
struct PreloadedKv {
  std::vector<PreloadedKvEntry> entries;
  std::vector<Bytes> requested_get_keys, requested_prefixes;
  friend bool operator==(const PreloadedKv&, const PreloadedKv&) = default;
};

struct CommandStartActor {
  ActorConfig config;
  std::vector<HibernatingRequest> hibernating_requests;
  std::optional<PreloadedKv> preloaded_kv;
  friend bool operator==(const CommandStartActor&, const CommandStartActor&) = default;
};

enum class StopActorReason : std::uint8_t { sleep_intent, stop_intent, destroy, going_away, lost };

struct CommandStopActor {
  StopActorReason reason = StopActorReason::sleep_intent;
  friend bool operator==(const CommandStopActor&, const CommandStopActor&) = default;
};

using Command = std::variant<CommandStartActor, CommandStopActor>;

struct CommandWrapper {
  ActorCheckpoint checkpoint;
  Command inner;
  friend bool operator==(const CommandWrapper&, const CommandWrapper&) = default;
};

struct ActorIntentSleep {
  friend bool operator==(const ActorIntentSleep&, const ActorIntentSleep&) = default;
};

struct ActorIntentStop {
  friend bool operator==(const ActorIntentStop&, const ActorIntentStop&) = default;
};

using ActorIntent = std::variant<ActorIntentSleep, ActorIntentStop>;

struct EventActorIntent {
  ActorIntent intent;
  friend bool operator==(const EventActorIntent&, const EventActorIntent&) = default;
};

enum class StopCode : std::uint8_t { ok, error };

struct ActorStateRunning {
  friend bool operator==(const ActorStateRunning&, const ActorStateRunning&) = default;
};

struct ActorStateStopped {
  StopCode code = StopCode::ok;
  std::optional<std::string> message;
  friend bool operator==(const ActorStateStopped&, const ActorStateStopped&) = default;
};

using ActorState = std::variant<ActorStateRunning, ActorStateStopped>;

struct EventActorStateUpdate {
  ActorState state;
  friend bool operator==(const EventActorStateUpdate&, const EventActorStateUpdate&) = default;
};

struct EventActorSetAlarm {
  /// Milliseconds since 1970; nothing clears the alarm.
  std::optional<std::int64_t> alarm_ts;
  friend bool operator==(const EventActorSetAlarm&, const EventActorSetAlarm&) = default;
};

using Event = std::variant<EventActorIntent, EventActorStateUpdate, EventActorSetAlarm>;

struct EventWrapper {
  ActorCheckpoint checkpoint;
  Event inner;
  friend bool operator==(const EventWrapper&, const EventWrapper&) = default;
};

}  // namespace troupe::envoyproto
