#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/base/codec/bare.h"
#include "engine/base/codec/json.h"
#include "engine/clientproto/decode.h"
#include "engine/clientproto/encode.h"
#include "hex.h"

namespace troupe::clientproto {
namespace {

using Json = nlohmann::json;

const Json& vectors() {
  static const Json file = Json::parse(std::ifstream(TROUPE_SOURCE_DIR "/tests/vectors/client-protocol.json"));
  return file.at("vectors");
}

Json user_value(BytesView cbor) {
  const auto text = cbor_to_json(cbor);
  return text ? Json::parse(*text) : Json("not CBOR: " + to_hex(cbor));
}

/// Brings the `value` of a vector into the form that `comparable` gives decoded messages.
Json expected(const Json& value, const std::string& name = {}) {
  if (name == "args" || name == "output" || name == "metadata" || name == "response" ||
      (name == "body" && !(value.is_object() && value.contains("tag")))) {
    if (value.is_object() && value.contains("$bytes")) return user_value(from_hex(value["$bytes"].get<std::string>()));
    return value;
  }
  if (!value.is_object()) {
    const bool counts = name == "id" || name == "actionId" || name == "generation" || name == "timeout";
    return counts && value.is_number() ? Json(std::to_string(value.get<std::uint64_t>())) : value;
  }
  if (value.contains("$u")) return value["$u"];
  Json result = Json::object();
  for (const auto& [member, content] : value.items())
    if (!content.is_null() && member != "connectionToken") result[member] = expected(content, member);
  return result;
}

Json comparable(const std::optional<ActorSpecifier>& actor) {
  Json json{{"actorId", actor->actor_id}, {"generation", std::to_string(actor->generation)}};
  if (actor->key) json["key"] = *actor->key;
  return json;
}
Json comparable(const HttpResponseError& m) {
  Json json{{"group", m.group}, {"code", m.code}, {"message", m.message}};
  if (m.metadata) json["metadata"] = user_value(*m.metadata);
  if (m.actor) json["actor"] = comparable(m.actor);
  return json;
}
Json comparable(const HttpActionRequest& m) { return {{"args", user_value(m.args)}}; }
Json comparable(const HttpActionResponse& m) { return {{"output", user_value(m.output)}}; }
Json comparable(const HttpQueueSendRequest& m) {
  Json json{{"body", user_value(m.body)}};
  if (m.name) json["name"] = *m.name;
  if (m.wait) json["wait"] = *m.wait;
  if (m.timeout_ms) json["timeout"] = std::to_string(*m.timeout_ms);
  return json;
}
Json comparable(const HttpQueueSendResponse& m) {
  Json json{{"status", m.status}};
  if (m.response) json["response"] = user_value(*m.response);
  return json;
}
Json frame(const char* tag, Json val) { return {{"body", {{"tag", tag}, {"val", std::move(val)}}}}; }
Json comparable(const ActionRequest& m) {
  return frame("ActionRequest", {{"id", std::to_string(m.id)}, {"name", m.name}, {"args", user_value(m.args)}});
}
Json comparable(const SubscriptionRequest& m) {
  return frame("SubscriptionRequest", {{"eventName", m.event_name}, {"subscribe", m.subscribe}});
}
Json comparable(const Init& m) { return frame("Init", {{"actorId", m.actor_id}, {"connectionId", m.connection_id}}); }
Json comparable(const ErrorFrame& m) {
  Json val = comparable(m.error);
  if (m.action_id) val["actionId"] = std::to_string(*m.action_id);
  return frame("Error", val);
}
Json comparable(const ActionResponse& m) {
  return frame("ActionResponse", {{"id", std::to_string(m.id)}, {"output", user_value(m.output)}});
}
Json comparable(const Event& m) { return frame("Event", {{"name", m.name}, {"args", user_value(m.args)}}); }
template <class... Ms>
Json comparable(const std::variant<Ms...>& m) {
  return std::visit([](const auto& alternative) { return comparable(alternative); }, m);
}

struct Vector {
  std::string name, hex;
  Encoding encoding;
  /// Of the BARE vectors.
  int version;
  Json value;
};

/// Decodes, compares, and encodes again. The bytes must be the same where this codec is the one that writes them:
/// BARE of the current version, and everything a server sends in CBOR or a client in JSON.
template <class Message>
void check(const Vector& vector, Result<Message> (*decode)(Encoding, BytesView)) {
  const auto message = decode(vector.encoding, from_hex(vector.hex));
  ASSERT_TRUE(message) << message.error().detail();
  EXPECT_EQ(comparable(*message), expected(vector.value));

  const auto encoded = encode(vector.encoding, *message);
  ASSERT_TRUE(encoded);
  const bool minimal_cbor = vector.encoding == Encoding::cbor && vector.name.starts_with("server.");
  if (vector.version == kVersion || minimal_cbor || vector.encoding == Encoding::json) {
    EXPECT_EQ(to_hex(*encoded), vector.hex);
  }
  const auto again = decode(vector.encoding, *encoded);
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *message);
}

void check_resolve_response(const Vector& vector) {
  const Bytes bytes = from_hex(vector.hex);
  BareReader in(bytes);
  EXPECT_EQ(in.u16(), vector.version);
  EXPECT_EQ(in.string(), vector.value.at("actorId").get<std::string>());
  EXPECT_TRUE(in.ok() && in.remaining() == 0);
}

/// The value in a response, in each encoding: what BARE carries must reach JSON as the reference writes it.
void check_compat(const Json& vector) {
  const Bytes output = from_hex(vector.at("hex").get<std::string>());
  const auto json = encode(Encoding::json, HttpActionResponse{output});
  ASSERT_TRUE(json);
  const bool tagged = output[0] >> 5 == 6;
  const Json compat = tagged ? Json() : Json::parse(vector.at("compat_json").get<std::string>());
  EXPECT_EQ(Json::parse(as_text(*json)).at("output"), compat);

  for (const Encoding encoding : {Encoding::cbor, Encoding::bare}) {
    const auto encoded = encode(encoding, HttpActionResponse{output});
    ASSERT_TRUE(encoded);
    EXPECT_EQ(decode_http_action_response(encoding, *encoded)->output, output);
  }
}

TEST(ClientProtocolGolden, EveryVectorDecodesToItsValueAndEncodesToTheSameBytes) {
  std::map<std::string, int> checked;
  for (const Json& entry : vectors()) {
    const auto name = entry.at("name").get<std::string>();
    SCOPED_TRACE(name + " " + entry.at("encoding").get<std::string>() + " " + entry.at("version").dump());
    if (name.starts_with("compat.")) {
      check_compat(entry);
      ++checked["compat"];
      continue;
    }
    const Vector vector{name, entry.at("hex").get<std::string>(),
                        *parse_encoding(entry.at("encoding").get<std::string>()),
                        entry.at("version").is_null() ? 0 : entry.at("version").get<int>(), entry.at("value")};
    std::string kind = name;
    for (const char* sender : {"client.", "server."})
      if (kind.starts_with(sender)) kind = kind.substr(7);
    kind = kind.substr(0, kind.find('.'));
    ++checked[kind];
    if (kind == "ToClient")
      check<ToClient>(vector, decode_to_client);
    else if (kind == "ToServer")
      check<ToServer>(vector, decode_to_server);
    else if (kind == "HttpActionRequest")
      check<HttpActionRequest>(vector, decode_http_action_request);
    else if (kind == "HttpActionResponse")
      check<HttpActionResponse>(vector, decode_http_action_response);
    else if (kind == "HttpQueueSendRequest")
      check<HttpQueueSendRequest>(vector, decode_http_queue_send_request);
    else if (kind == "HttpQueueSendResponse")
      check<HttpQueueSendResponse>(vector, decode_http_queue_send_response);
    else if (kind == "HttpResponseError")
      check<HttpResponseError>(vector, decode_http_response_error);
    else if (kind == "HttpResolveResponse")
      check_resolve_response(vector);
    else
      ADD_FAILURE() << "a vector of an unknown kind";
  }
  EXPECT_EQ(checked.size(), 9U);
}

}  // namespace
}  // namespace troupe::clientproto
