#include "engine/base/errors.h"
#include "engine/hosts/envoy/tunnel/socket_end.h"
#include "tunnel_fixture.h"

namespace troupe {
namespace {

using namespace envoyproto;

/// What the engine's relay and the client behind it see.
class FakeSocket final : public RelayedSocket {
 public:
  explicit FakeSocket(std::uint8_t number) { id_.request = {number, 0, 0, 7}; }

  SocketId id() const override { return id_; }
  bool send(WebSocketMessage message) override {
    log.push_back((message.binary ? "binary " : "text ") + to_string(message.data));
    return true;
  }
  std::size_t buffered_bytes() const override { return 0; }
  Task<void> wait_drained() override { co_return; }
  void close(std::uint16_t code, std::string reason) override {
    log.push_back("close " + std::to_string(code) + " " + reason);
  }
  void ack(std::uint16_t index) override { log.push_back("ack " + std::to_string(index)); }
  void hibernate() override { log.push_back("hibernate"); }

  std::vector<std::string> take() { return std::exchange(log, {}); }

 private:
  SocketId id_;
  std::vector<std::string> log;
};

using Log = std::vector<std::string>;

class TunnelSocket : public TunnelTest {
 protected:
  TunnelSocket() { make_tunnel(); }

  std::shared_ptr<FakeSocket> client = std::make_shared<FakeSocket>(1);
  std::shared_ptr<ActorSocket> actor_end;

