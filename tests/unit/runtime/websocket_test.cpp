#include "tests/unit/runtime/fixture.h"

namespace troupe {
namespace {

class ActorRawSocket : public ActorTest {
 protected:
  ActorRawSocket() {
    definition.options.sleep_timeout = 1s;
    definition.options.sleep_grace_period = 1s;
    script->on_disconnect = [](std::shared_ptr<Connection>) { return succeed(); };
    script->on_websocket = [this](std::shared_ptr<ActorWebSocket> socket, std::shared_ptr<Connection>) {
      return echo(std::move(socket));
    };
  }

  Task<Result<void>> echo(std::shared_ptr<ActorWebSocket> socket) {
    for (;;) {
      auto receiving = socket->receive();
      auto message = co_await std::move(receiving);
      if (!message) break;
      seen.push_back(to_string(message->data));
      socket->send(std::move(*message));
    }
    closed_with = std::to_string(socket->close_code()) + " " + socket->close_reason();
    co_return Result<void>();
  }
  /// The handler keeps the socket and returns.
  void keep_only() {
    script->on_websocket = [this](std::shared_ptr<ActorWebSocket> socket, std::shared_ptr<Connection> conn) {
      kept = std::move(socket);
      kept_conn = std::move(conn);
      return succeed();
    };
  }
  std::shared_ptr<ActorSocket> open() {
    auto opened = world.run(actor->websocket({.request = {.target = "/ws"}}, client));
    EXPECT_TRUE(opened);
    return opened ? *opened : nullptr;
  }
  static Task<Done> feed(std::shared_ptr<ActorSocket> socket, std::string text) {
    WebSocketMessage message;
    message.data = to_bytes(text);
    auto taken = socket->on_message(std::move(message));
    co_await std::move(taken);
    co_return Done();
  }

