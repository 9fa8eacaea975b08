#include "engine/base/errors.h"
#include "tunnel_http_fixture.h"

namespace troupe {
namespace {

using namespace envoyproto;

TEST_F(TunnelHttp, ARequestWithoutABodyIsOneMessageAndItsAnswerAnother) {
  const auto fetched = fetch(request());
  const auto head = next<ToEnvoyRequestStart>(0);
  EXPECT_EQ(head,
            (ToEnvoyRequestStart{actor.text(), 3, "GET", "/request/x?y=1", {{"accept", "*/*"}}, {}, false, true}));
  EXPECT_TRUE(link->sent.empty());
  EXPECT_FALSE(*fetched);

  reply(0, ToRivetResponseStart{207, {{"x-a", "1"}}, to_bytes("done"), false});
  ASSERT_TRUE(*fetched && **fetched);
  const HttpResponse& response = ***fetched;
  EXPECT_EQ(response.status, 207);
  EXPECT_EQ(*response.headers.find("x-a"), "1");
  EXPECT_EQ(as_text(response.body), "done");
  EXPECT_FALSE(response.stream);
  EXPECT_TRUE(link->sent.empty()) << "nothing is said after the last useful message";
}

TEST_F(TunnelHttp, ABodyThatFitsIntoOnePieceGoesWithTheHead) {
  const std::string longest(64 << 10, 'b');
  fetch(request(longest));
  const auto head = next<ToEnvoyRequestStart>(0);
  EXPECT_FALSE(head.stream);
  EXPECT_TRUE(head.response_stream);
  EXPECT_EQ(head.body, to_bytes(longest));
  EXPECT_TRUE(link->sent.empty());
}

TEST_F(TunnelHttp, ALongerBodyFollowsInPieces) {
  fetch(request(std::string((64 << 10) + 1, 'b')));
  const auto head = next<ToEnvoyRequestStart>(0);
  EXPECT_TRUE(head.stream);
  EXPECT_FALSE(head.body);
  EXPECT_EQ(next<ToEnvoyRequestChunk>(1), (ToEnvoyRequestChunk{Bytes(64 << 10, 'b'), false}));
  EXPECT_EQ(next<ToEnvoyRequestChunk>(2), (ToEnvoyRequestChunk{to_bytes("b"), true}));
  EXPECT_TRUE(link->sent.empty());
}

TEST_F(TunnelHttp, OlderEnvoysGetAndGiveWholeBodies) {
  link->version_number = 7;
  const auto fetched = fetch(request("hello"));
  const auto head = next<ToEnvoyRequestStart>(0);
  EXPECT_EQ(head.body, to_bytes("hello"));
  EXPECT_FALSE(head.stream || head.response_stream || head.actor_generation);
  // They may number as they like.
  reply(9, ToRivetResponseStart{200, {}, to_bytes("ok"), false});
  ASSERT_TRUE(*fetched && **fetched);

  fetch(request());
  EXPECT_EQ(next<ToEnvoyRequestStart>(0).body, std::nullopt);
}

TEST_F(TunnelHttp, StreamingCanBeSwitchedOff) {
  settings.streaming = false;
  make_tunnel();
  fetch(request("hello"));
  const auto head = next<ToEnvoyRequestStart>(0);
  EXPECT_EQ(head.body, to_bytes("hello"));
  EXPECT_FALSE(head.response_stream);
}

TEST_F(TunnelHttp, AStreamedAnswerArrivesPieceByPiece) {
  const auto stream = streaming();
  auto first = read(stream);
  EXPECT_FALSE(*first);
  reply(1, ToRivetResponseChunk{to_bytes("one"), false});
  ASSERT_TRUE(*first && **first && ***first);
  EXPECT_EQ(as_text(****first), "one");

  reply(2, ToRivetResponseChunk{to_bytes("two"), false});
  reply(3, ToRivetResponseChunk{{}, true});
  EXPECT_EQ(as_text(****read(stream)), "two");
  auto end = read(stream);
  ASSERT_TRUE(*end && **end);
  EXPECT_EQ(***end, std::nullopt);
  EXPECT_TRUE(link->sent.empty()) << "small bodies need no credit";
}

TEST_F(TunnelHttp, AnAnswerWhosePiecesAreAllHereLeavesAsAWhole) {
  const auto fetched = fetch(request());
  next<ToEnvoyRequestStart>();
  const MessageId id = conversation;
  const auto receive = [&](std::uint16_t index, ToRivetTunnelMessageKind kind) {
    MessageId at = id;
    at.message_index = index;
    tunnel->receive(link, {at, std::move(kind)});
  };
  receive(0, ToRivetResponseStart{200, {}, std::nullopt, true});
  receive(1, ToRivetResponseChunk{to_bytes("one "), false});
  receive(2, ToRivetResponseChunk{to_bytes("two"), true});
  world.settle();
  ASSERT_TRUE(*fetched && **fetched);
  EXPECT_FALSE((**fetched)->stream);
  EXPECT_EQ(as_text((**fetched)->body), "one two");
}

TEST_F(TunnelHttp, CreditIsGivenForWhatTheClientHasTaken) {
  const auto stream = streaming();
  const Bytes chunk(64 << 10, 1);
  for (std::uint16_t i = 1; i <= 16; ++i) reply(i, ToRivetResponseChunk{chunk, false});
  EXPECT_TRUE(link->sent.empty()) << "the client has taken nothing";
  for (int i = 0; i < 5; ++i) EXPECT_EQ((****read(stream)).size(), chunk.size());
  // The fifth is still on its way to the client.
  EXPECT_EQ(next<ToEnvoyResponseBodyWindowUpdate>(1).consumed_bytes, 4 * chunk.size());
  EXPECT_TRUE(link->sent.empty());
}

TEST_F(TunnelHttp, AnEnvoyThatOverrunsTheWindowTwiceOverIsCutOff) {
  const auto stream = streaming();
  const Bytes chunk(1 << 20, 1);
  reply(1, ToRivetResponseChunk{chunk, false});
  reply(2, ToRivetResponseChunk{chunk, false});
  EXPECT_TRUE(link->sent.empty());
  reply(3, ToRivetResponseChunk{to_bytes("x"), false});
  EXPECT_EQ(next<ToEnvoyRequestAbort>(1).reason.kind, AbortKind::internal_error);
  read(stream);
  read(stream);
  auto end = read(stream);
  ASSERT_TRUE(*end);
  EXPECT_FALSE(**end) << "the client must see that the body is cut short";
}

TEST_F(TunnelHttp, ALargeBodyStopsAtTheWindowAndGoesOnWithCredit) {
  fetch(request(std::string((3 << 20) + 5, 'b')));
  next<ToEnvoyRequestStart>(0);
  std::size_t sent = 0;
  const auto drain = [&] {
    while (!link->sent.empty()) {
      const auto chunk = next<ToEnvoyRequestChunk>();
      EXPECT_LE(chunk.body.size(), 64U << 10);
      sent += chunk.body.size();
      if (chunk.finish) return true;
    }
    return false;
  };
  EXPECT_FALSE(drain());
  EXPECT_EQ(sent, 1U << 20);
  reply(0, ToRivetRequestBodyWindowUpdate{1 << 20});
  EXPECT_FALSE(drain());
  EXPECT_EQ(sent, 2U << 20);
  reply(1, ToRivetRequestBodyWindowUpdate{5});
  EXPECT_FALSE(drain());
  EXPECT_EQ(sent, 2U << 20) << "a window never shrinks";
  reply(2, ToRivetRequestBodyWindowUpdate{~std::uint64_t{0}});
  EXPECT_FALSE(drain());
  EXPECT_EQ(sent, 3U << 20) << "what was never sent is not consumed";
  reply(3, ToRivetRequestBodyWindowUpdate{3 << 20});
  EXPECT_TRUE(drain());
  EXPECT_EQ(sent, (3U << 20) + 5);
}

TEST_F(TunnelHttp, AnEnvoyThatReadsSlowlyIsNotFedMore) {
  link->buffered = 2 << 20;
  fetch(request(std::string((64 << 10) + 1, 'b')));
  next<ToEnvoyRequestStart>(0);
  EXPECT_TRUE(link->sent.empty());
  link->buffered = 0;
  link->drained.notify_all();
  world.settle();
  EXPECT_FALSE(next<ToEnvoyRequestChunk>(1).finish);
  EXPECT_TRUE(next<ToEnvoyRequestChunk>(2).finish);
}

TEST_F(TunnelHttp, AStreamedRequestIsReadAsFastAsTheEnvoyTakesIt) {
  auto body = std::make_shared<ScriptedBody>();
  for (int i = 0; i < 3; ++i) body->pieces.push_back(Bytes(700 << 10, 1));
  body->pieces.push_back(std::nullopt);
  HttpRequest r = request();
  r.stream = body;
  fetch(std::move(r));
  EXPECT_TRUE(next<ToEnvoyRequestStart>(0).stream);
  EXPECT_EQ(body->reads, 2) << "the second piece fills the window";
  const auto id = conversation;
  link->sent.clear();
  conversation = id;
  reply(0, ToRivetRequestBodyWindowUpdate{1 << 20});
  reply(1, ToRivetRequestBodyWindowUpdate{2 << 20});
  ASSERT_FALSE(link->sent.empty());
  EXPECT_EQ(std::get<ToEnvoyRequestChunk>(link->sent.back().message_kind), (ToEnvoyRequestChunk{{}, true}));
}

TEST_F(TunnelHttp, AStreamedRequestThatBreaksOffIsAborted) {
  auto body = std::make_shared<ScriptedBody>();
  HttpRequest r = request();
  r.stream = body;
  const auto fetched = fetch(std::move(r));
  next<ToEnvoyRequestStart>(0);
  body->failure = make_error("guard", "invalid_request_body");
  body->more.notify_all();
  world.settle();
  ASSERT_TRUE(*fetched);
  EXPECT_EQ((**fetched).error().id(), "guard.invalid_request_body");
  EXPECT_EQ(next<ToEnvoyRequestAbort>().reason.kind, AbortKind::cancelled);
}

TEST_F(TunnelHttp, AStreamedRequestToAnOlderEnvoyIsGatheredUpToTheLimit) {
  link->version_number = 6;
  settings.payload_bytes_max = 10;
  make_tunnel();
  const auto send = [&](const char* second) {
    auto body = std::make_shared<ScriptedBody>();
    body->pieces = {to_bytes("12345"), to_bytes(second), std::nullopt};
    HttpRequest r = request();
    r.stream = body;
    return fetch(std::move(r));
  };
  send("67890");
  EXPECT_EQ(next<ToEnvoyRequestStart>().body, to_bytes("1234567890"));
  const auto refused = send("678901");
  ASSERT_TRUE(*refused);
  EXPECT_EQ((**refused).error().id(), "guard.invalid_request_body");
}

TEST_F(TunnelHttp, ABodyThatTheActorDoesNotWantIsSentNoFurther) {
  auto body = std::make_shared<ScriptedBody>();
  HttpRequest r = request();
  r.stream = body;
  const auto fetched = fetch(std::move(r));
  next<ToEnvoyRequestStart>(0);
  reply(0, ToRivetRequestBodyCancel{});
  EXPECT_TRUE(body->cancelled);
  body->pieces.push_back(to_bytes("late"));
  body->more.notify_all();
  world.settle();
  EXPECT_TRUE(link->sent.empty());
  reply(1, ToRivetResponseStart{200, {}, std::nullopt, false});
  EXPECT_TRUE(*fetched && **fetched);
}

TEST_F(TunnelHttp, AClientThatGoesAwayIsToldToTheActor) {
  HttpRequest r = request();
  r.abort = std::make_shared<AbortSignal>();
  const auto signal = r.abort;
  const auto fetched = fetch(std::move(r));
  next<ToEnvoyRequestStart>(0);
  signal->abort();
  world.settle();
  const ToEnvoyRequestAbort expected{actor.text(), 3, {AbortKind::cancelled, "client dropped streaming response body"}};
  EXPECT_EQ(next<ToEnvoyRequestAbort>(1), expected);
  EXPECT_TRUE(*fetched);
  reply(0, ToRivetResponseStart{200, {}, std::nullopt, true});
  EXPECT_TRUE(link->sent.empty()) << "late answers are ignored";

  auto stream = streaming();
  stream.reset();
  world.settle();
  EXPECT_EQ(next<ToEnvoyRequestAbort>(1), expected);
}

TEST_F(TunnelHttp, AnAbortOfTheActorFailsTheRequestOrCutsTheBody) {
  const auto fetched = fetch(request());
  next<ToEnvoyRequestStart>(0);
  reply(0, ToRivetResponseAbort{{AbortKind::handler_error, "why"}});
  ASSERT_TRUE(*fetched);
  EXPECT_EQ((**fetched).error().id(), "guard.tunnel_request_aborted");
  EXPECT_EQ(phase_of((**fetched).error()), "waiting_for_response_start");
  EXPECT_EQ(next<ToEnvoyRequestAbort>(1).reason,
            (HttpStreamAbortReason{AbortKind::internal_error, "gateway stopped the HTTP request before completion"}));

  const auto stream = streaming();
  reply(1, ToRivetResponseChunk{to_bytes("half"), false});
  reply(2, ToRivetResponseAbort{});
  EXPECT_EQ(as_text(****read(stream)), "half");
  auto end = read(stream);
  ASSERT_TRUE(*end);
  EXPECT_FALSE(**end);
}

TEST_F(TunnelHttp, AGapOrARepetitionInTheNumbersEndsTheRequest) {
  for (const std::uint16_t wrong : {0, 2}) {
    const auto stream = streaming();
    reply(wrong, ToRivetResponseChunk{to_bytes("x"), false});
    EXPECT_EQ(next<ToEnvoyRequestAbort>(1).reason,
              (HttpStreamAbortReason{AbortKind::internal_error, "gateway detected response stream message index gap"}));
    auto end = read(stream);
    ASSERT_TRUE(*end);
    EXPECT_FALSE(**end);
  }
  const auto fetched = fetch(request());
  next<ToEnvoyRequestStart>(0);
  reply(1, ToRivetResponseStart{200, {}, std::nullopt, false});
  ASSERT_TRUE(*fetched);
  EXPECT_EQ((**fetched).error().id(), "core.internal_error");
}

TEST_F(TunnelHttp, MessagesOutOfPlaceAreIgnored) {
  const auto fetched = fetch(request());
  next<ToEnvoyRequestStart>(0);
  reply(0, ToRivetResponseChunk{to_bytes("early"), false});
  reply(1, ToRivetRequestBodyWindowUpdate{77});
  reply(2, ToRivetWebSocketOpen{true});
  reply(3, ToRivetWebSocketMessage{to_bytes("x"), true});
  EXPECT_FALSE(*fetched);
  reply(4, ToRivetResponseStart{200, {}, std::nullopt, false});
  ASSERT_TRUE(*fetched && **fetched);
  EXPECT_TRUE((**fetched)->body.empty());
}

TEST_F(TunnelHttp, AnotherEnvoyCannotAnswer) {
  const auto fetched = fetch(request());
  next<ToEnvoyRequestStart>(0);
  reply_from(std::make_shared<FakeLink>(), 0, ToRivetResponseStart{200, {}, std::nullopt, false});
  EXPECT_FALSE(*fetched);
  conversation.request_id[0] ^= 1;
  reply(0, ToRivetResponseStart{200, {}, std::nullopt, false});
  EXPECT_FALSE(*fetched);
}

TEST_F(TunnelHttp, AnUnstreamedAnswerBeyondTheLimitCountsAsAborted) {
  settings.payload_bytes_max = 4;
  make_tunnel();
  const auto fits = fetch(request());
  next<ToEnvoyRequestStart>(0);
  reply(0, ToRivetResponseStart{200, {}, Bytes(4), false});
  EXPECT_TRUE(*fits && **fits);
  const auto fetched = fetch(request());
  next<ToEnvoyRequestStart>(0);
  reply(0, ToRivetResponseStart{200, {}, Bytes(5), false});
  ASSERT_TRUE(*fetched);
  EXPECT_EQ((**fetched).error().id(), "guard.tunnel_request_aborted");
}

TEST_F(TunnelHttp, AnActorThatDoesNotAnswerIsGivenUp) {
  settings.response_start_timeout = Millis(1'000);
  make_tunnel();
  const auto fetched = fetch(request());
  next<ToEnvoyRequestStart>(0);
  world.advance(Millis(999));
  EXPECT_FALSE(*fetched);
  world.advance(Millis(1));
  ASSERT_TRUE(*fetched);
  EXPECT_EQ((**fetched).error().id(), "guard.gateway_response_start_timeout");
  EXPECT_EQ(next<ToEnvoyRequestAbort>(1).reason.kind, AbortKind::internal_error);

  const auto stream = streaming();
  world.advance(Millis(5'000));
  EXPECT_TRUE(link->sent.empty()) << "a body may take as long as it likes";
  stream->cancel();
}

TEST_F(TunnelHttp, RequestsBeyondTheBoundAreRefused) {
  settings.conversations_max = 2;
  make_tunnel();
  fetch(request());
  const auto id = (next<ToEnvoyRequestStart>(), conversation);
  fetch(request());
  const auto refused = fetch(request());
  ASSERT_TRUE(*refused);
  EXPECT_EQ((**refused).error().id(), "guard.service_unavailable");
  conversation = id;
  reply(0, ToRivetResponseStart{200, {}, std::nullopt, false});
  EXPECT_FALSE(*fetch(request())) << "there is room again";
}

TEST_F(TunnelHttp, HeaderNamesOfAnswersBecomeLowerCaseAndUnique) {
  const auto fetched = fetch(request());
  next<ToEnvoyRequestStart>(0);
  reply(0, ToRivetResponseStart{200, {{"X-A", "1"}, {"x-b", "2"}, {"x-a", "3"}}, std::nullopt, false});
  ASSERT_TRUE(*fetched && **fetched);
  const HttpHeaders& headers = (**fetched)->headers;
  EXPECT_EQ(headers.size(), 2U);
  EXPECT_EQ(*headers.find("x-a"), "3");
}

}  // namespace
}  // namespace troupe
