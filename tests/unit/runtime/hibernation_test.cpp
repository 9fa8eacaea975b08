#include "engine/runtime/connections/connection_record.h"
#include "engine/storage/keys.h"
#include "tests/unit/runtime/fixture.h"

namespace troupe {
namespace {

SocketId socket_id(std::uint8_t n) {
  SocketId id;
  id.gateway = {9, 9, 9, 9};
  id.request = {0, 0, 0, n};
  return id;
}

/// The transport of a connection, with the numbers that it reports.
class LastingSink final : public ConnectionSink {
 public:
  void event(const std::string& name, const Bytes&) override { events.push_back(name); }
  void close(std::uint16_t code, std::string reason) override { closes.push_back(std::to_string(code) + " " + reason); }
  Position position() const override { return reached; }
  void hibernate() override { ++hibernations; }
  Position reached;
  Log events, closes;
  int hibernations = 0;
};

/// Keeps its actor alive, as the real one does.
class OwningSocket final : public ActorSocket {
 public:
  explicit OwningSocket(std::shared_ptr<ActorInstance> owner) : owner_(std::move(owner)) {}
  Task<void> on_message(WebSocketMessage) override { co_return; }
  void on_close(std::uint16_t, std::string) override {}

 private:
  const std::shared_ptr<ActorInstance> owner_;
};

/// An actor through several generations: each is stopped, the next one is started over the same store.
class Hibernation : public ActorTest {
 protected:
  Hibernation() {
    definition.options.can_hibernate_websocket = true;
    script->on_wake = [this] {
      log.push_back("wake");
      return succeed();
    };
    script->on_connect = [this](std::shared_ptr<Connection>) {
      log.push_back("connect");
      return succeed();
    };
    script->on_disconnect = [this](std::shared_ptr<Connection> conn) {
      log.push_back("disconnect " + conn->id());
      return succeed();
    };
  }

  std::shared_ptr<Connection> open(std::uint8_t n, std::shared_ptr<LastingSink> sink) {
    ActorInstance::Connect connect;
    connect.params = {0x01};
    connect.request.method = "GET";
    connect.request.target = "/connect?x=1";
    connect.request.headers.set("sec-websocket-protocol", "rivet");
    connect.hibernatable = true;
    connect.socket = socket_id(n);
    return world.run(actor->connect(std::move(connect), std::move(sink))).value();
  }

  /// The next generation, for which these sockets are still open.
  void wake(std::vector<std::uint8_t> open_sockets) {
    auto config = this->config();
    config.info.generation = 2;
    for (std::uint8_t n : open_sockets) config.sockets.push_back({socket_id(n), clients[n]});
    config.attach = [this](std::shared_ptr<ActorInstance> owner, std::shared_ptr<Connection> conn, auto,
                           ConnectionSink::Position position) {
      auto sink = std::make_shared<LastingSink>();
      sink->reached = position;
      restored.emplace_back(std::move(conn), sink);
      return ActorInstance::RestoredEnd{sink, std::make_shared<OwningSocket>(std::move(owner))};
    };
    actor = ActorInstance::make(std::move(config));
    const auto started = world.run(actor->start());
    ASSERT_TRUE(started) << started.error().id() << " " << started.error().detail();
    world.settle();
  }

  /// Starts an actor that reads its raw socket; `seen` says what comes of it.
  void start_reading() {
    script->on_websocket = [this](std::shared_ptr<ActorWebSocket> socket,
                                  std::shared_ptr<Connection>) -> Task<Result<void>> {
      seen.push_back(socket->restored() ? "restored" : "new");
      for (;;) {
        auto receiving = socket->receive();
        auto message = co_await std::move(receiving);
        if (!message) break;
        seen.push_back(to_string(message->data));
        if (messages_change) script->context->request_save();
        if (midst) {
          co_await midst->wait();
          script->context->request_save();
          (void)socket->send(std::move(*message));
        }
      }
      seen.push_back(socket->hibernating() ? "hibernating" : "closed");
      co_return Result<void>();
    };
    start();
  }
  std::shared_ptr<ActorSocket> open_raw() {
    ActorInstance::Connect connect;
    connect.request.target = "/ws";
    connect.hibernatable = true;
    connect.socket = socket_id(1);
    return world.run(actor->websocket(std::move(connect), clients[1])).value();
  }
  static Task<Done> hand_over_message(std::shared_ptr<ActorSocket> socket, std::uint16_t index) {
    WebSocketMessage message;
    message.data = to_bytes("m" + std::to_string(index));
    message.index = index;
    auto taken = socket->on_message(std::move(message));
    co_await std::move(taken);
    co_return Done();
  }

