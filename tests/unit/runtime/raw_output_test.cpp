// Raw sockets and streamed bodies leave after the commit of what they could reveal.
#include <boost/asio/detached.hpp>

#include "engine/runtime/state/output_gate.h"
#include "tests/unit/runtime/fixture.h"

namespace troupe {
namespace {

class RawOutput : public ActorTest {
 protected:
  RawOutput() {
    script->on_websocket = [this](std::shared_ptr<ActorWebSocket> opened, std::shared_ptr<Connection> opened_conn) {
      socket = std::move(opened);
      conn = std::move(opened_conn);
      return succeed();
    };
  }
  void open() {
    start();
    auto opened = world.run(actor->websocket({.request = {.target = "/ws"}}, client));
    ASSERT_TRUE(opened);
    feed = *opened;
  }
  void change(std::uint8_t state) {
    script->state = {state};
    script->context->request_save();
  }
  bool send(std::string_view text) {
    WebSocketMessage message;
    message.data = to_bytes(text);
    return socket->send(std::move(message));
  }
  static Task<Done> drained(std::shared_ptr<ActorWebSocket> socket) {
    auto waiting = socket->wait_drained();
    co_await std::move(waiting);
    co_return Done();
  }

  std::shared_ptr<FakeClientSocket> client = std::make_shared<FakeClientSocket>();
  std::shared_ptr<ActorSocket> feed;
  std::shared_ptr<ActorWebSocket> socket;
  std::shared_ptr<Connection> conn;
};

TEST_F(RawOutput, AMessageLeavesAtOnceWhenNothingIsChanged) {
  open();
  const auto saves = store.saves.size();
  EXPECT_TRUE(send("a"));
  EXPECT_THAT(client->sent, ElementsAre("a"));
  EXPECT_EQ(store.saves.size(), saves);
}

TEST_F(RawOutput, AMessageThatRevealsAChangeLeavesAfterTheCommitInOrder) {
  open();
  store.hold_saves = std::make_shared<Gate>();
  EXPECT_TRUE(send("before"));
  change(2);
  EXPECT_TRUE(send("a"));
  world.settle();
  EXPECT_TRUE(send("b"));
  world.settle();
  EXPECT_THAT(client->sent, ElementsAre("before"));
  store.hold_saves->open();
  world.settle();
  EXPECT_THAT(client->sent, ElementsAre("before", "a", "b"));
  EXPECT_EQ(store.stored, Bytes{0x02});
}

TEST_F(RawOutput, TheLevelIsThatOfTheActor) {
  open();
  change(2);
  send("a");
  world.settle();
  EXPECT_EQ(store.saves.back().ack, Ack::written);
  EXPECT_THAT(client->sent, ElementsAre("a"));
}

TEST_F(RawOutput, AtLevelCommitAMessageWaitsForADurableCommit) {
  definition.options.durability = Durability::commit;
  open();
  change(2);
  ASSERT_TRUE(world.run(script->context->save()));
  const auto saves = store.saves.size();
  send("known");
  EXPECT_THAT(client->sent, ElementsAre("known"));
  EXPECT_EQ(store.saves.size(), saves);
  change(3);
  send("new");
  EXPECT_THAT(client->sent, ElementsAre("known"));
  world.settle();
  EXPECT_EQ(store.saves.back().ack, Ack::durable);
  EXPECT_THAT(client->sent, ElementsAre("known", "new"));
}

/// A raw socket that can hibernate, and an actor whose state is the last message.
class RawInput : public RawOutput {
 protected:
  RawInput() {
    script->on_websocket = [this](std::shared_ptr<ActorWebSocket> opened,
                                  std::shared_ptr<Connection>) -> Task<Result<void>> {
      while (auto message = co_await opened->receive()) {
        script->state = message->data;
        script->untold = true;
      }
      co_return Result<void>();
    };
    start();
    ActorInstance::Connect connect;
    connect.request.target = "/ws";
    connect.hibernatable = true;
    connect.socket = SocketId{};
    feed = world.run(actor->websocket(std::move(connect), client)).value();
    // The record of the connection.
    (void)world.run(script->context->save());
  }
  ~RawInput() override {
    feed->on_close(1000, "");
    world.settle();
  }
  void say(std::uint16_t index) {
    WebSocketMessage message;
    message.data = Bytes{static_cast<std::uint8_t>(index)};
    message.index = index;
    auto taken = [](std::shared_ptr<ActorSocket> to, WebSocketMessage what) -> Task<void> {
      auto taking = to->on_message(std::move(what));
      co_await std::move(taking);
    };
    boost::asio::co_spawn(world.context(), taken(feed, std::move(message)), boost::asio::detached);
    world.settle();
  }
};

TEST_F(RawInput, AMessageIsAcknowledgedOnceItsChangeIsCommitted) {
  store.hold_saves = std::make_shared<Gate>();
  say(1);
  EXPECT_THAT(client->acks, IsEmpty());
  store.hold_saves->open();
  world.settle();
  EXPECT_EQ(store.stored, Bytes{0x01});
  EXPECT_THAT(client->acks, ElementsAre(1));
}

TEST_F(RawInput, AMessageWhoseCommitFailedIsAcknowledgedByTheNext) {
  store.save_failure = make_error("storage", "unavailable");
  say(1);
  EXPECT_THAT(client->acks, IsEmpty());
  store.save_failure.reset();
  world.advance(2s);
  EXPECT_EQ(store.stored, Bytes{0x01});
  EXPECT_THAT(client->acks, ElementsAre(1));
}

TEST_F(RawOutput, OtherTurnsGoOnWhileAMessageWaits) {
  open();
  bool ran = false;
  store.hold_saves = std::make_shared<Gate>();
  change(2);
  send("a");
  world.settle();
  script->context->spawn([&ran]() -> Task<Result<void>> {
    ran = true;
    co_return Result<void>();
  });
  world.settle();
  EXPECT_TRUE(ran);
  EXPECT_THAT(client->sent, IsEmpty());
  store.hold_saves->open();
  world.settle();
  EXPECT_THAT(client->sent, ElementsAre("a"));
}

TEST_F(RawOutput, WhoWaitsForRoomWaitsForTheCommitToo) {
  open();
  store.hold_saves = std::make_shared<Gate>();
  EXPECT_TRUE(begin(drained(socket))->done());
  change(2);
  send("a");
  auto waiting = begin(drained(socket));
  EXPECT_FALSE(waiting->done());
  store.hold_saves->open();
  world.settle();
  EXPECT_TRUE(waiting->done());
}

TEST_F(RawOutput, ASocketThatWouldMissAMessageIsClosedBehindTheOthers) {
  open();
  store.save_failure = make_error("storage", "unavailable");
  change(3);
  const std::string half(OutputGate::kHeldBytesMax / 2 + 1, 'x');
  EXPECT_TRUE(send(half));
  EXPECT_FALSE(send(half));
  EXPECT_FALSE(send("late"));
  world.settle();
  EXPECT_TRUE(script->context->connections().empty());
  EXPECT_THAT(client->closes, IsEmpty());
  store.save_failure.reset();
  world.advance(2s);
  EXPECT_EQ(client->sent.size(), 1u);
  EXPECT_THAT(client->closes, ElementsAre("1013 actor.overloaded"));
}

TEST_F(RawOutput, TheCloseComesAfterWhatWasSent) {
  open();
  store.hold_saves = std::make_shared<Gate>();
  change(3);
  send("a");
  socket->close(4001, "bye");
  EXPECT_FALSE(send("late"));
  EXPECT_EQ(socket->close_code(), 4001);
  world.settle();
  EXPECT_THAT(client->closes, IsEmpty());
  store.hold_saves->open();
  world.settle();
  EXPECT_THAT(client->sent, ElementsAre("a"));
  EXPECT_THAT(client->closes, ElementsAre("4001 bye"));
}

TEST_F(RawOutput, WhatCannotBeSavedIsNotSentWhenTheActorStops) {
  open();
  store.save_failure = make_error("storage", "unavailable");
  change(3);
  send("lost");
  auto waiting = begin(drained(socket));
  stop(StopReason::sleep_intent);
  EXPECT_THAT(client->sent, IsEmpty());
  EXPECT_THAT(client->closes, ElementsAre("1000 actor.stopped"));
  EXPECT_TRUE(waiting->done());
}

// -- bodies -----------------------------------------------------------------------------------------------------------

/// Runs the test's code before each piece.
class ChangingBody final : public BodyStream {
 public:
  using Piece = Result<std::optional<Bytes>>;
  explicit ChangingBody(std::function<Piece()> next) : next_(std::move(next)) {}
  Task<Piece> read() override { co_return next_(); }
  void cancel() override { ++cancelled; }
  int cancelled = 0;

