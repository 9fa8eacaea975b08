#include "engine/clientproto/encode.h"

#include "engine/clientproto/bare_encode.h"
#include "engine/clientproto/document.h"

namespace troupe::clientproto {
namespace {

/// Room for keys and punctuation around the variable parts.
constexpr std::size_t kEnvelopeBytes = 96;

/// Lays `message` out by `layout` in one of the self-describing encodings, or lets BARE write it.
template <class WriteBare, class Layout>
Result<Bytes> encode_as(Encoding encoding, std::size_t variable_bytes, WriteBare write_bare, Layout layout) {
  if (encoding == Encoding::bare) return write_bare();
  const std::size_t size_hint = variable_bytes + kEnvelopeBytes;
  if (encoding == Encoding::cbor) {
    CborDocument document(size_hint);
    layout(document);
    return document.finish();
  }
  JsonDocument document(size_hint);
  layout(document);
  return document.finish();
}

template <class Document>
void begin_frame(Document& to, std::string_view tag, std::size_t members) {
  to.begin(1);
  to.key("body");
  to.begin(2);
  to.key("tag");
  to.text(tag);
  to.key("val");
  to.begin(members);
}

template <class Document>
void end_frame(Document& to) {
  to.end();
  to.end();
  to.end();
}

/// As it stands in an HTTP error; frames have a generation of their own form.
template <class Document>
void write_actor(Document& to, const ActorSpecifier& actor, bool in_frame) {
  to.begin(actor.key ? 3 : 2);
  to.key("actorId");
  to.text(actor.actor_id);
  to.key("generation");
  in_frame ? to.frame_generation(actor.generation) : to.number(actor.generation);
  if (actor.key) {
    to.key("key");
    to.text(*actor.key);
  }
  to.end();
}

std::size_t variable_bytes(const HttpResponseError& error) {
  std::size_t size = error.group.size() + error.code.size() + error.message.size();
  if (error.metadata) size += error.metadata->size();
  if (error.actor) size += error.actor->actor_id.size() + (error.actor->key ? error.actor->key->size() : 0);
  return size;
}

}  // namespace

Result<Bytes> encode(Encoding encoding, const HttpActionRequest& message) {
  return encode_as(
      encoding, message.args.size(), [&] { return bare::write(message); },
      [&](auto& to) {
        to.begin(1);
        to.key("args");
        to.value(message.args);
        to.end();
      });
}

Result<Bytes> encode(Encoding encoding, const HttpActionResponse& message) {
  return encode_as(
      encoding, message.output.size(), [&] { return bare::write(message); },
      [&](auto& to) {
        to.begin(1);
        to.key("output");
        to.value(output_item(message.output));
        to.end();
      });
}

Result<Bytes> encode(Encoding encoding, const HttpQueueSendRequest& message) {
  return encode_as(
      encoding, message.body.size(), [&] { return bare::write(message); },
      [&](auto& to) {
        to.begin(1 + message.name.has_value() + message.wait.has_value() + message.timeout_ms.has_value());
        to.key("body");
        to.value(message.body);
        if (message.name) {
          to.key("name");
          to.text(*message.name);
        }
        if (message.wait) {
          to.key("wait");
          to.boolean(*message.wait);
        }
        if (message.timeout_ms) {
          to.key("timeout");
          to.number(*message.timeout_ms);
        }
        to.end();
      });
}

Result<Bytes> encode(Encoding encoding, const HttpQueueSendResponse& message) {
  return encode_as(
      encoding, message.response ? message.response->size() : 0, [&] { return bare::write(message); },
      [&](auto& to) {
        to.begin(message.response ? 2 : 1);
        if (message.response) {
          to.key("response");
          to.value(*message.response);
        }
        to.key("status");
        to.text(message.status);
        to.end();
      });
}

Result<Bytes> encode(Encoding encoding, const HttpResponseError& message) {
  return encode_as(
      encoding, variable_bytes(message), [&] { return bare::write(message); },
      [&](auto& to) {
        to.begin(3 + message.actor.has_value() + message.metadata.has_value());
        if (message.actor) {
          to.key("actor");
          write_actor(to, *message.actor, false);
        }
        to.key("code");
        to.text(message.code);
        to.key("group");
        to.text(message.group);
        to.key("message");
        to.text(message.message);
        if (message.metadata) {
          to.key("metadata");
          to.value(*message.metadata);
        }
        to.end();
      });
}

Result<Bytes> encode(Encoding encoding, const ActionRequest& message) {
  return encode_as(
      encoding, message.name.size() + message.args.size(), [&] { return bare::write(message); },
      [&](auto& to) {
        begin_frame(to, "ActionRequest", 3);
        to.key("id");
        to.id(message.id);
        to.key("name");
        to.text(message.name);
        to.key("args");
        to.value(message.args);
        end_frame(to);
      });
}

Result<Bytes> encode(Encoding encoding, const SubscriptionRequest& message) {
  return encode_as(
      encoding, message.event_name.size(), [&] { return bare::write(message); },
      [&](auto& to) {
        begin_frame(to, "SubscriptionRequest", 2);
        to.key("eventName");
        to.text(message.event_name);
        to.key("subscribe");
        to.boolean(message.subscribe);
        end_frame(to);
      });
}

Result<Bytes> encode(Encoding encoding, const Init& message) {
  return encode_as(
      encoding, message.actor_id.size() + message.connection_id.size(), [&] { return bare::write(message); },
      [&](auto& to) {
        begin_frame(to, "Init", 2);
        to.key("actorId");
        to.text(message.actor_id);
        to.key("connectionId");
        to.text(message.connection_id);
        end_frame(to);
      });
}

Result<Bytes> encode(Encoding encoding, const ErrorFrame& message) {
  const HttpResponseError& error = message.error;
  return encode_as(
      encoding, variable_bytes(error), [&] { return bare::write(message); },
      [&](auto& to) {
        begin_frame(to, "Error", 4 + error.metadata.has_value() + error.actor.has_value());
        to.key("group");
        to.text(error.group);
        to.key("code");
        to.text(error.code);
        to.key("message");
        to.text(error.message);
        if (error.metadata) {
          to.key("metadata");
          to.value(*error.metadata);
        }
        if (error.actor) {
          to.key("actor");
          write_actor(to, *error.actor, true);
        }
        to.key("actionId");
        message.action_id ? to.id(*message.action_id) : to.null();
        end_frame(to);
      });
}

Result<Bytes> encode(Encoding encoding, const ActionResponse& message) {
  return encode_as(
      encoding, message.output.size(), [&] { return bare::write(message); },
      [&](auto& to) {
        begin_frame(to, "ActionResponse", 2);
        to.key("id");
        to.id(message.id);
        to.key("output");
        to.value(output_item(message.output));
        end_frame(to);
      });
}

Result<Bytes> encode(Encoding encoding, const Event& message) {
  return encode_event(encoding, message.name, message.args);
}

Result<Bytes> encode_event(Encoding encoding, std::string_view name, BytesView args) {
  return encode_as(
      encoding, name.size() + args.size(), [&] { return bare::write_event(name, args); },
      [&](auto& to) {
        begin_frame(to, "Event", 2);
        to.key("name");
        to.text(name);
        to.key("args");
        to.value(args);
        end_frame(to);
      });
}

}  // namespace troupe::clientproto