  HttpRequest upgrade() {
    HttpRequest r;
    r.method = "GET";
    r.target = "/websocket/foo?x=1";
    r.headers.set("sec-websocket-protocol", "rivet");
    return r;
  }
  Started<Result<OpenedSocket>> opening() { return start(tunnel->open_websocket(address(), upgrade(), client)); }
  void open(bool can_hibernate) {
    const auto opened = opening();
    next<ToEnvoyWebSocketOpen>(0);
    reply(0, ToRivetWebSocketOpen{can_hibernate});
    ASSERT_TRUE(*opened && **opened);
    EXPECT_EQ((**opened)->can_hibernate, can_hibernate);
    EXPECT_EQ((**opened)->acks_expire, can_hibernate);
    actor_end = (**opened)->actor;
  }
  Started<bool> message(std::uint16_t index, std::string text) {
    return start(deliver(actor_end, WebSocketMessage{false, to_bytes(text), index}));
  }
  static Task<bool> deliver(std::shared_ptr<ActorSocket> to, WebSocketMessage message) {
    co_await to->on_message(std::move(message));
    co_return true;
  }
  HibernatingSocket asleep() { return {client->id(), std::make_shared<const HttpRequest>(upgrade()), client}; }
};

TEST_F(TunnelSocket, ASocketWhoseGenerationIsOverBeforeItWaitsIsToldSo) {
  const auto context = std::make_shared<TunnelContext>(world.ports(), settings);
  const auto end = std::make_shared<SocketEnd>(context, 1, address(), client);
  end->generation_stopped();
  const auto opened = start(end->open(std::make_shared<const HttpRequest>(upgrade())));
  ASSERT_TRUE(*opened);
  EXPECT_EQ((**opened).error().id(), "actor.stopping");
  EXPECT_TRUE(link->sent.empty());
}

TEST_F(TunnelSocket, AStopEndsWhatIsOpeningAndLeavesOpenSocketsToTheirClients) {
  open(true);
  const auto opening_late = opening();
  next<ToEnvoyWebSocketOpen>(0);
  tunnel->stop();
  world.settle();
  ASSERT_TRUE(*opening_late);
  EXPECT_EQ((**opening_late).error().id(), "guard.actor_stopped_while_waiting_for_websocket_open");
  EXPECT_TRUE(client->take().empty());
}

TEST_F(TunnelSocket, OpensAndCarriesMessagesWithTheirIndexes) {
  const auto opened = opening();
  const auto asked = next<ToEnvoyWebSocketOpen>(0);
  EXPECT_EQ(asked,
            (ToEnvoyWebSocketOpen{actor.text(), 3, "/websocket/foo?x=1", {{"sec-websocket-protocol", "rivet"}}}));
  EXPECT_EQ(conversation.request_id, client->id().request);
  EXPECT_FALSE(*opened);
  reply(0, ToRivetWebSocketOpen{false});
  ASSERT_TRUE(*opened && **opened);
  actor_end = (**opened)->actor;

  EXPECT_TRUE(*message(1, "hi"));
  EXPECT_EQ(next<ToEnvoyWebSocketMessage>(1), (ToEnvoyWebSocketMessage{to_bytes("hi"), false}));
  message(65'535, "last");
  next<ToEnvoyWebSocketMessage>(65'535);
  message(0, "wrapped");
  next<ToEnvoyWebSocketMessage>(0);

  reply(7, ToRivetWebSocketMessage{to_bytes("echo"), false});
  reply(7, ToRivetWebSocketMessage{to_bytes("bin"), true});
  reply(1, ToRivetWebSocketMessage{{0xff, 'x'}, false});
  EXPECT_EQ(client->take(), (Log{"text echo", "binary bin", "text \xEF\xBF\xBDx"}));
}

TEST_F(TunnelSocket, TheClientsCloseReachesTheActor) {
  const std::tuple<std::uint16_t, const char*, ToEnvoyWebSocketClose> cases[] = {
      {3001, "bye", {3001, "bye"}}, {1005, "", {1000, std::nullopt}}, {1006, "", {1011, "ws.downstream_closed"}}};
  for (const auto& [code, reason, expected] : cases) {
    open(false);
    message(1, "m");
    next<ToEnvoyWebSocketMessage>(1);
    actor_end->on_close(code, reason);
    EXPECT_EQ(next<ToEnvoyWebSocketClose>(2), expected);
    EXPECT_TRUE(client->take().empty());
    reply(0, ToRivetWebSocketClose{1000, "hack_force_close", false});
    EXPECT_EQ(client->take(), Log{"close 1000 "}) << "the actor's answer";
    EXPECT_TRUE(link->sent.empty());
  }
}

TEST_F(TunnelSocket, TheActorsCloseReachesTheClient) {
  const std::pair<ToRivetWebSocketClose, const char*> cases[] = {
      {{4001, "actor-bye", false}, "close 4001 actor-bye"},
      {{1000, std::nullopt, false}, "close 1000 "},
      {{std::nullopt, std::nullopt, false}, "close 1000 ws.closed"},
      {{1005, "x", false}, "close 1011 ws.invalid_close_code"},
      {{60'000, "x", false}, "close 1011 ws.invalid_close_code"},
      {{4002, "cannot sleep", true}, "close 4002 cannot sleep"}};
  for (const auto& [close, expected] : cases) {
    open(false);
    reply(0, close);
    EXPECT_EQ(client->take(), Log{expected});
    EXPECT_EQ(next<ToEnvoyWebSocketClose>(1), (ToEnvoyWebSocketClose{1000, std::nullopt}));
    actor_end->on_close(1000, "");
    EXPECT_TRUE(*message(1, "late"));
    EXPECT_TRUE(link->sent.empty());
  }
}

TEST_F(TunnelSocket, AMessageBeyondTheLimitClosesTheClient) {
  settings.payload_bytes_max = 4;
  make_tunnel();
  open(false);
  reply(1, ToRivetWebSocketMessage{Bytes(5), true});
  EXPECT_EQ(client->take(), Log{"close 1009 actor WebSocket message exceeds the maximum size"});
  EXPECT_EQ(next<ToEnvoyWebSocketClose>(1), (ToEnvoyWebSocketClose{1000, std::nullopt}));
}

TEST_F(TunnelSocket, RefusalsAndSilenceFailTheOpening) {
  const auto refused = opening();
  next<ToEnvoyWebSocketOpen>(0);
  reply(0, ToRivetWebSocketClose{1011, "no", false});
  ASSERT_TRUE(*refused);
  EXPECT_EQ((**refused).error().id(), "guard.websocket_closed_before_open");

  const auto missing = opening();
  next<ToEnvoyWebSocketOpen>(0);
  reply(0, ToRivetWebSocketClose{1011, "Actor not found", false});
  ASSERT_TRUE(*missing);
  EXPECT_EQ((**missing).error().id(), "actor.stopping");
  EXPECT_EQ(link->missing, std::vector<std::uint32_t>{3});

  const auto silent = opening();
  next<ToEnvoyWebSocketOpen>(0);
  world.advance(Millis(14'999));
  EXPECT_FALSE(*silent);
  world.advance(Millis(1));
  ASSERT_TRUE(*silent);
  EXPECT_EQ((**silent).error().id(), "guard.websocket_open_timeout");
  EXPECT_EQ(next<ToEnvoyWebSocketClose>(1).code, 1011);
  reply(0, ToRivetWebSocketOpen{true});
  EXPECT_TRUE(link->sent.empty());
}

TEST_F(TunnelSocket, TheEndOfTheGenerationEndsWhatIsOpening) {
  const auto sent = opening();
  next<ToEnvoyWebSocketOpen>(0);
  disconnect();
  client = std::make_shared<FakeSocket>(2);
  const auto unsent = opening();
  tunnel->actor_stopped(actor, 3);
  world.settle();
  ASSERT_TRUE(*sent && *unsent);
  EXPECT_EQ((**sent).error().id(), "guard.actor_stopped_while_waiting_for_websocket_open");
  EXPECT_EQ((**unsent).error().id(), "actor.stopping");
}

TEST_F(TunnelSocket, TheEndOfTheGenerationReleasesEveryoneAndClosesNobody) {
  open(true);
  disconnect();
  const auto waiting = message(1, "m");
  EXPECT_FALSE(*waiting);
  tunnel->actor_stopped(actor, 3);
  world.settle();
  EXPECT_TRUE(*waiting);
  EXPECT_TRUE(client->take().empty()) << "what becomes of the client is decided elsewhere";
  reconnect();
  EXPECT_TRUE(link->sent.empty());
  actor_end->on_close(1000, "");
  EXPECT_TRUE(link->sent.empty());
}

TEST_F(TunnelSocket, AcksAndHibernationGoToTheClientsSide) {
  open(true);
  reply(9, ToRivetWebSocketMessageAck{5});
  reply(0, ToRivetWebSocketClose{std::nullopt, std::nullopt, true});
  EXPECT_EQ(client->take(), (Log{"ack 5", "hibernate"}));
  EXPECT_TRUE(link->sent.empty());
}

TEST_F(TunnelSocket, AMessageWaitsForAnEnvoyThatIsAwayOrBusy) {
  open(false);
  disconnect();
  const auto away = message(1, "one");
  EXPECT_FALSE(*away);
  reconnect();
  EXPECT_TRUE(*away);
  EXPECT_EQ(next<ToEnvoyWebSocketMessage>(1).data, to_bytes("one"));

  link->buffered = 2 << 20;
  const auto busy = message(2, "two");
  EXPECT_FALSE(*busy);
  link->buffered = 0;
  link->drained.notify_all();
  world.settle();
  EXPECT_TRUE(*busy);
  EXPECT_TRUE(client->take().empty());
}

TEST_F(TunnelSocket, AfterAReconnectEverythingUnacknowledgedIsAskedForAgain) {
  open(true);
  message(1, "one");
  next<ToEnvoyWebSocketMessage>(1);
  disconnect();
  reconnect();
  EXPECT_EQ(client->take(), Log{"hibernate"});
  const auto resumed = start(tunnel->resume_websocket(address(), asleep(), 2));
  ASSERT_TRUE(*resumed && **resumed);
  const auto earlier = std::exchange(actor_end, ***resumed);
  message(1, "one");
  next<ToEnvoyWebSocketMessage>(1);
  start(deliver(earlier, WebSocketMessage{false, to_bytes("stray"), 2}));
  EXPECT_TRUE(link->sent.empty());
  reply(3, ToRivetWebSocketMessage{to_bytes("still here"), false});
  EXPECT_EQ(client->take(), Log{"text still here"});
}

TEST_F(TunnelSocket, AnOpeningWaitsForAnEnvoyThatIsAway) {
  disconnect();
  const auto opened = opening();
  EXPECT_TRUE(link->sent.empty());
  reconnect();
  next<ToEnvoyWebSocketOpen>(0);
  reply(0, ToRivetWebSocketOpen{false});
  EXPECT_TRUE(*opened && **opened);
}

TEST_F(TunnelSocket, ACloseIsRepeatedAfterAReconnectUntilTheEnvoyConfirmsIt) {
  open(false);
  disconnect();
  actor_end->on_close(3000, "done");
  reconnect();
  EXPECT_EQ(next<ToEnvoyWebSocketClose>().code, 3000);
  disconnect();
  reconnect();
  EXPECT_EQ(next<ToEnvoyWebSocketClose>().code, 3000);
  reply(0, ToRivetWebSocketClose{1000, "done", false});
  disconnect();
  reconnect();
  EXPECT_TRUE(link->sent.empty());

  open(false);
  actor_end->on_close(3000, "done");
  next<ToEnvoyWebSocketClose>(1);
  world.advance(settings.websocket_close_timeout);
  disconnect();
  reconnect();
  EXPECT_TRUE(link->sent.empty()) << "an envoy that never confirms costs nothing for long";
}

TEST_F(TunnelSocket, AnEnvoyThatNeverAnswersACloseCountsAsHavingHandledIt) {
  open(true);
  actor_end->on_close(3000, "done");
  next<ToEnvoyWebSocketClose>(1);
  EXPECT_TRUE(client->take().empty());
  world.advance(settings.websocket_close_timeout);
  EXPECT_EQ(client->take(), Log{"close 1000 "});
}

TEST_F(TunnelSocket, AGenerationThatStopsBeforeItAnswersACloseHasNotHandledIt) {
  open(true);
  actor_end->on_close(3000, "done");
  next<ToEnvoyWebSocketClose>(1);
  tunnel->actor_stopped(actor, 3);
  world.advance(settings.websocket_close_timeout);
  EXPECT_TRUE(client->take().empty());
}

TEST_F(TunnelSocket, FromTheOrderToStopOnAnActorHearsNothingNewOfASocketThatGoesOn) {
  open(true);
  message(1, "in time");
  next<ToEnvoyWebSocketMessage>(1);
  tunnel->actor_stopping(actor, 3);
  EXPECT_EQ(client->take(), Log{"hibernate"});
  EXPECT_TRUE(*message(2, "late")) << "the client's side keeps it";
  EXPECT_TRUE(link->sent.empty());
  reply(1, ToRivetWebSocketMessageAck{1});
  reply(2, ToRivetWebSocketMessage{to_bytes("last words"), false});
  EXPECT_EQ(client->take(), (Log{"ack 1", "text last words"}));
  const auto again = start(tunnel->resume_websocket(address(), asleep(), 2));
  ASSERT_TRUE(*again);
  EXPECT_EQ((**again).error().id(), "actor.stopping");
  reply(3, ToRivetWebSocketMessage{to_bytes("more"), false});
  EXPECT_EQ(client->take(), Log{"text more"});
  actor_end->on_close(3000, "done");
  EXPECT_TRUE(link->sent.empty());
  tunnel->actor_stopped(actor, 3);
  EXPECT_TRUE(client->take().empty()) << "no answer: the next generation hears of it";
}

TEST_F(TunnelSocket, ASocketThatDoesNotGoOnIsServedToTheEnd) {
  open(false);
  tunnel->actor_stopping(actor, 3);
  EXPECT_TRUE(client->take().empty());
  message(1, "late");
  next<ToEnvoyWebSocketMessage>(1);
  actor_end->on_close(3000, "done");
  next<ToEnvoyWebSocketClose>(2);
}

TEST_F(TunnelSocket, AStoppingGenerationOpensNothingMore) {
  tunnel->actor_stopping(actor, 3);
  const auto refused = opening();
  ASSERT_TRUE(*refused);
  EXPECT_EQ((**refused).error().id(), "actor.stopping");
  EXPECT_TRUE(link->sent.empty());
}

TEST_F(TunnelSocket, AnOpeningThatWasNotSentBeforeTheOrderToStopIsForTheNextGeneration) {
  disconnect();
  const auto waiting = opening();
  EXPECT_FALSE(*waiting);
  tunnel->actor_stopping(actor, 3);
  world.settle();
  ASSERT_TRUE(*waiting);
  EXPECT_EQ((**waiting).error().id(), "actor.stopping");
}

TEST_F(TunnelSocket, AMessageThatWaitsForTheEnvoyIsNotHeldBackByAStop) {
  open(true);
  disconnect();
  const auto waiting = message(1, "m");
  EXPECT_FALSE(*waiting);
  tunnel->actor_stopping(actor, 3);
  world.settle();
  EXPECT_TRUE(*waiting);
  reconnect();
  EXPECT_TRUE(link->sent.empty());
}

TEST_F(TunnelSocket, ACloseThatAStoppingGenerationDoesNotHearOfIsForTheNext) {
  const auto task = [](std::shared_ptr<EnvoyTunnel> through, EnvoyActorAddress to, HibernatingSocket socket) {
    return through->closed_asleep(std::move(to), std::move(socket), 3000, "done");
  };
  const auto told = start(task(tunnel, address(), asleep()));
  next<ToEnvoyWebSocketOpen>(0);
  tunnel->actor_stopping(actor, 3);
  reply(0, ToRivetWebSocketOpen{true});
  ASSERT_TRUE(*told);
  EXPECT_EQ((**told).error().id(), "actor.stopping");
  EXPECT_TRUE(link->sent.empty());
}

TEST_F(TunnelSocket, TheNextGenerationResumesWithoutAnOpening) {
  open(true);
  tunnel->actor_stopped(actor, 3);
  tunnel->actor_started(address(4), {asleep()});
  // The actor opens what it was told of, and may speak before it runs.
  reply(0, ToRivetWebSocketOpen{true});
  reply(1, ToRivetWebSocketMessage{to_bytes("awake"), false});
  EXPECT_EQ(client->take(), Log{"text awake"});

  const auto resumed = start(tunnel->resume_websocket(address(4), asleep(), 8));
  ASSERT_TRUE(*resumed && **resumed);
  actor_end = ***resumed;
  EXPECT_TRUE(link->sent.empty());
  message(6, "again");
  next<ToEnvoyWebSocketMessage>(6);
  reply(2, ToRivetWebSocketMessageAck{6});
  EXPECT_EQ(client->take(), Log{"ack 6"});
  actor_end->on_close(3000, "");
  next<ToEnvoyWebSocketClose>(7);
}

TEST_F(TunnelSocket, ASocketResumedWithoutMessagesClosesWithTheNextIndex) {
  const auto resumed = start(tunnel->resume_websocket(address(), asleep(), 8));
  ASSERT_TRUE(*resumed && **resumed);
  (***resumed)->on_close(3000, "");
  next<ToEnvoyWebSocketClose>(8);
}

TEST_F(TunnelSocket, AGenerationThatIsOverResumesNothing) {
  const auto resumed = start(tunnel->resume_websocket(address(2), asleep(), 8));
  ASSERT_TRUE(*resumed);
  EXPECT_EQ((**resumed).error().id(), "actor.stopping");
}

TEST_F(TunnelSocket, AnActorCanCloseASocketItDoesNotRememberBeforeItRuns) {
  tunnel->actor_started(address(4), {asleep()});
  conversation.request_id = client->id().request;
  conversation.gateway_id = client->id().gateway;
  reply(0, ToRivetWebSocketClose{1011, "unknown", false});
  EXPECT_EQ(client->take(), Log{"close 1011 unknown"});
}

TEST_F(TunnelSocket, ACloseWhileTheActorSleptIsAnOpeningAndAClose) {
  const auto task = [](std::shared_ptr<EnvoyTunnel> through, EnvoyActorAddress to,
                       HibernatingSocket socket) -> Task<bool> {
    const auto told = co_await through->closed_asleep(std::move(to), std::move(socket), 3000, "done");
    co_return told.has_value();
  };
  const auto told = start(task(tunnel, address(), asleep()));
  EXPECT_EQ(next<ToEnvoyWebSocketOpen>(0).path, "/websocket/foo?x=1");
  EXPECT_FALSE(*told);
  reply(0, ToRivetWebSocketOpen{true});
  EXPECT_TRUE(*told);
  EXPECT_EQ(next<ToEnvoyWebSocketClose>(1), (ToEnvoyWebSocketClose{3000, "done"}));
  reply(1, ToRivetWebSocketMessage{to_bytes("anybody?"), false});
  reply(2, ToRivetWebSocketMessageAck{1});
  reply(3, ToRivetWebSocketClose{3000, "done", false});
  EXPECT_TRUE(client->take().empty());
}

TEST_F(TunnelSocket, AConnectionThatClosedWhileTheActorSleptIsFoundMissingByTheActorItself) {
  const auto task = [](std::shared_ptr<EnvoyTunnel> through, EnvoyActorAddress to,
                       HibernatingSocket socket) -> Task<bool> {
    const auto told = co_await through->closed_asleep(std::move(to), std::move(socket), 1000, "Disposed");
    co_return told.has_value();
  };
  HttpRequest request = upgrade();
  request.target = "/connect";
  HibernatingSocket socket = asleep();
  socket.upgrade = std::make_shared<const HttpRequest>(std::move(request));
  EXPECT_TRUE(*start(task(tunnel, address(), std::move(socket))));
  EXPECT_TRUE(link->sent.empty()) << "an opening would be a second connection, with a second end";
}

TEST_F(TunnelSocket, MessagesOutOfPlaceAreIgnored) {
  const auto opened = opening();
  next<ToEnvoyWebSocketOpen>(0);
  reply(0, ToRivetWebSocketMessage{to_bytes("early"), false});
  reply(0, ToRivetWebSocketMessageAck{1});
  reply(0, ToRivetResponseStart{});
  reply(0, ToRivetResponseChunk{});
  EXPECT_FALSE(*opened);
  reply_from(std::make_shared<FakeLink>(), 0, ToRivetWebSocketOpen{true});
  EXPECT_FALSE(*opened);
  EXPECT_TRUE(client->take().empty());
  EXPECT_TRUE(link->sent.empty());
}

}  // namespace
}  // namespace troupe
