#include "engine/base/errors.h"
#include "engine/hosts/envoy/tunnel/http_exchange.h"
#include "tunnel_http_fixture.h"

namespace troupe {
namespace {

using namespace envoyproto;

TEST_F(TunnelHttp, TheEndOfAGenerationFailsWhatItMayHaveRunAndGivesBackTheRest) {
  const auto sent = fetch(request());
  next<ToEnvoyRequestStart>(0);
  const auto stream = streaming();
  disconnect();
  const auto unsent = fetch(request());
  EXPECT_TRUE(link->sent.empty());
  tunnel->actor_stopped(actor, 3);
  world.settle();
  ASSERT_TRUE(*sent && *unsent);
  EXPECT_EQ((**sent).error().id(), "guard.actor_stopped_while_waiting");
  EXPECT_EQ(phase_of((**sent).error()), "waiting_for_response_start");
  EXPECT_EQ((**unsent).error().id(), "actor.stopping");
  auto end = read(stream);
  ASSERT_TRUE(*end);
  EXPECT_FALSE(**end);

  const auto late = fetch(request());
  ASSERT_TRUE(*late);
  EXPECT_EQ((**late).error().id(), "actor.stopping");
}

TEST_F(TunnelHttp, AStopEndsEverythingAndLetsNothingNewBegin) {
  const auto sent = fetch(request());
  next<ToEnvoyRequestStart>(0);
  const auto stream = streaming();
  const auto piece = read(stream);
  disconnect();
  const auto unsent = fetch(request());
  tunnel->stop();
  world.settle();
  ASSERT_TRUE(*sent && *piece && *unsent);
  EXPECT_EQ((**sent).error().id(), "guard.actor_stopped_while_waiting");
  EXPECT_EQ((**piece).error().id(), "guard.actor_stopped_while_waiting");
  EXPECT_EQ((**unsent).error().id(), "actor.stopping");
  EXPECT_EQ(tunnel->stats().open_requests, 0U);

  reconnect();
  tunnel->actor_started(address(4), {});
  const auto late = start(tunnel->fetch(address(4), request()));
  ASSERT_TRUE(*late);
  EXPECT_EQ((**late).error().id(), "actor.stopping");
  EXPECT_TRUE(link->sent.empty());
}

TEST_F(TunnelHttp, ARequestWhoseGenerationIsOverBeforeItWaitsIsToldSo) {
  const auto context = std::make_shared<TunnelContext>(world.ports(), settings);
  const auto exchange = std::make_shared<HttpExchange>(context, 1, address(), request());
  exchange->generation_stopped();
  const auto ended = start(exchange->run());
  ASSERT_TRUE(*ended);
  EXPECT_EQ((**ended).error().id(), "actor.stopping");
  EXPECT_TRUE(link->sent.empty());
}

TEST_F(TunnelHttp, TheEndOfAnotherGenerationConcernsNobody) {
  const auto fetched = fetch(request());
  next<ToEnvoyRequestStart>(0);
  tunnel->actor_stopped(actor, 2);
  world.settle();
  EXPECT_FALSE(*fetched);
  const auto id = conversation;
  tunnel->actor_started(address(3), {});
  conversation = id;
  reply(0, ToRivetResponseStart{200, {}, std::nullopt, false});
  EXPECT_TRUE(*fetched && **fetched) << "a generation that is announced again goes on";

  const auto left = fetch(request());
  tunnel->actor_started(address(4), {});
  world.settle();
  ASSERT_TRUE(*left);
  EXPECT_FALSE(**left);
}

TEST_F(TunnelHttp, ARequestWaitsForAnEnvoyThatIsAwayAndIsSentOnce) {
  disconnect();
  const auto fetched = fetch(request("hello"));
  EXPECT_FALSE(*fetched);
  reconnect();
  EXPECT_EQ(next<ToEnvoyRequestStart>(0).body, to_bytes("hello"));
  disconnect();
  reconnect();
  EXPECT_TRUE(link->sent.empty()) << "the actor may have run it";
  reply(0, ToRivetResponseStart{200, {}, std::nullopt, false});
  EXPECT_TRUE(*fetched && **fetched);
}

TEST_F(TunnelHttp, WhatTheBrokenConnectionMayHaveLostIsGivenUpWhenTheNewOneBringsNothing) {
  settings.silence_timeout = Millis(1'000);
  make_tunnel();
  const auto lost = fetch(request());
  next<ToEnvoyRequestStart>(0);
  disconnect();
  world.advance(Millis(5'000));
  EXPECT_FALSE(*lost) << "the envoy may come back with the answer";
  reconnect();
  world.advance(Millis(600));
  disconnect();
  world.advance(Millis(5'000));
  EXPECT_FALSE(*lost) << "it is away again";
  reconnect();
  world.advance(Millis(999));
  EXPECT_FALSE(*lost);
  world.advance(Millis(1));
  ASSERT_TRUE(*lost);
  EXPECT_EQ((**lost).error().id(), "guard.tunnel_message_timeout");
  EXPECT_EQ(phase_of((**lost).error()), "waiting_for_response_start");
  EXPECT_EQ(next<ToEnvoyRequestAbort>(1).reason.kind, AbortKind::internal_error);

  const auto cut_short = streaming();
  disconnect();
  reconnect();
  world.advance(Millis(1'000));
  auto end = read(cut_short);
  ASSERT_TRUE(*end);
  EXPECT_FALSE(**end);
  next<ToEnvoyRequestAbort>(1);

  const auto goes_on = streaming();
  disconnect();
  reconnect();
  world.advance(Millis(999));
  reply(1, ToRivetResponseChunk{to_bytes("more"), false});
  EXPECT_EQ(as_text(****read(goes_on)), "more");
  world.advance(Millis(100'000));
  EXPECT_TRUE(link->sent.empty()) << "a body that goes on may take as long as it likes";
  goes_on->cancel();
  link->sent.clear();

  const auto answered = fetch(request());
  next<ToEnvoyRequestStart>(0);
  disconnect();
  reconnect();
  reply(0, ToRivetResponseStart{200, {}, std::nullopt, false});
  EXPECT_TRUE(*answered && **answered);
}

TEST_F(TunnelHttp, BodiesGoOnOverANewConnection) {
  const auto fetched = fetch(request(std::string(2 << 20, 'b')));
  next<ToEnvoyRequestStart>(0);
  link->sent.clear();
  disconnect();
  reply(0, ToRivetRequestBodyWindowUpdate{1 << 20});
  EXPECT_TRUE(link->sent.empty());
  reconnect();
  ASSERT_FALSE(link->sent.empty());
  EXPECT_TRUE(std::get<ToEnvoyRequestChunk>(link->sent.back().message_kind).finish);
  link->sent.clear();

  const auto stream = streaming();
  for (std::uint16_t i = 1; i <= 3; ++i) reply(i, ToRivetResponseChunk{Bytes(64 << 10, 1), false});
  read(stream);
  read(stream);
  disconnect();
  reconnect();
  EXPECT_EQ(next<ToEnvoyResponseBodyWindowUpdate>(1).consumed_bytes, 64U << 10)
      << "the last credit may be lost with the old connection";
}

TEST_F(TunnelHttp, AnEnvoyThatDoesNotHaveTheActorSaysSoWithoutHavingRunAnything) {
  const ToRivetResponseStart missing{
      503, {{"x-rivet-error", "envoy.actor_not_found"}}, to_bytes("Actor not found"), false};
  const auto fetched = fetch(request());
  next<ToEnvoyRequestStart>(0);
  reply(0, missing);
  ASSERT_TRUE(*fetched);
  EXPECT_EQ((**fetched).error().id(), "actor.stopping");
  EXPECT_EQ(link->missing, std::vector<std::uint32_t>{3});

  // An actor that answers so is there.
  auto from_actor = missing;
  from_actor.headers.emplace_back("x-rivet-actor", actor.text());
  const auto answered = fetch(request());
  next<ToEnvoyRequestStart>(0);
  reply(0, from_actor);
  ASSERT_TRUE(*answered && **answered);
  EXPECT_EQ((**answered)->status, 503);
  EXPECT_EQ(link->missing.size(), 1U);

  auto body = std::make_shared<ScriptedBody>();
  HttpRequest r = request();
  r.stream = body;
  const auto once = fetch(std::move(r));
  next<ToEnvoyRequestStart>(0);
  reply(0, missing);
  ASSERT_TRUE(*once);
  EXPECT_EQ((**once).error().id(), "guard.actor_stopped_while_waiting") << "its body cannot be read twice";
}

}  // namespace
}  // namespace troupe