  std::size_t stored_connections() { return world.run(store.load_connections({})).value().size(); }

  Log log, seen;
  /// Whether the actor's state is another one behind each message of a raw socket.
  bool messages_change = false;
  /// What is waited for between two changes for one message.
  std::shared_ptr<Gate> midst;
  std::map<std::uint8_t, std::shared_ptr<FakeClientSocket>> clients{{1, std::make_shared<FakeClientSocket>()},
                                                                    {2, std::make_shared<FakeClientSocket>()}};
  std::vector<std::pair<std::shared_ptr<Connection>, std::shared_ptr<LastingSink>>> restored;
};

TEST_F(Hibernation, AConnectionGoesThroughASleepWithEverythingThatBelongsToIt) {
  start();
  auto sink = std::make_shared<LastingSink>();
  auto conn = open(1, sink);
  const std::string id = conn->id();
  conn->set_state({0x18, 0x2a});
  ASSERT_TRUE(world.run(actor->subscribe(conn, "news", true)));
  sink->reached = {65'535, 7};
  log.clear();
  stop(StopReason::sleep_intent);
  EXPECT_EQ(sink->hibernations, 1);
  EXPECT_THAT(sink->closes, IsEmpty());
  EXPECT_THAT(log, IsEmpty()) << "its end is not told";

  wake({1});
  EXPECT_THAT(log, ElementsAre("wake")) << "it is no new connection";
  ASSERT_EQ(restored.size(), 1U);
  auto [same, transport] = restored[0];
  EXPECT_EQ(same->id(), id);
  EXPECT_EQ(same->params(), Bytes{0x01});
  EXPECT_EQ(same->state(), (Bytes{0x18, 0x2a}));
  EXPECT_EQ(same->request().target, "/connect?x=1");
  EXPECT_EQ(*same->request().headers.find("sec-websocket-protocol"), "rivet");
  EXPECT_TRUE(same->hibernatable());
  EXPECT_EQ(transport->reached.handled, 65'535);
  EXPECT_EQ(transport->reached.sent, 7);
  script->action = [this](ActionCall) -> Task<Result<Bytes>> {
    script->context->broadcast("news", {0x80});
    co_return Bytes();
  };
  ASSERT_TRUE(act());
  EXPECT_THAT(transport->events, ElementsAre("news"));

  EXPECT_TRUE(world.run(actor->resume(socket_id(1))));
  EXPECT_TRUE(is_error(world.run(actor->resume(socket_id(1))), "connection.restore_not_found")) << "only once";
  EXPECT_TRUE(is_error(world.run(actor->resume(socket_id(2))), "connection.restore_not_found"));
}

TEST_F(Hibernation, ASocketThatIsGoneBeforeItIsTakenUpDoesNotKeepTheActor) {
  start();
  open(1, std::make_shared<LastingSink>());
  stop(StopReason::sleep_intent);
  wake({1});
  const std::weak_ptr<ActorInstance> slept = actor;
  stop(StopReason::sleep_intent);
  actor.reset();
  restored.clear();
  world.settle();
  EXPECT_TRUE(slept.expired());
}

TEST_F(Hibernation, AConnectionWhoseClientIsGoneEndsOnceRightAfterOnWake) {
  start();
  const std::string gone = open(1, std::make_shared<LastingSink>())->id();
  const std::string stays = open(2, std::make_shared<LastingSink>())->id();
  stop(StopReason::going_away);
  EXPECT_EQ(stored_connections(), 2U);
  log.clear();
  wake({2});
  EXPECT_THAT(log, ElementsAre("wake", "disconnect " + gone));
  stop(StopReason::sleep_intent);
  EXPECT_EQ(stored_connections(), 1U);
  log.clear();
  wake({2});
  EXPECT_THAT(log, ElementsAre("wake"));
  ASSERT_EQ(restored.size(), 2U);
  EXPECT_EQ(restored[1].first->id(), stays);
}

TEST_F(Hibernation, WhatIsStoredOfAConnectionGoesWhenItEndsOrTheActorCloses) {
  start();
  auto conn = open(1, std::make_shared<LastingSink>());
  world.advance(2s);
  EXPECT_EQ(stored_connections(), 1U) << "by the normal save, for a crash";
  actor->disconnected(conn, "");
  world.advance(2s);
  EXPECT_EQ(stored_connections(), 0U);
  auto sink = std::make_shared<LastingSink>();
  open(2, sink);
  stop(StopReason::destroy);
  EXPECT_THAT(sink->closes, ElementsAre("1000 "));
  EXPECT_EQ(sink->hibernations, 0);
}

TEST_F(Hibernation, AClientThatLeavesIsAnsweredByTheGenerationThatTellsItsEnd) {
  start();
  auto sink = std::make_shared<LastingSink>();
  auto conn = open(1, sink);
  const std::string gone = conn->id();
  log.clear();
  actor->disconnected(conn, "");
  world.settle();
  EXPECT_THAT(sink->closes, ElementsAre("1000 "));
  EXPECT_THAT(log, ElementsAre("disconnect " + gone));
  stop(StopReason::sleep_intent);
  log.clear();
  wake({});
  EXPECT_THAT(log, ElementsAre("wake")) << "once";
}

TEST_F(Hibernation, AClientThatLeavesDuringTheGraceOfASleepIsToldByTheGenerationThatGoes) {
  std::optional<Continuation<Done>> sleeping;
  script->on_sleep = [&]() -> Task<Result<void>> {
    auto hold = [&](Continuation<Done> rest) { sleeping = std::move(rest); };
    co_await suspend<Done>(std::move(hold));
    co_return Result<void>();
  };
  start();
  auto sink = std::make_shared<LastingSink>();
  auto conn = open(1, sink);
  log.clear();
  const auto stopping = begin_stop(StopReason::sleep_intent);
  ASSERT_TRUE(sleeping);
  actor->disconnected(conn, "");
  world.settle();
  EXPECT_THAT(log, ElementsAre("disconnect " + conn->id()));
  EXPECT_THAT(sink->closes, ElementsAre("1000 "));
  sleeping->post({});
  world.settle();
  EXPECT_TRUE(stopping->done());
  EXPECT_EQ(stored_connections(), 0U);
}

TEST_F(Hibernation, AClientThatLeavesDuringTheLastSaveIsLeftToTheNextGeneration) {
  start();
  auto sink = std::make_shared<LastingSink>();
  auto conn = open(1, sink);
  open(2, std::make_shared<LastingSink>());
  const std::string gone = conn->id();
  world.advance(2s);
  log.clear();
  conn->set_state({0x01});
  store.hold_saves = std::make_shared<Gate>();
  const auto stopping = begin_stop(StopReason::sleep_intent);
  EXPECT_FALSE(stopping->done());
  actor->disconnected(conn, "");
  world.settle();
  EXPECT_THAT(log, IsEmpty());
  EXPECT_THAT(sink->closes, IsEmpty()) << "no answer";
  std::exchange(store.hold_saves, nullptr)->open();
  world.settle();
  EXPECT_TRUE(stopping->done());
  wake({2});
  EXPECT_THAT(log, ElementsAre("wake", "disconnect " + gone));
}

TEST_F(Hibernation, AStartThatFailsLeavesTheConnectionsToTheNextGeneration) {
  start();
  open(1, std::make_shared<LastingSink>());
  stop(StopReason::sleep_intent);
  script->on_before_actor_start = [] { return fail(user_error("no", "not now")); };
  auto made = definition;
  made.hooks = hooks_of(*script);
  made.make = [script = script](ActorContext& context) { return make_scripted(script, context); };
  log.clear();
  {
    auto failing =
        ActorInstance::make({.ports = world.ports(),
                             .store = &store,
                             .definition = std::make_shared<const ActorDefinition>(std::move(made)),
                             .info = {.actor_id = "id", .generation = 2, .name = "scripted", .key = {"k"}},
                             .id = {},
                             .input = input,
                             .executor = boost::asio::make_strand(world.context()),
                             .host = host,
                             .sockets = {{socket_id(1), clients[1]}},
                             .attach = [](std::shared_ptr<ActorInstance> owner, auto, auto, auto) {
                               return ActorInstance::RestoredEnd{std::make_shared<LastingSink>(),
                                                                 std::make_shared<OwningSocket>(std::move(owner))};
                             }});
    EXPECT_FALSE(world.run(failing->start()));
  }
  EXPECT_THAT(log, ElementsAre("wake"));
  script->on_before_actor_start = nullptr;
  wake({1});
  EXPECT_EQ(restored.size(), 1U);
  EXPECT_TRUE(clients[1]->closes.empty());
}

TEST_F(Hibernation, ADamagedRecordIsDroppedAndTheActorStarts) {
  start();
  open(1, std::make_shared<LastingSink>());
  stop(StopReason::sleep_intent);
  WriteBatch batch;
  batch.put(keys::actor_connection({}, "broken"), Bytes{1, 2, 3});
  ASSERT_TRUE(world.run(store.rows->commit(std::move(batch), Ack::written)));
  wake({1});
  EXPECT_EQ(restored.size(), 1U);
  stop(StopReason::sleep_intent);
  EXPECT_EQ(stored_connections(), 1U);
}

TEST_F(Hibernation, MessagesAreLeftToTheNextGenerationFromTheRequestToSleepOn) {
  start();
  EXPECT_FALSE(actor->lets_go());
  ASSERT_TRUE(script->context->sleep());
  EXPECT_TRUE(actor->lets_go());
  ASSERT_TRUE(script->context->destroy());
  EXPECT_FALSE(actor->lets_go()) << "there will be no next one";
}

TEST_F(Hibernation, ARawSocketIsServedAgainAndGetsWhatWasNotHandled) {
  start_reading();
  auto socket = open_raw();
  const auto feed = [&](std::uint16_t index) { return hand_over_message(socket, index); };
  world.run(feed(1));
  EXPECT_EQ(clients[1]->acks, std::vector<std::uint16_t>{1}) << "handled when the next one was asked for";
  log.clear();
  stop(StopReason::sleep_intent);
  EXPECT_EQ(clients[1]->hibernations, 1);
  EXPECT_THAT(clients[1]->closes, IsEmpty());
  world.run(feed(2));
  EXPECT_EQ(clients[1]->acks.size(), 1U) << "a sleeping actor handles nothing";

  wake({1});
  socket = world.run(actor->resume(socket_id(1))).value();
  world.run(feed(2));
  EXPECT_THAT(seen, ElementsAre("new", "m1", "hibernating", "restored", "m2"));
  EXPECT_EQ(clients[1]->acks, (std::vector<std::uint16_t>{1, 2}));
  EXPECT_THAT(log, ElementsAre("wake"));
  socket->on_close(1000, "");
  world.settle();
  EXPECT_EQ(seen.back(), "closed");
  EXPECT_EQ(log.size(), 2U) << "and one end";
}

TEST_F(Hibernation, AMessageThatARawSocketLeavesToTheNextGenerationTakesTheCloseBehindItAlong) {
  std::optional<Continuation<Done>> sleeping;
  script->on_sleep = [&]() -> Task<Result<void>> {
    auto hold = [&](Continuation<Done> rest) { sleeping = std::move(rest); };
    co_await suspend<Done>(std::move(hold));
    co_return Result<void>();
  };
  start_reading();
  auto socket = open_raw();
  log.clear();
  const auto stopping = begin_stop(StopReason::sleep_intent);
  ASSERT_TRUE(sleeping);
  world.run(hand_over_message(socket, 1));
  socket->on_close(1000, "");
  world.settle();
  EXPECT_THAT(log, IsEmpty());
  EXPECT_THAT(clients[1]->acks, IsEmpty());
  EXPECT_THAT(clients[1]->closes, IsEmpty()) << "no answer";
  sleeping->post({});
  world.settle();
  ASSERT_TRUE(stopping->done());
  script->on_sleep = nullptr;
  wake({1});
  socket = world.run(actor->resume(socket_id(1))).value();
  world.run(hand_over_message(socket, 1));
  socket->on_close(1000, "");
  world.settle();
  EXPECT_THAT(seen, ElementsAre("new", "hibernating", "restored", "m1", "closed"));
  EXPECT_EQ(log.size(), 2U) << "the wake and one end";
  EXPECT_THAT(clients[1]->closes, ElementsAre("1000 "));
}

TEST_F(Hibernation, AMessageWhoseChangesAreStoredWithoutBeingSyncedIsNotHandledTwice) {
  const Error failure = make_error("storage", "unavailable");
  messages_change = true;
  start_reading();
  auto socket = open_raw();
  store.sync_failure = failure;
  world.run(hand_over_message(socket, 1));
  world.run(hand_over_message(socket, 2));
  world.advance(1min);
  world.run(hand_over_message(socket, 3));
  stop(StopReason::sleep_intent);
  EXPECT_THAT(clients[1]->acks, IsEmpty()) << "nothing is committed";

  store.sync_failure.reset();
  wake({1});
  socket = world.run(actor->resume(socket_id(1))).value();
  auto one_after_the_other = [](std::shared_ptr<ActorSocket> to) -> Task<Done> {
    for (std::uint16_t index = 1; index <= 4; ++index) {
      auto handing_over = hand_over_message(to, index);
      co_await std::move(handing_over);
    }
    co_return Done();
  };
  world.run(one_after_the_other(socket));
  EXPECT_THAT(seen, ElementsAre("new", "m1", "m2", "m3", "hibernating", "restored", "closed"));
  EXPECT_THAT(clients[1]->closes, ElementsAre("1011 actor.dropped_reply")) << "what was said about it is lost";
}

TEST_F(Hibernation, HowFarMessagesAreHandledIsStoredWithWhatTheyChange) {
  messages_change = true;
  start_reading();
  auto socket = open_raw();
  store.sync_failure = make_error("storage", "unavailable");
  world.run(hand_over_message(socket, 1));
  world.advance(1min);
  store.save_failure = store.sync_failure;
  stop(StopReason::sleep_intent);

  store.save_failure.reset();
  store.sync_failure.reset();
  wake({1});
  socket = world.run(actor->resume(socket_id(1))).value();
  world.run(hand_over_message(socket, 1));
  EXPECT_THAT(seen, ElementsAre("new", "m1", "hibernating", "restored", "closed"));
}

TEST_F(Hibernation, AMessageOfWhichOnlyAPartCanBeStoredClosesItsSocket) {
  messages_change = true;
  midst = std::make_shared<Gate>();
  start_reading();
  auto socket = open_raw();
  world.run(hand_over_message(socket, 1));
  world.advance(1min);
  EXPECT_FALSE(store.saves.empty());
  store.save_failure = make_error("storage", "unavailable");
  midst->open();
  stop(StopReason::sleep_intent);
  EXPECT_THAT(clients[1]->acks, IsEmpty());
  EXPECT_THAT(clients[1]->closes, ElementsAre("1011 actor.dropped_reply"));
  EXPECT_EQ(clients[1]->hibernations, 0);
}

TEST_F(Hibernation, AMessageOfWhichNothingIsStoredComesAgain) {
  messages_change = true;
  midst = std::make_shared<Gate>();
  start_reading();
  auto socket = open_raw();
  store.save_failure = make_error("storage", "unavailable");
  midst->open();
  world.run(hand_over_message(socket, 1));
  stop(StopReason::sleep_intent);
  EXPECT_THAT(clients[1]->acks, IsEmpty());
  EXPECT_THAT(clients[1]->closes, IsEmpty());
  EXPECT_EQ(clients[1]->hibernations, 1);
}

TEST_F(Hibernation, AStoredPositionOfLongAgoIsNotTakenForALaterOne) {
  start_reading();
  auto socket = open_raw();
  constexpr std::uint16_t kMany = 50'000;
  for (std::uint16_t index = 1; index <= kMany; ++index) world.run(hand_over_message(socket, index));
  world.advance(1min);
  EXPECT_EQ(clients[1]->acks.back(), kMany);
  store.save_failure = make_error("storage", "unavailable");
  stop(StopReason::sleep_intent);

  store.save_failure.reset();
  seen.clear();
  wake({1});
  socket = world.run(actor->resume(socket_id(1))).value();
  world.run(hand_over_message(socket, kMany + 1));
  EXPECT_THAT(seen, ElementsAre("restored", "m50001"));
}

TEST(ConnectionRecords, SurviveTheirEncodingAndRefuseDamage) {
  ConnectionRecord record;
  record.raw = true;
  record.socket = socket_id(3);
  record.params = {0xf6};
  record.state = {0x01};
  record.events = {"a", "b"};
  record.handled = 65'535;
  record.sent = 1;
  record.method = "GET";
  record.target = "/x?y";
  record.headers.set("k", "\xff");
  const Bytes bytes = encode_connection(record);
  const auto again = decode_connection(bytes).value();
  EXPECT_EQ(again.socket, record.socket);
  EXPECT_EQ(again.events, record.events);
  EXPECT_EQ(again.handled, 65'535);
  EXPECT_EQ(*again.headers.find("k"), "\xff");
  EXPECT_EQ(encode_connection(again), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_TRUE(is_error(decode_connection(BytesView(bytes).first(size)), "storage.corrupt")) << size;
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_TRUE(is_error(decode_connection(longer), "storage.corrupt"));
}

}  // namespace
}  // namespace troupe
