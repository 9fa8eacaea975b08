#include "engine/clientproto/decode.h"
#include "engine/clientproto/encode.h"
#include "tunnel_fixture.h"

namespace troupe {
namespace {

using namespace envoyproto;
using clientproto::Encoding;

class TunnelCall : public TunnelTest {
 protected:
  TunnelCall() { make_tunnel(); }
  Started<Result<Bytes>> call(std::string action) {
    return start(tunnel->call(address(), std::move(action), Bytes{0x81, 0x07}));
  }
};

TEST_F(TunnelCall, IsAnHttpActionInCbor) {
  const auto called = call("add it/ä");
  const auto head = next<ToEnvoyRequestStart>(0);
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.path, "/action/add%20it%2F%C3%A4");
  EXPECT_EQ(std::count(head.headers.begin(), head.headers.end(),
                       std::pair<std::string, std::string>("x-rivet-encoding", "cbor")),
            1);
  EXPECT_FALSE(head.stream);
  ASSERT_TRUE(head.body);
  const auto request = clientproto::decode_http_action_request(Encoding::cbor, *head.body);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->args, (Bytes{0x81, 0x07}));

  const auto answer = clientproto::encode(Encoding::cbor, clientproto::HttpActionResponse{{0x18, 0x2a}});
  reply(0, ToRivetResponseStart{200, {}, std::nullopt, true});
  reply(1, ToRivetResponseChunk{Bytes(answer->begin(), answer->begin() + 3), false});
  reply(2, ToRivetResponseChunk{Bytes(answer->begin() + 3, answer->end()), true});
  ASSERT_TRUE(*called && **called);
  EXPECT_EQ(***called, (Bytes{0x18, 0x2a}));
}

TEST_F(TunnelCall, ErrorsOfTheActionComeBackWhateverTheirEncoding) {
  const clientproto::HttpResponseError error{"user", "broke", "It broke", Bytes{0xa1, 0x61, 'n', 0x01},
                                             clientproto::ActorSpecifier{"someone", 3, "a/b"}};
  const auto fails = [&](const char* type, Bytes body) {
    const auto called = call("a");
    next<ToEnvoyRequestStart>(0);
    reply(0, ToRivetResponseStart{400, {{"content-type", type}}, std::move(body), false});
    EXPECT_TRUE(*called && !**called);
    return (**called).error();
  };
  for (const Encoding encoding : {Encoding::cbor, Encoding::json}) {
    const auto body = clientproto::encode(encoding, error);
    const Error decoded = fails(encoding == Encoding::json ? "application/json" : "application/cbor", *body);
    EXPECT_EQ(decoded.id(), "user.broke");
    EXPECT_EQ(decoded.message(), "It broke");
    ASSERT_TRUE(decoded.metadata());
    EXPECT_TRUE(decoded.metadata()->find("n"));
    ASSERT_TRUE(decoded.origin());
    EXPECT_EQ(decoded.origin()->actor_id, "someone");
    EXPECT_EQ(decoded.origin()->generation, 3u);
    EXPECT_EQ(decoded.origin()->key, (std::vector<std::string>{"a", "b"}));
  }
  EXPECT_EQ(fails("text/plain", to_bytes("Bad gateway")).id(), "envoy.fetch_failed");
}

TEST_F(TunnelCall, AnAnswerThatIsNoneOrTooLongIsAnError) {
  settings.payload_bytes_max = 8;
  make_tunnel();
  auto called = call("a");
  next<ToEnvoyRequestStart>(0);
  reply(0, ToRivetResponseStart{200, {}, to_bytes("nonsense"), false});
  ASSERT_TRUE(*called);
  EXPECT_EQ((**called).error().id(), "envoy.fetch_failed");

  called = call("a");
  next<ToEnvoyRequestStart>(0);
  reply(0, ToRivetResponseStart{200, {}, std::nullopt, true});
  reply(1, ToRivetResponseChunk{Bytes(9), false});
  ASSERT_TRUE(*called);
  EXPECT_EQ((**called).error().id(), "envoy.fetch_failed");
  EXPECT_EQ(next<ToEnvoyRequestAbort>(1).reason.kind, HttpStreamAbortReason::Kind::cancelled);
}

TEST_F(TunnelCall, AQueueMessageIsAnHttpRequestAsWell) {
  QueueSend message;
  message.name = "jobs";
  message.body = {0x07};
  message.wait = true;
  message.timeout = Millis(2'500);
  const auto sent = start(tunnel->send(address(), message));
  const auto head = next<ToEnvoyRequestStart>(0);
  EXPECT_EQ(head.path, "/queue/jobs");
  ASSERT_TRUE(head.body);
  const auto request = clientproto::decode_http_queue_send_request(Encoding::cbor, *head.body);
  ASSERT_TRUE(request);
  EXPECT_EQ(*request, (clientproto::HttpQueueSendRequest{{0x07}, "jobs", true, 2'500}));

  const auto answer = clientproto::encode(Encoding::cbor, clientproto::HttpQueueSendResponse{"timedOut", {}});
  reply(0, ToRivetResponseStart{200, {}, *answer, false});
  ASSERT_TRUE(*sent && **sent);
  EXPECT_FALSE((**sent)->completed);
  EXPECT_FALSE((**sent)->response);
}

}  // namespace
}  // namespace troupe
