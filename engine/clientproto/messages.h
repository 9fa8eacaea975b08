#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "troupe/bytes.h"

/// The messages between clients and actors, without any encoding. User values (arguments, results, metadata, params)
/// are CBOR items in `Bytes`. Source: client protocol of RivetKit 2.3.19, version 4.
namespace troupe::clientproto {

enum class Encoding : std::uint8_t { json, cbor, bare };

/// The name as it stands in `x-rivet-encoding` and `rivet_encoding.*`.
std::optional<Encoding> parse_encoding(std::string_view name);
/// Of HTTP bodies in this encoding.
std::string_view content_type(Encoding encoding);

/// Version written into every BARE message; requests of 1 to this one are read.
inline constexpr std::uint16_t kVersion = 4;

struct HttpActionRequest {
  /// CBOR array.
  Bytes args;
  friend bool operator==(const HttpActionRequest&, const HttpActionRequest&) = default;
};

struct HttpActionResponse {
  /// Empty for undefined.
  Bytes output;
  friend bool operator==(const HttpActionResponse&, const HttpActionResponse&) = default;
};

struct HttpQueueSendRequest {
  Bytes body;
  std::optional<std::string> name;
  std::optional<bool> wait;
  std::optional<std::uint64_t> timeout_ms;
  friend bool operator==(const HttpQueueSendRequest&, const HttpQueueSendRequest&) = default;
};

struct HttpQueueSendResponse {
  /// "completed" or "timedOut".
  std::string status;
  std::optional<Bytes> response;
  friend bool operator==(const HttpQueueSendResponse&, const HttpQueueSendResponse&) = default;
};

/// The generation of an actor that an error came from.
struct ActorSpecifier {
  std::string actor_id;
  std::uint64_t generation = 0;
  /// As `display_key` gives it.
  std::optional<std::string> key;
  friend bool operator==(const ActorSpecifier&, const ActorSpecifier&) = default;
};

struct HttpResponseError {
  std::string group, code, message;
  std::optional<Bytes> metadata;
  std::optional<ActorSpecifier> actor;
  friend bool operator==(const HttpResponseError&, const HttpResponseError&) = default;
};

struct ActionRequest {
  /// Chosen by the client.
  std::uint64_t id = 0;
  std::string name;
  /// CBOR array.
  Bytes args;
  friend bool operator==(const ActionRequest&, const ActionRequest&) = default;
};

struct SubscriptionRequest {
  std::string event_name;
  bool subscribe = false;
  friend bool operator==(const SubscriptionRequest&, const SubscriptionRequest&) = default;
};

using ToServer = std::variant<ActionRequest, SubscriptionRequest>;

struct Init {
  std::string actor_id, connection_id;
  friend bool operator==(const Init&, const Init&) = default;
};

struct ErrorFrame {
  HttpResponseError error;
  /// Nothing: the error concerns the whole connection.
  std::optional<std::uint64_t> action_id;
  friend bool operator==(const ErrorFrame&, const ErrorFrame&) = default;
};

struct ActionResponse {
  std::uint64_t id = 0;
  /// Empty for undefined.
  Bytes output;
  friend bool operator==(const ActionResponse&, const ActionResponse&) = default;
};

struct Event {
  std::string name;
  /// CBOR array.
  Bytes args;
  friend bool operator==(const Event&, const Event&) = default;
};

using ToClient = std::variant<Init, ErrorFrame, ActionResponse, Event>;

}  // namespace troupe::clientproto