 private:
  std::function<Piece()> next_;
};

class BodyOutput : public RawOutput {
 protected:
  using Piece = ChangingBody::Piece;

  std::shared_ptr<BodyStream> answer(std::function<Piece()> next) {
    produced = std::make_shared<ChangingBody>(std::move(next));
    script->on_request = [this](HttpRequest, std::shared_ptr<Connection>) -> Task<Result<HttpResponse>> {
      HttpResponse response;
      response.stream = produced;
      co_return response;
    };
    start();
    auto response = world.run(actor->request({}, {.method = "GET", .target = "/"}));
    EXPECT_TRUE(response);
    return response->stream;
  }
  static Piece piece(std::string_view text) { return std::optional<Bytes>(to_bytes(text)); }

  std::shared_ptr<ChangingBody> produced;
};

TEST_F(BodyOutput, APieceAndTheEndWaitForWhatTheyReveal) {
  int reads = 0;
  auto body = answer([&]() -> Piece {
    ++reads;
    if (reads == 1) return piece("same");
    change(static_cast<std::uint8_t>(reads));
    if (reads == 2) return piece("changed");
    return std::optional<Bytes>();
  });
  store.hold_saves = std::make_shared<Gate>();
  auto first = begin(body->read());
  ASSERT_TRUE(first->done());
  auto second = begin(body->read());
  EXPECT_FALSE(second->done());
  store.hold_saves->open();
  world.settle();
  ASSERT_TRUE(second->done());
  EXPECT_EQ(to_string(****second), "changed");
  EXPECT_EQ(store.stored, Bytes{0x02});
  store.hold_saves = std::make_shared<Gate>();
  auto end = begin(body->read());
  EXPECT_FALSE(end->done());
  store.hold_saves->open();
  world.settle();
  ASSERT_TRUE(end->done());
  EXPECT_FALSE(***end);
  EXPECT_EQ(store.stored, Bytes{0x03});
}

TEST_F(BodyOutput, APieceWithoutAChangeCostsNoCommit) {
  auto body = answer([]() -> Piece { return piece("same"); });
  const auto saves = store.saves.size();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(to_string(**world.run(body->read())), "same");
  EXPECT_EQ(store.saves.size(), saves);
  body->cancel();
}

TEST_F(BodyOutput, AtLevelCommitAPieceWaitsForADurableCommit) {
  definition.options.durability = Durability::commit;
  auto body = answer([this]() -> Piece {
    change(9);
    return piece("changed");
  });
  ASSERT_TRUE(world.run(body->read()));
  EXPECT_EQ(store.saves.back().ack, Ack::durable);
  body->cancel();
}

TEST_F(BodyOutput, ABodyWhoseChangesCannotBeSavedIsCut) {
  auto body = answer([this]() -> Piece {
    change(9);
    return piece("changed");
  });
  store.save_failure = make_error("storage", "unavailable");
  EXPECT_TRUE(is_error(world.run(body->read()), "storage.unavailable"));
  EXPECT_EQ(produced->cancelled, 1);
}

TEST_F(BodyOutput, AStopDoesNotWaitForACommitThatNeverComes) {
  definition.options.sleep_grace_period = 1s;
  auto body = answer([this]() -> Piece {
    change(9);
    return piece("changed");
  });
  store.hold_saves = std::make_shared<Gate>();
  auto reading = begin(body->read());
  auto stopping = begin_stop(StopReason::sleep_intent);
  world.advance(1s);
  ASSERT_TRUE(reading->done());
  EXPECT_TRUE(is_error(**reading, "actor.dropped_reply"));
  store.hold_saves->open();
  world.settle();
  EXPECT_TRUE(stopping->done());
}

}  // namespace
}  // namespace troupe