  std::shared_ptr<FakeClientSocket> client = std::make_shared<FakeClientSocket>();
  std::shared_ptr<ActorWebSocket> kept;
  std::shared_ptr<Connection> kept_conn;
  Log seen;
  std::string closed_with;
};

TEST_F(ActorRawSocket, CarriesMessagesBothWays) {
  start();
  auto socket = open();
  world.run(feed(socket, "a"));
  world.run(feed(socket, "b"));
  world.settle();
  EXPECT_THAT(client->sent, ElementsAre("a", "b"));
  EXPECT_EQ(script->context->connections().size(), 1u);
}

TEST_F(ActorRawSocket, EndsItsHandlerAndItsConnectionWhenTheClientLeaves) {
  start();
  auto socket = open();
  socket->on_close(4001, "bye");
  world.settle();
  EXPECT_EQ(closed_with, "4001 bye");
  EXPECT_THAT(client->closes, IsEmpty());
  EXPECT_THAT(script->context->connections(), IsEmpty());
  EXPECT_THAT(script->log, ElementsAre("onDisconnect"));
}

TEST_F(ActorRawSocket, HandsOverWhatCameBeforeTheClose) {
  keep_only();
  start();
  auto socket = open();
  world.run(feed(socket, "first"));
  socket->on_close(0, "");
  world.settle();
  EXPECT_EQ(to_string(world.run(kept->receive())->data), "first");
  EXPECT_FALSE(world.run(kept->receive()));
  EXPECT_EQ(kept->close_code(), 1005);
  EXPECT_FALSE(kept->send({}));
}

TEST_F(ActorRawSocket, HoldsBackAClientWhenSoManyMessagesWait) {
  keep_only();
  start();
  auto socket = open();
  for (int i = 1; i < 64; ++i) world.run(feed(socket, "m"));
  auto held = begin(feed(socket, "last"));
  EXPECT_FALSE(held->done());
  EXPECT_TRUE(world.run(kept->receive()));
  world.settle();
  EXPECT_TRUE(held->done());
}

TEST_F(ActorRawSocket, HoldsBackAClientWhenSoManyBytesWait) {
  constexpr std::size_t kBytesMax = 1u << 20;
  keep_only();
  start();
  auto socket = open();
  world.run(feed(socket, std::string(kBytesMax - 1, 'x')));
  auto held = begin(feed(socket, "x"));
  EXPECT_FALSE(held->done());
  EXPECT_TRUE(world.run(kept->receive()));
  world.settle();
  EXPECT_TRUE(held->done());
  EXPECT_EQ(to_string(world.run(kept->receive())->data), "x");
}

TEST_F(ActorRawSocket, IsClosedByTheActorWithItsOwnCode) {
  keep_only();
  start();
  auto socket = open();
  kept->close(4001, "bye");
  kept->close(4002, "again");
  socket->on_close(1006, "");
  world.settle();
  EXPECT_THAT(client->closes, ElementsAre("4001 bye"));
  EXPECT_EQ(kept->close_code(), 4001);
  EXPECT_THAT(script->context->connections(), IsEmpty());
  EXPECT_THAT(script->log, ElementsAre("onDisconnect"));
}

TEST_F(ActorRawSocket, IsClosedByADisconnectOfItsConnection) {
  keep_only();
  start();
  auto socket = open();
  kept_conn->disconnect("kicked");
  world.settle();
  EXPECT_THAT(client->closes, ElementsAre("1000 kicked"));
  EXPECT_THAT(script->log, ElementsAre("onDisconnect"));
}

TEST_F(ActorRawSocket, StaysOpenAfterItsHandlerReturnedAndKeepsTheActorAwake) {
  keep_only();
  start();
  auto socket = open();
  world.advance(1min);
  EXPECT_EQ(host->sleep_intents, 0);
  EXPECT_TRUE(kept->send({.data = to_bytes("late")}));
  EXPECT_THAT(client->sent, ElementsAre("late"));
  socket->on_close(1000, "");
  world.advance(1s);
  EXPECT_EQ(host->sleep_intents, 1);
}

TEST_F(ActorRawSocket, WithoutAHandlerStaysOpenAndDropsMessages) {
  script->on_websocket = nullptr;
  start();
  auto socket = open();
  for (int i = 0; i < 1'000; ++i) world.run(feed(socket, "x"));
  EXPECT_THAT(client->closes, IsEmpty());
  EXPECT_EQ(script->context->connections().size(), 1u);
}

TEST_F(ActorRawSocket, DropsMessagesOnceTheActorLetGoOfIt) {
  keep_only();
  start();
  auto socket = open();
  kept.reset();
  for (int i = 0; i < 1'000; ++i) world.run(feed(socket, "x"));
  EXPECT_THAT(client->closes, IsEmpty());
}

TEST_F(ActorRawSocket, HoldsTheGatewayBackWhenItsInboxIsFull) {
  keep_only();
  start();
  auto socket = open();
  for (int i = 0; i < 63; ++i) world.run(feed(socket, "x"));
  auto held = begin(feed(socket, "last"));
  EXPECT_FALSE(held->done());
  EXPECT_TRUE(world.run(kept->receive()));
  world.settle();
  EXPECT_TRUE(held->done());
}

TEST_F(ActorRawSocket, HoldsTheGatewayBackByBytesAndLetsItGoAtTheClose) {
  keep_only();
  start();
  auto socket = open();
  auto held = begin(feed(socket, std::string(2u << 20, 'x')));
  EXPECT_FALSE(held->done());
  kept->close(1000, "");
  world.settle();
  EXPECT_TRUE(held->done());
}

TEST_F(ActorRawSocket, OfAFailingHandlerIsClosedWithTheErrorAsReason) {
  script->on_websocket = [](std::shared_ptr<ActorWebSocket>, std::shared_ptr<Connection>) {
    return fail(user_error("odd", "odd"));
  };
  start();
  open();
  EXPECT_THAT(client->closes, ElementsAre("1011 user.odd"));
  client->closes.clear();
  script->on_websocket = [](std::shared_ptr<ActorWebSocket>, std::shared_ptr<Connection>) -> Task<Result<void>> {
    throw std::runtime_error("boom");
  };
  open();
  EXPECT_THAT(client->closes, ElementsAre("1011 rivetkit.internal_error"));
  world.settle();
  EXPECT_THAT(script->context->connections(), IsEmpty());
}

TEST_F(ActorRawSocket, ThatIsRefusedReachesNoHandler) {
  script->on_before_connect = [](Bytes, std::string) { return fail(make_error("auth", "forbidden")); };
  script->on_websocket = [this](std::shared_ptr<ActorWebSocket>, std::shared_ptr<Connection>) {
    seen.push_back("handler");
    return succeed();
  };
  start();
  EXPECT_TRUE(is_error(world.run(actor->websocket({}, client)), "auth.forbidden"));
  EXPECT_THAT(seen, IsEmpty());
}

TEST_F(ActorRawSocket, IsClosedWhenTheActorStops) {
  for (auto reason : {StopReason::sleep_intent, StopReason::destroy}) {
    client = std::make_shared<FakeClientSocket>();
    start();
    auto socket = open();
    stop(reason);
    EXPECT_THAT(client->closes, ElementsAre("1000 actor.stopped"));
    EXPECT_EQ(closed_with, "1000 actor.stopped");
  }
}

TEST_F(ActorRawSocket, WhoseHandlerIgnoresTheCloseDoesNotHoldTheStopForever) {
  script->on_websocket = [](std::shared_ptr<ActorWebSocket>, std::shared_ptr<Connection>) { return never(); };
  start();
  auto socket = open();
  auto stopped = begin_stop(StopReason::sleep_intent);
  EXPECT_FALSE(stopped->done());
  world.advance(1s);
  EXPECT_TRUE(stopped->done());
  world.run(feed(socket, "late"));
  socket->on_close(1000, "");
  world.settle();
}

}  // namespace
}  // namespace troupe
