#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/envoyproto/messages/ids.h"
#include "troupe/bytes.h"

/// HTTP requests and WebSockets of clients on their way to an actor and back.
namespace troupe::envoyproto {

struct MessageId {
  GatewayId gateway_id{};
  RequestId request_id{};
  /// Counted from 0 for each request and direction; wraps.
  std::uint16_t message_index = 0;
  friend bool operator==(const MessageId&, const MessageId&) = default;
};

/// Names in lower case, each once.
using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpStreamAbortReason {
  enum class Kind : std::uint8_t { unknown, cancelled, handler_error, internal_error };
  Kind kind = Kind::unknown;
  std::optional<std::string> detail;
  friend bool operator==(const HttpStreamAbortReason&, const HttpStreamAbortReason&) = default;
};

struct ToEnvoyRequestStart {
  std::string actor_id;
  /// From version 8 on.
  std::optional<std::uint32_t> actor_generation;
  std::string method;
  /// With the query.
  std::string path;
  Headers headers;
  /// The whole body, unless `stream`.
  std::optional<Bytes> body;
  /// The body follows in chunks.
  bool stream = false;
  /// The answer may come in chunks. From version 8 on.
  bool response_stream = false;
  friend bool operator==(const ToEnvoyRequestStart&, const ToEnvoyRequestStart&) = default;
};

struct ToEnvoyRequestChunk {
  Bytes body;
  bool finish = false;
  friend bool operator==(const ToEnvoyRequestChunk&, const ToEnvoyRequestChunk&) = default;
};

/// Without contents before version 8.
struct ToEnvoyRequestAbort {
  std::optional<std::string> actor_id;
  std::optional<std::uint32_t> actor_generation;
  HttpStreamAbortReason reason;
  friend bool operator==(const ToEnvoyRequestAbort&, const ToEnvoyRequestAbort&) = default;
};

/// From version 8 on.
struct ToEnvoyRequestBodyCancel {
  friend bool operator==(const ToEnvoyRequestBodyCancel&, const ToEnvoyRequestBodyCancel&) = default;
};

/// From version 8 on.
struct ToEnvoyResponseBodyWindowUpdate {
  /// Since the start of the body.
  std::uint64_t consumed_bytes = 0;
  friend bool operator==(const ToEnvoyResponseBodyWindowUpdate&, const ToEnvoyResponseBodyWindowUpdate&) = default;
};

struct ToEnvoyWebSocketOpen {
  std::string actor_id;
  /// From version 8 on.
  std::optional<std::uint32_t> actor_generation;
  /// With the query.
  std::string path;
  Headers headers;
  friend bool operator==(const ToEnvoyWebSocketOpen&, const ToEnvoyWebSocketOpen&) = default;
};

struct ToEnvoyWebSocketMessage {
  Bytes data;
  bool binary = false;
  friend bool operator==(const ToEnvoyWebSocketMessage&, const ToEnvoyWebSocketMessage&) = default;
};

struct ToEnvoyWebSocketClose {
  std::optional<std::uint16_t> code;
  std::optional<std::string> reason;
  friend bool operator==(const ToEnvoyWebSocketClose&, const ToEnvoyWebSocketClose&) = default;
};

using ToEnvoyTunnelMessageKind =
    std::variant<ToEnvoyRequestStart, ToEnvoyRequestChunk, ToEnvoyRequestAbort, ToEnvoyRequestBodyCancel,
                 ToEnvoyResponseBodyWindowUpdate, ToEnvoyWebSocketOpen, ToEnvoyWebSocketMessage, ToEnvoyWebSocketClose>;

struct ToRivetResponseStart {
  std::uint16_t status = 0;
  Headers headers;
  /// The whole body, unless `stream`.
  std::optional<Bytes> body;
  /// The body follows in chunks.
  bool stream = false;
  friend bool operator==(const ToRivetResponseStart&, const ToRivetResponseStart&) = default;
};

struct ToRivetResponseChunk {
  Bytes body;
  bool finish = false;
  friend bool operator==(const ToRivetResponseChunk&, const ToRivetResponseChunk&) = default;
};

/// Without contents before version 8.
struct ToRivetResponseAbort {
  HttpStreamAbortReason reason;
  friend bool operator==(const ToRivetResponseAbort&, const ToRivetResponseAbort&) = default;
};

/// From version 8 on.
struct ToRivetRequestBodyWindowUpdate {
  /// Since the start of the body.
  std::uint64_t consumed_bytes = 0;
  friend bool operator==(const ToRivetRequestBodyWindowUpdate&, const ToRivetRequestBodyWindowUpdate&) = default;
};

/// From version 8 on.
struct ToRivetRequestBodyCancel {
  friend bool operator==(const ToRivetRequestBodyCancel&, const ToRivetRequestBodyCancel&) = default;
};

struct ToRivetWebSocketOpen {
  bool can_hibernate = false;
  friend bool operator==(const ToRivetWebSocketOpen&, const ToRivetWebSocketOpen&) = default;
};

struct ToRivetWebSocketMessage {
  Bytes data;
  bool binary = false;
  friend bool operator==(const ToRivetWebSocketMessage&, const ToRivetWebSocketMessage&) = default;
};

struct ToRivetWebSocketMessageAck {
  /// Of the last message the actor needs no more.
  std::uint16_t index = 0;
  friend bool operator==(const ToRivetWebSocketMessageAck&, const ToRivetWebSocketMessageAck&) = default;
};

struct ToRivetWebSocketClose {
  std::optional<std::uint16_t> code;
  std::optional<std::string> reason;
  bool hibernate = false;
  friend bool operator==(const ToRivetWebSocketClose&, const ToRivetWebSocketClose&) = default;
};

using ToRivetTunnelMessageKind =
    std::variant<ToRivetResponseStart, ToRivetResponseChunk, ToRivetResponseAbort, ToRivetRequestBodyWindowUpdate,
                 ToRivetRequestBodyCancel, ToRivetWebSocketOpen, ToRivetWebSocketMessage, ToRivetWebSocketMessageAck,
                 ToRivetWebSocketClose>;

}  // namespace troupe::envoyproto
