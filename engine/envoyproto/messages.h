#pragma once

#include "engine/envoyproto/messages/actors.h"
#include "engine/envoyproto/messages/kv.h"
#include "engine/envoyproto/messages/sqlite_pages.h"
#include "engine/envoyproto/messages/sqlite_remote.h"
#include "engine/envoyproto/messages/tunnel.h"

/// What an envoy, the process that hosts actors, and the engine tell each other, in the form of version 8 and without
/// any encoding. Source: envoy protocol of RivetKit 2.3.19. The order in each union is that of its tags in version 8.
namespace troupe::envoyproto {

using Version = std::uint16_t;
/// What the codec reads and writes. Older versions lack messages and fields; `encode.h` says what becomes of them.
inline constexpr Version kMinVersion = 3;
inline constexpr Version kMaxVersion = 8;

struct ActorName {
  /// A JSON object.
  std::string metadata;
  friend bool operator==(const ActorName&, const ActorName&) = default;
};

struct ToRivetMetadata {
  /// Names, each once. Nothing leaves what is registered as it is.
  std::optional<std::vector<std::pair<std::string, ActorName>>> prepopulate_actor_names;
  /// JSON.
  std::optional<std::string> metadata;
  friend bool operator==(const ToRivetMetadata&, const ToRivetMetadata&) = default;
};

struct ToRivetEvents {
  std::vector<EventWrapper> events;
  friend bool operator==(const ToRivetEvents&, const ToRivetEvents&) = default;
};

struct ToRivetAckCommands {
  std::vector<ActorCheckpoint> last_command_checkpoints;
  friend bool operator==(const ToRivetAckCommands&, const ToRivetAckCommands&) = default;
};

struct ToRivetStopping {
  friend bool operator==(const ToRivetStopping&, const ToRivetStopping&) = default;
};

struct ToRivetPong {
  /// Of the ping it answers.
  std::int64_t ts = 0;
  friend bool operator==(const ToRivetPong&, const ToRivetPong&) = default;
};

struct ToRivetKvRequest {
  std::string actor_id;
  std::uint32_t request_id = 0;
  KvRequestData data;
  friend bool operator==(const ToRivetKvRequest&, const ToRivetKvRequest&) = default;
};

struct ToRivetTunnelMessage {
  MessageId message_id;
  ToRivetTunnelMessageKind message_kind;
  friend bool operator==(const ToRivetTunnelMessage&, const ToRivetTunnelMessage&) = default;
};

/// A request or an answer about a database. Key-value, page and statement requests are numbered independently.
template <class Data>
struct Numbered {
  std::uint32_t request_id = 0;
  Data data;
  friend bool operator==(const Numbered&, const Numbered&) = default;
};

using ToRivetSqliteGetPagesRequest = Numbered<SqliteGetPagesRequest>;
using ToRivetSqliteCommitRequest = Numbered<SqliteCommitRequest>;
using ToRivetSqliteCommitStageBeginRequest = Numbered<SqliteCommitStageBeginRequest>;
using ToRivetSqliteCommitStageSegmentRequest = Numbered<SqliteCommitStageSegmentRequest>;
using ToRivetSqliteCommitFinalizeRequest = Numbered<SqliteCommitFinalizeRequest>;
using ToRivetSqliteExecRequest = Numbered<SqliteExecRequest>;
using ToRivetSqliteExecuteRequest = Numbered<SqliteExecuteRequest>;
using ToRivetSqliteExecuteBatchRequest = Numbered<SqliteExecuteBatchRequest>;

/// Envoy to engine.
using ToRivet = std::variant<ToRivetMetadata, ToRivetEvents, ToRivetAckCommands, ToRivetStopping, ToRivetPong,
                             ToRivetKvRequest, ToRivetTunnelMessage, ToRivetSqliteGetPagesRequest,
                             ToRivetSqliteCommitRequest, ToRivetSqliteCommitStageBeginRequest,
                             ToRivetSqliteCommitStageSegmentRequest, ToRivetSqliteCommitFinalizeRequest,
                             ToRivetSqliteExecRequest, ToRivetSqliteExecuteRequest, ToRivetSqliteExecuteBatchRequest>;

struct ProtocolMetadata {
  /// Milliseconds.
  std::int64_t envoy_lost_threshold = 0;
  /// Milliseconds.
  std::int64_t actor_stop_threshold = 0;
  /// Bytes.
  std::uint64_t max_response_payload_size = 0;
  friend bool operator==(const ProtocolMetadata&, const ProtocolMetadata&) = default;
};

struct ToEnvoyInit {
  ProtocolMetadata metadata;
  friend bool operator==(const ToEnvoyInit&, const ToEnvoyInit&) = default;
};

struct ToEnvoyCommands {
  std::vector<CommandWrapper> commands;
  friend bool operator==(const ToEnvoyCommands&, const ToEnvoyCommands&) = default;
};

struct ToEnvoyAckEvents {
  std::vector<ActorCheckpoint> last_event_checkpoints;
  friend bool operator==(const ToEnvoyAckEvents&, const ToEnvoyAckEvents&) = default;
};

struct ToEnvoyTunnelMessage {
  MessageId message_id;
  ToEnvoyTunnelMessageKind message_kind;
  friend bool operator==(const ToEnvoyTunnelMessage&, const ToEnvoyTunnelMessage&) = default;
};

struct ToEnvoyPing {
  /// Milliseconds since 1970.
  std::int64_t ts = 0;
  friend bool operator==(const ToEnvoyPing&, const ToEnvoyPing&) = default;
};

using ToEnvoyKvResponse = Numbered<KvResponseData>;
using ToEnvoySqliteGetPagesResponse = Numbered<SqliteGetPagesResponse>;
using ToEnvoySqliteCommitResponse = Numbered<SqliteCommitResponse>;
using ToEnvoySqliteCommitStageBeginResponse = Numbered<SqliteCommitStageBeginResponse>;
using ToEnvoySqliteCommitStageSegmentResponse = Numbered<SqliteCommitStageSegmentResponse>;
using ToEnvoySqliteCommitFinalizeResponse = Numbered<SqliteCommitFinalizeResponse>;
using ToEnvoySqliteExecResponse = Numbered<SqliteExecResponse>;
using ToEnvoySqliteExecuteResponse = Numbered<SqliteExecuteResponse>;
using ToEnvoySqliteExecuteBatchResponse = Numbered<SqliteExecuteBatchResponse>;

/// Engine to envoy.
using ToEnvoy =
    std::variant<ToEnvoyInit, ToEnvoyCommands, ToEnvoyAckEvents, ToEnvoyKvResponse, ToEnvoyTunnelMessage, ToEnvoyPing,
                 ToEnvoySqliteGetPagesResponse, ToEnvoySqliteCommitResponse, ToEnvoySqliteCommitStageBeginResponse,
                 ToEnvoySqliteCommitStageSegmentResponse, ToEnvoySqliteCommitFinalizeResponse,
                 ToEnvoySqliteExecResponse, ToEnvoySqliteExecuteResponse, ToEnvoySqliteExecuteBatchResponse>;

}  // namespace troupe::envoyproto
