#include <gtest/gtest.h>

#include "engine/clientproto/decode.h"
#include "engine/clientproto/encode.h"
#include "hex.h"

namespace troupe::clientproto {
namespace {

constexpr Encoding kEncodings[] = {Encoding::json, Encoding::cbor, Encoding::bare};
constexpr std::uint64_t kIds[] = {0, 1, 127, 128, 4294967296, 18446744073709551615U};

std::string written(Encoding encoding, const auto& message) {
  const auto bytes = encode(encoding, message);
  return bytes ? encoding == Encoding::json ? to_string(*bytes) : to_hex(*bytes) : bytes.error().id();
}

TEST(ClientProtocolRoundTrip, IdsOfTheWholeRangeSurviveInEveryEncoding) {
  for (const Encoding encoding : kEncodings)
    for (const std::uint64_t id : kIds) {
      const ToServer request = ActionRequest{id, "add", from_hex("820102")};
      EXPECT_EQ(decode_to_server(encoding, *encode(encoding, request)).value(), request);
      const ToClient response = ActionResponse{id, from_hex("a1616101")};
      EXPECT_EQ(decode_to_client(encoding, *encode(encoding, response)).value(), response);
    }
}

TEST(ClientProtocolRoundTrip, ErrorsSurviveWithAndWithoutTheirOptionalParts) {
  for (const Encoding encoding : kEncodings)
    for (const bool metadata : {false, true})
      for (const bool actor : {false, true})
        for (const bool key : {false, true}) {
          HttpResponseError error{"user", "cc", "quoted \" text\n", {}, {}};
          if (metadata) error.metadata = from_hex("a16161f5");
          if (actor) error.actor = ActorSpecifier{"id", 300, {}};
          if (actor && key) error.actor->key = "a\\/b";
          EXPECT_EQ(decode_http_response_error(encoding, *encode(encoding, error)).value(), error);
          const ToClient frame = ErrorFrame{error, key ? std::optional<std::uint64_t>(7) : std::nullopt};
          EXPECT_EQ(decode_to_client(encoding, *encode(encoding, frame)).value(), frame);
        }
}

TEST(ClientProtocolRoundTrip, QueueMessagesSurviveWithAndWithoutTheirOptionalParts) {
  for (const Encoding encoding : kEncodings) {
    const HttpQueueSendRequest least{from_hex("01"), {}, {}, {}};
    EXPECT_EQ(decode_http_queue_send_request(encoding, *encode(encoding, least)).value(), least);
    const HttpQueueSendRequest full{from_hex("6178"), "jobs", true, 5'000'000'000};
    EXPECT_EQ(decode_http_queue_send_request(encoding, *encode(encoding, full)).value(), full);
    const HttpQueueSendResponse response{"completed", from_hex("f6")};
    EXPECT_EQ(decode_http_queue_send_response(encoding, *encode(encoding, response)).value(), response);
  }
}

TEST(ClientProtocolEncode, AnActionWithoutAResultAnswersTheUndefinedForm) {
  EXPECT_EQ(written(Encoding::json, HttpActionResponse{}), R"({"output":["$Undefined",0]})");
  EXPECT_EQ(written(Encoding::cbor, HttpActionResponse{}), "a1666f7574707574826a24556e646566696e656400");
  EXPECT_EQ(written(Encoding::bare, HttpActionResponse{}), "04000d826a24556e646566696e656400");
  EXPECT_EQ(written(Encoding::json, ActionResponse{2, {}}),
            R"({"body":{"tag":"ActionResponse","val":{"id":["$BigInt","2"],"output":["$Undefined",0]}}})");
}

TEST(ClientProtocolEncode, JsonFramesHaveTheKnownText) {
  EXPECT_EQ(written(Encoding::json, Init{"a", "c"}),
            R"({"body":{"tag":"Init","val":{"actorId":"a","connectionId":"c"}}})");
  EXPECT_EQ(written(Encoding::json, Event{"count", from_hex("8103")}),
            R"({"body":{"tag":"Event","val":{"name":"count","args":[3]}}})");
  EXPECT_EQ(
      written(Encoding::json, ErrorFrame{{"user", "denied", "no", from_hex("a1616101"), {}}, {}}),
      R"({"body":{"tag":"Error","val":{"group":"user","code":"denied","message":"no","metadata":{"a":1},"actionId":null}}})");
  EXPECT_EQ(
      written(Encoding::json, ErrorFrame{{"actor", "x", "m", {}, ActorSpecifier{"p", 1, "ws1"}}, 3}),
      R"({"body":{"tag":"Error","val":{"group":"actor","code":"x","message":"m","actor":{"actorId":"p","generation":1,"key":"ws1"},"actionId":["$BigInt","3"]}}})");
}

TEST(ClientProtocolEncode, OnlyTheValueWithoutAJsonFormBecomesNull) {
  EXPECT_EQ(written(Encoding::json, HttpActionResponse{from_hex("82 c1fb41d954fc4007df3b 01")}),
            R"({"output":[null,1]})");
}

TEST(ClientProtocolEncode, AValueThatIsNotOneItemFailsWhereItWouldBreakTheMessage) {
  for (const char* hex : {"82 01", "01 02", "ff"}) {
    EXPECT_EQ(written(Encoding::json, HttpActionResponse{from_hex(hex)}), "core.internal_error");
    EXPECT_EQ(written(Encoding::cbor, HttpActionResponse{from_hex(hex)}), "core.internal_error");
    EXPECT_TRUE(encode(Encoding::bare, HttpActionResponse{from_hex(hex)}));
  }
}

TEST(ClientProtocolEncode, EncodingsAreKnownByNameAndContentType) {
  EXPECT_EQ(parse_encoding("json"), Encoding::json);
  EXPECT_EQ(parse_encoding("cbor"), Encoding::cbor);
  EXPECT_EQ(parse_encoding("bare"), Encoding::bare);
  EXPECT_FALSE(parse_encoding("JSON"));
  EXPECT_EQ(content_type(Encoding::json), "application/json");
  EXPECT_EQ(content_type(Encoding::bare), "application/octet-stream");
}

}  // namespace
}  // namespace troupe::clientproto
