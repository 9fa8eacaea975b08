#include <gtest/gtest.h>

#include "engine/envoyproto/decode.h"
#include "engine/envoyproto/encode.h"
#include "golden.h"

namespace troupe::envoyproto {
namespace {

std::string to_hex(const Result<Bytes>& frame) {
  if (!frame) return frame.error().id();
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const std::uint8_t byte : *frame) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

ToEnvoy to_envoy(ToEnvoyTunnelMessageKind kind) {
  return ToEnvoyTunnelMessage{{{1, 2, 3, 4}, {5, 6, 7, 8}, 0}, std::move(kind)};
}
ToRivet to_rivet(ToRivetTunnelMessageKind kind) {
  return ToRivetTunnelMessage{{{1, 2, 3, 4}, {5, 6, 7, 8}, 0}, std::move(kind)};
}

constexpr const char* kRefused = "core.internal_error";

TEST(EnvoyProtocolVersions, TunnelMessagesBefore8LackStreamingAndItsTags) {
  const std::string head = "0401020304050607080000";
  const ToEnvoyRequestStart start{"a", 3, "GET", "/", {{"n", "v"}}, std::nullopt, false, true};
  EXPECT_EQ(to_hex(encode(8, to_envoy(start))), head +
                                                    "00"
                                                    "0161"
                                                    "0103000000"
                                                    "03474554"
                                                    "012f"
                                                    "01016e0176"
                                                    "00"
                                                    "00"
                                                    "01");
  for (const Version version : {7, 6, 5, 4, 3}) {
    SCOPED_TRACE(version);
    EXPECT_EQ(to_hex(encode(version, to_envoy(start))), head +
                                                            "00"
                                                            "0161"
                                                            "03474554"
                                                            "012f"
                                                            "01016e0176"
                                                            "00"
                                                            "00");
    EXPECT_EQ(to_hex(encode(version, to_envoy(ToEnvoyRequestAbort{"a", 3, {}}))), head + "02");
    EXPECT_EQ(to_hex(encode(version, to_envoy(ToEnvoyWebSocketOpen{"a", 3, "/", {}}))), head +
                                                                                            "03"
                                                                                            "0161"
                                                                                            "012f"
                                                                                            "00");
    EXPECT_EQ(to_hex(encode(version, to_envoy(ToEnvoyWebSocketMessage{{9}, true}))), head +
                                                                                         "04"
                                                                                         "0109"
                                                                                         "01");
    EXPECT_EQ(to_hex(encode(version, to_envoy(ToEnvoyWebSocketClose{}))), head +
                                                                              "05"
                                                                              "00"
                                                                              "00");
    EXPECT_EQ(to_hex(encode(version, to_envoy(ToEnvoyResponseBodyWindowUpdate{1}))), kRefused);
    EXPECT_EQ(to_hex(encode(version, to_envoy(ToEnvoyRequestBodyCancel{}))), kRefused);
    EXPECT_EQ(to_hex(encode(version, to_rivet(ToRivetRequestBodyWindowUpdate{1}))), kRefused);

    const auto abort = decode_to_rivet(version, from_hex("06"
                                                         "0102030405060708"
                                                         "0000"
                                                         "02"));
    ASSERT_TRUE(abort);
    EXPECT_EQ(*abort, to_rivet(ToRivetResponseAbort{}));
    const auto ack = decode_to_rivet(version, from_hex("06"
                                                       "0102030405060708"
                                                       "0000"
                                                       "05"
                                                       "0102"));
    ASSERT_TRUE(ack);
    EXPECT_EQ(*ack, to_rivet(ToRivetWebSocketMessageAck{0x201}));
    EXPECT_FALSE(decode_to_rivet(version, from_hex("06"
                                                   "0102030405060708"
                                                   "0000"
                                                   "07"
                                                   "0102")));
  }
}

TEST(EnvoyProtocolVersions, SqliteAnswersBefore5AreShorter) {
  const ToEnvoy committed = ToEnvoySqliteCommitResponse{1, SqliteCommitOk{7}};
  const ToEnvoy failed = ToEnvoySqliteCommitResponse{1, SqliteErrorResponse{"g", "c", "m"}};
  const ToEnvoy pages = ToEnvoySqliteGetPagesResponse{1, SqliteGetPagesOk{{}, 7}};
  for (const Version version : {8, 7, 6, 5}) {
    EXPECT_EQ(to_hex(encode(version, committed)),
              "07"
              "01000000"
              "00"
              "010700000000000000");
    EXPECT_EQ(to_hex(encode(version, failed)),
              "07"
              "01000000"
              "01"
              "0167"
              "0163"
              "016d");
    EXPECT_EQ(to_hex(encode(version, pages)),
              "06"
              "01000000"
              "00"
              "00"
              "010700000000000000");
  }
  for (const Version version : {4, 3}) {
    EXPECT_EQ(to_hex(encode(version, committed)),
              "07"
              "01000000"
              "00");
    EXPECT_EQ(to_hex(encode(version, failed)),
              "07"
              "01000000"
              "01"
              "016d");
    EXPECT_EQ(to_hex(encode(version, pages)),
              "06"
              "01000000"
              "00"
              "00");
  }
}

TEST(EnvoyProtocolVersions, DatabaseMessagesAreNumberedByVersion) {
  const auto tag = [](Version version, const ToRivet& message) {
    const auto frame = encode(version, message);
    return frame ? int((*frame)[0]) : -1;
  };
  const auto answer_tag = [](Version version, const ToEnvoy& message) {
    const auto frame = encode(version, message);
    return frame ? int((*frame)[0]) : -1;
  };
  const std::vector<int> begin{9, 9, -1, -1, -1, -1}, exec{12, 12, 9, 9, 9, -1}, execute{13, 13, 10, 10, 10, -1},
      batch{14, 14, 11, -1, -1, -1}, exec_answer{11, 11, 8, 8, 8, -1}, batch_answer{13, 13, 10, -1, -1, -1};
  for (int i = 0; i < 6; ++i) {
    const auto version = static_cast<Version>(8 - i);
    SCOPED_TRACE(version);
    EXPECT_EQ(tag(version, ToRivetSqliteCommitStageBeginRequest{}), begin[i]);
    EXPECT_EQ(tag(version, ToRivetSqliteExecRequest{}), exec[i]);
    EXPECT_EQ(tag(version, ToRivetSqliteExecuteRequest{}), execute[i]);
    EXPECT_EQ(tag(version, ToRivetSqliteExecuteBatchRequest{}), batch[i]);
    EXPECT_EQ(answer_tag(version, ToEnvoySqliteExecResponse{}), exec_answer[i]);
    EXPECT_EQ(answer_tag(version, ToEnvoySqliteExecuteBatchResponse{}), batch_answer[i]);
  }
}

TEST(EnvoyProtocolVersions, UnknownOnesAreRefused) {
  for (const Version version : {0, 1, 2, 9, 65535}) {
    EXPECT_FALSE(encode(version, ToEnvoy(ToEnvoyPing{}))) << version;
    EXPECT_FALSE(decode_to_rivet(version, from_hex("03"))) << version;
  }
}

TEST(EnvoyProtocolVersions, AppendingKeepsWhatIsThereAndAFailureAddsNothing) {
  Bytes out{1, 2, 3};
  ASSERT_TRUE(append(8, ToEnvoyPing{5}, out));
  EXPECT_EQ(to_hex(out),
            "010203"
            "05"
            "0500000000000000");
  ASSERT_FALSE(append(7, to_envoy(ToEnvoyRequestBodyCancel{}), out));
  EXPECT_EQ(out.size(), 12U);
}

}  // namespace
}  // namespace troupe::envoyproto
