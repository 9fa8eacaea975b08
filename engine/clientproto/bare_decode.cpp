#include "engine/clientproto/bare_decode.h"

#include "engine/base/codec/bare.h"
#include "engine/clientproto/bare_tags.h"
#include "engine/clientproto/fields.h"
#include "engine/clientproto/items.h"

namespace troupe::clientproto::bare {
namespace {

constexpr std::uint16_t kFirstVersion = 1;
constexpr std::uint16_t kFirstQueueVersion = 3;
/// CBOR.
constexpr std::uint8_t kEmptyArray = 0x80;
/// Errors name their actor from here on.
constexpr std::uint16_t kFirstActorVersion = 4;

/// Reads the version, then the payload with `read_payload(in, version)`.
template <class Message, class ReadPayload>
Result<Message> read_versioned(BytesView bytes, std::uint16_t first_version, ReadPayload read_payload) {
  BareReader in(bytes);
  const std::uint16_t version = in.u16();
  if (!in.ok() || version < first_version || version > kVersion) return malformed("unknown protocol version");
  Message message{};
  read_payload(in, version, message);
  if (!in.ok()) return malformed("not a BARE message");
  return message;
}

/// Every value is one CBOR item.
Bytes read_value(BareReader& in) {
  Bytes value = in.data();
  if (in.ok() && !is_one_item(value)) in.fail();
  return value;
}

/// No bytes at all are no arguments, as a missing member is in the other encodings.
Bytes read_args(BareReader& in) {
  Bytes value = in.data();
  if (value.empty()) return {kEmptyArray};
  CborReader reader(value);
  if (reader.peek() == CborReader::Kind::array) {
    if (!is_one_item(value)) in.fail();
    return value;
  }
  Bytes args = document::read_args(reader);
  if (!reader.ok() || !reader.at_end()) in.fail();
  return args;
}

template <class T, class Read>
std::optional<T> read_optional(BareReader& in, Read read_present) {
  if (!in.boolean()) return std::nullopt;
  return read_present();
}

std::optional<Bytes> read_optional_value(BareReader& in) {
  return read_optional<Bytes>(in, [&] { return read_value(in); });
}
std::optional<std::string> read_optional_string(BareReader& in) {
  return read_optional<std::string>(in, [&] { return in.string(); });
}

void read_error(BareReader& in, HttpResponseError& error) {
  error.group = in.string();
  error.code = in.string();
  error.message = in.string();
  error.metadata = read_optional_value(in);
}

std::optional<ActorSpecifier> read_actor(BareReader& in, std::uint16_t version) {
  if (version < kFirstActorVersion) return std::nullopt;
  return read_optional<ActorSpecifier>(in, [&] {
    ActorSpecifier actor;
    actor.actor_id = in.string();
    actor.generation = in.uint();
    actor.key = read_optional_string(in);
    return actor;
  });
}

ErrorFrame read_error_frame(BareReader& in, std::uint16_t version) {
  ErrorFrame frame;
  read_error(in, frame.error);
  frame.action_id = read_optional<std::uint64_t>(in, [&] { return in.uint(); });
  frame.error.actor = read_actor(in, version);
  return frame;
}

Init read_init(BareReader& in, std::uint16_t version) {
  Init init;
  init.actor_id = in.string();
  init.connection_id = in.string();
  // Version 1 carried a token for a reconnect, which later versions gave up.
  if (version == 1) (void)in.string();
  return init;
}

}  // namespace

template <>
Result<HttpActionRequest> read(BytesView bytes) {
  return read_versioned<HttpActionRequest>(
      bytes, kFirstVersion, [](BareReader& in, std::uint16_t, auto& message) { message.args = read_args(in); });
}

template <>
Result<HttpActionResponse> read(BytesView bytes) {
  return read_versioned<HttpActionResponse>(
      bytes, kFirstVersion, [](BareReader& in, std::uint16_t, auto& message) { message.output = read_value(in); });
}

template <>
Result<HttpQueueSendRequest> read(BytesView bytes) {
  return read_versioned<HttpQueueSendRequest>(
      bytes, kFirstQueueVersion, [](BareReader& in, std::uint16_t, auto& message) {
        message.body = read_value(in);
        message.name = read_optional_string(in);
        message.wait = read_optional<bool>(in, [&] { return in.boolean(); });
        message.timeout_ms = read_optional<std::uint64_t>(in, [&] { return in.u64(); });
      });
}

template <>
Result<HttpQueueSendResponse> read(BytesView bytes) {
  return read_versioned<HttpQueueSendResponse>(bytes, kFirstQueueVersion,
                                               [](BareReader& in, std::uint16_t, auto& message) {
                                                 message.status = in.string();
                                                 message.response = read_optional_value(in);
                                               });
}

template <>
Result<HttpResponseError> read(BytesView bytes) {
  return read_versioned<HttpResponseError>(bytes, kFirstVersion,
                                           [](BareReader& in, std::uint16_t version, auto& message) {
                                             read_error(in, message);
                                             message.actor = read_actor(in, version);
                                           });
}

template <>
Result<ToServer> read(BytesView bytes) {
  return read_versioned<ToServer>(bytes, kFirstVersion, [](BareReader& in, std::uint16_t, ToServer& message) {
    const std::uint8_t tag = in.u8();
    if (tag == kActionRequestTag) {
      ActionRequest request;
      request.id = in.uint();
      request.name = in.string();
      request.args = read_args(in);
      message = std::move(request);
    } else if (tag == kSubscriptionRequestTag) {
      SubscriptionRequest request;
      request.event_name = in.string();
      request.subscribe = in.boolean();
      message = std::move(request);
    } else {
      in.fail();
    }
  });
}

template <>
Result<ToClient> read(BytesView bytes) {
  return read_versioned<ToClient>(bytes, kFirstVersion, [](BareReader& in, std::uint16_t version, ToClient& message) {
    const std::uint8_t tag = in.u8();
    if (tag == kInitTag) {
      message = read_init(in, version);
    } else if (tag == kErrorTag) {
      message = read_error_frame(in, version);
    } else if (tag == kActionResponseTag) {
      ActionResponse response;
      response.id = in.uint();
      response.output = read_value(in);
      message = std::move(response);
    } else if (tag == kEventTag) {
      Event event;
      event.name = in.string();
      event.args = read_args(in);
      message = std::move(event);
    } else {
      in.fail();
    }
  });
}

}  // namespace troupe::clientproto::bare
