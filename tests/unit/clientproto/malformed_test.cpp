#include <gtest/gtest.h>

#include "engine/clientproto/decode.h"
#include "hex.h"

namespace troupe::clientproto {
namespace {

Bytes body(Encoding encoding, const char* text) {
  return encoding == Encoding::json ? to_bytes(std::string_view(text)) : from_hex(text);
}

std::string args_of(Encoding encoding, const char* text) {
  const auto request = decode_http_action_request(encoding, body(encoding, text));
  return request ? to_hex(request->args) : request.error().id();
}

std::string frame_error(Encoding encoding, const char* text) {
  const auto frame = decode_to_server(encoding, body(encoding, text));
  return frame ? "accepted" : frame.error().id();
}

TEST(ClientProtocolArgs, ComeAsAnArrayWhateverTheClientWrote) {
  const std::pair<const char*, const char*> json[] = {
      {R"({"args":[1,2]})", "820102"},   {R"({"args":null})", "80"},    {R"({})", "80"},
      {R"({"args":7})", "8107"},         {R"({"args":"x"})", "816178"}, {R"({"args":{"a":1}})", "81a1616101"},
      {R"({"other":1,"args":[]})", "80"}};
  for (const auto& [text, args] : json) EXPECT_EQ(args_of(Encoding::json, text), args) << text;
  const std::pair<const char*, const char*> cbor[] = {
      {"a0", "80"},
      {"a1 6461726773 f6", "80"},
      {"a1 6461726773 f7", "80"},
      {"a1 6461726773 07", "8107"},
      {"a1 6461726773 81 c1fb41d954fc4007df3b", "81c1fb41d954fc4007df3b"},
      {"a1 6461726773 81 1b0000000000000001", "811b0000000000000001"},
      {"bf 6461726773 9f 01 ff ff", "9f01ff"}};
  for (const auto& [hex, args] : cbor) EXPECT_EQ(args_of(Encoding::cbor, hex), args) << hex;
  EXPECT_EQ(args_of(Encoding::bare, "0400 01 07"), "8107");
  EXPECT_EQ(args_of(Encoding::bare, "0400 01 f6"), "80");
  EXPECT_EQ(args_of(Encoding::bare, "0400 00"), "80");
  EXPECT_EQ(args_of(Encoding::bare, "0400 01 80 ffff"), "80") << "bytes after the payload are ignored";
}

TEST(ClientProtocolMalformed, ActionBodiesAreRefused) {
  for (const char* json : {"", "nope", "[]", "1", R"({"args":[1)", R"({"args":[]} x)"})
    EXPECT_EQ(args_of(Encoding::json, json), "core.internal_error") << json;
  for (const char* cbor : {"", "80", "01", "a1", "a1 6461726773", "a1 01 80", "a0 00", "a1 6461726773 82 01"})
    EXPECT_EQ(args_of(Encoding::cbor, cbor), "core.internal_error") << cbor;
  for (const char* bare : {"", "04", "0400", "0000 01 80", "0500 01 80", "0400 02 80", "0400 01 82", "0400 02 8080",
                           "0400 ffffffffffffffffffff01 80"})
    EXPECT_EQ(args_of(Encoding::bare, bare), "core.internal_error") << bare;
}

TEST(ClientProtocolMalformed, FramesAreRefused) {
  const char* const json[] = {
      "",
      "{}",
      R"({"body":{}})",
      R"({"body":{"tag":"Nope","val":{}}})",
      R"({"body":{"tag":"ActionRequest","val":{"name":"a","args":[]}}})",
      R"({"body":{"tag":"ActionRequest","val":{"id":"0","name":"a","args":[]}}})",
      R"({"body":{"tag":"ActionRequest","val":{"id":-1,"name":"a","args":[]}}})",
      R"({"body":{"tag":"ActionRequest","val":{"id":1.5,"name":"a","args":[]}}})",
      R"({"body":{"tag":"ActionRequest","val":{"id":["$BigInt","-1"],"name":"a","args":[]}}})",
      R"({"body":{"tag":"ActionRequest","val":{"id":["$BigInt","18446744073709551616"],"name":"a","args":[]}}})",
      R"({"body":{"tag":"ActionRequest","val":{"id":["$BigInt",1],"name":"a","args":[]}}})",
      R"({"body":{"tag":"ActionRequest","val":{"id":["$BigInt","1","2"],"name":"a","args":[]}}})",
      R"({"body":{"tag":"ActionRequest","val":{"id":1,"args":[]}}})",
      R"({"body":{"tag":"ActionRequest","val":{"id":1,"name":"a"}}})",
      R"({"body":{"tag":"ActionRequest","val":{"id":1,"name":5,"args":[]}}})",
      R"({"body":{"tag":"ActionRequest","val":[]}})",
      R"({"body":{"tag":"ActionRequest"}})",
      R"({"body":{"tag":"SubscriptionRequest","val":{"eventName":"e"}}})",
      R"({"body":{"tag":"SubscriptionRequest","val":{"eventName":"e","subscribe":1}}})"};
  for (const char* text : json) EXPECT_EQ(frame_error(Encoding::json, text), "core.internal_error") << text;
  for (const char* cbor : {"", "a0", "a164626f6479a0", "a164626f6479a26374616701 6376616ca0"})
    EXPECT_EQ(frame_error(Encoding::cbor, cbor), "core.internal_error") << cbor;
  for (const char* bare : {"", "0400", "0400 02", "0400 00 00 01 61", "0400 00 00 01 61 01 ff", "0400 01 01 61 02",
                           "0400 01 01 ff 01", "0900 01 01 61 01"})
    EXPECT_EQ(frame_error(Encoding::bare, bare), "core.internal_error") << bare;
}

TEST(ClientProtocolFrames, AcceptIdsAsPlainNumbersAndMembersInAnyOrder) {
  const auto frame = decode_to_server(
      Encoding::json,
      as_bytes(R"({"body":{"val":{"args":null,"name":"a","id":5000000000,"more":[{}]},"tag":"ActionRequest"},"x":1})"));
  ASSERT_TRUE(frame) << frame.error().detail();
  EXPECT_EQ(*frame, ToServer(ActionRequest{5'000'000'000, "a", from_hex("80")}));
}

TEST(ClientProtocolMalformed, QueueBodiesAreReadByTheRules) {
  const auto decode = [](const char* json) { return decode_http_queue_send_request(Encoding::json, as_bytes(json)); };
  EXPECT_EQ(decode("{}")->body, from_hex("f6"));
  EXPECT_FALSE(decode(R"({"timeout":null,"name":null,"wait":null})")->timeout_ms);
  EXPECT_EQ(decode(R"({"timeout":5000})")->timeout_ms, 5000U);
  for (const char* bad :
       {"", "[]", R"({"timeout":-1})", R"({"timeout":1.5})", R"({"timeout":"1"})", R"({"wait":1})", R"({"name":1})"})
    EXPECT_FALSE(decode(bad)) << bad;
  EXPECT_FALSE(decode_http_queue_send_request(Encoding::bare, from_hex("0200 01 01 00 00 00")))
      << "queue messages exist from version 3 on";
  EXPECT_TRUE(decode_http_queue_send_request(Encoding::bare, from_hex("0300 01 01 00 00 00")));
}

}  // namespace
}  // namespace troupe::clientproto
