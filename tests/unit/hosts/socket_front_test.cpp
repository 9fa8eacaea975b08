#include <gtest/gtest.h>

#include "engine/base/errors.h"
#include "engine/clientproto/decode.h"
#include "engine/clientproto/encode.h"
#include "engine/hosts/local/client_front.h"
#include "engine/hosts/local/socket_front.h"
#include "fakes.h"

namespace troupe {
namespace {

using clientproto::Encoding;
using Connect = ActorInstance::Connect;
using ConnectResult = Result<std::shared_ptr<Connection>>;

constexpr const char* kInit =
    R"({"body":{"tag":"Init","val":{"actorId":"92b8glxz44e4mbci1ksehb7tq8dl00","connectionId":"c1"}}})";

class SocketFrontTest : public testing::Test {
 protected:
  VirtualWorld world;
  Ports ports = world.ports();
  std::shared_ptr<FakeActor> actor = std::make_shared<FakeActor>(ports.io);
  std::shared_ptr<FakeClientSocket> client = std::make_shared<FakeClientSocket>();
  std::shared_ptr<ActorSocket> socket;

  using Opening = Background<Result<OpenedSocket>>;

  Opening begin_open(std::string protocols = {}, std::string target = "/connect?x=1") {
    HttpRequest upgrade;
    upgrade.method = "GET";
    upgrade.target = std::move(target);
    if (!protocols.empty()) upgrade.headers.set("sec-websocket-protocol", std::move(protocols));
    return Opening(world, front_open_websocket(actor, std::move(upgrade), client, ports.timers));
  }
  void open(std::string protocols = {}) {
    Opening opening = begin_open(std::move(protocols));
    ASSERT_TRUE(opening.done());
    socket = (*opening.value)->value().actor;
    ASSERT_NE(socket, nullptr);
  }

  static WebSocketMessage text(std::string_view json) { return {false, to_bytes(json)}; }
  static WebSocketMessage action(std::uint64_t id, std::string name, std::string_view args = "[]") {
    const clientproto::ActionRequest request{id, std::move(name), cbor(args)};
    return {false, clientproto::encode(Encoding::json, request).value()};
  }
  static WebSocketMessage subscription(std::string event, bool on = true) {
    return {false, clientproto::encode(Encoding::json, clientproto::SubscriptionRequest{std::move(event), on}).value()};
  }
  Background<void> receive(WebSocketMessage message) {
    return Background<void>(world, socket->on_message(std::move(message)));
  }

  void expect_closed(std::uint16_t code, const std::string& reason) {
    EXPECT_EQ(client->close_code, code);
    EXPECT_EQ(client->close_reason, reason);
  }

  void TearDown() override {
    if (socket) socket->on_close(1000, "Disposed");
    world.settle();
    std::weak_ptr<ActorSocket> weak = socket;
    socket.reset();
    EXPECT_TRUE(weak.expired()) << "something still holds the socket after its end";
  }
};

TEST_F(SocketFrontTest, SendsInitInTheNegotiatedEncodingOnceTheClientIsAdmitted) {
  const std::pair<const char*, Encoding> encodings[] = {{"", Encoding::json},
                                                        {"rivet, rivet_encoding.json", Encoding::json},
                                                        {"rivet,rivet_encoding.cbor", Encoding::cbor},
                                                        {"rivet,rivet_encoding.bare", Encoding::bare}};
  for (const auto& [protocols, encoding] : encodings) {
    client = std::make_shared<FakeClientSocket>();
    open(protocols);
    ASSERT_EQ(client->sent.size(), 1U);
    EXPECT_EQ(client->sent[0].binary, encoding != Encoding::json);
    EXPECT_EQ(clientproto::decode_to_client(encoding, client->sent[0].data).value(),
              clientproto::ToClient(clientproto::Init{actor->info_.actor_id, "c1"}));
    socket->on_close(1000, "");
    world.settle();
  }
}

TEST_F(SocketFrontTest, GivesTheInstanceParamsAndUpgradeRequest) {
  actor->on_connect = [&](Connect connect, std::shared_ptr<ConnectionSink> sink) -> Task<ConnectResult> {
    EXPECT_EQ(connect.params, cbor(R"({"token":"t"})"));
    EXPECT_EQ(connect.request.target, "/connect?x=1");
    EXPECT_TRUE(connect.hibernatable);
    std::shared_ptr<Connection> conn = std::make_shared<FakeConnection>("c1", std::move(connect), std::move(sink));
    co_return conn;
  };
  open("rivet_conn_params.%7B%22token%22%3A%22t%22%7D");
}

TEST_F(SocketFrontTest, RefusesUnknownEncodingsAndBrokenParams) {
  open("rivet_encoding.xml");
  expect_closed(1003, "actor.unsupported_websocket_encoding");
  EXPECT_TRUE(receive(text("{}")).done());

  client = std::make_shared<FakeClientSocket>();
  open("rivet_conn_params.%7B");
  expect_closed(1011, "actor.invalid_request");
  EXPECT_TRUE(client->sent.empty());
}

TEST_F(SocketFrontTest, EventsSentDuringTheAdmissionGoOutBeforeInit) {
  actor->on_connect = [&](Connect connect, std::shared_ptr<ConnectionSink> sink) -> Task<ConnectResult> {
    sink->event("hello", cbor("[1]"));
    std::shared_ptr<Connection> conn = std::make_shared<FakeConnection>("c1", std::move(connect), sink);
    co_return conn;
  };
  open();
  EXPECT_EQ(client->texts(),
            (std::vector<std::string>{R"({"body":{"tag":"Event","val":{"name":"hello","args":[1]}}})", kInit}));
}

TEST_F(SocketFrontTest, ARefusedAdmissionIsAnUnmaskedErrorFrameAndAClose) {
  std::optional<Error> error = user_error("denied_code", "denied", Value::object({{"a", 1}}));
  actor->on_connect = [&](Connect, auto) -> Task<ConnectResult> { co_return *error; };
  open();
  EXPECT_EQ(
      client->texts(),
      (std::vector<std::string>{
          R"({"body":{"tag":"Error","val":{"group":"user","code":"denied_code","message":"denied","metadata":{"a":1},"actionId":null}}})"}));
  expect_closed(1011, "user.denied_code");

  client = std::make_shared<FakeClientSocket>();
  error = Error("sqlite", "closed", "The database is closed.");
  open();
  EXPECT_NE(client->texts().at(0).find("The database is closed."), std::string::npos);
  expect_closed(1011, "sqlite.closed");
}

TEST_F(SocketFrontTest, AStopBeforeTheActorsCodeRanIsHandedUpAndALaterOneToldToTheClient) {
  bool begins = false;
  actor->on_connect = [&](Connect connect, auto) -> Task<ConnectResult> {
    *connect.began = begins;
    co_return make_error("actor", "stopping");
  };
  Opening handed_up = begin_open();
  ASSERT_TRUE(handed_up.done());
  ASSERT_FALSE(**handed_up.value);
  EXPECT_EQ((*handed_up.value)->error().id(), "actor.stopping");
  EXPECT_TRUE(client->sent.empty());
  EXPECT_EQ(client->close_code, 0);

  begins = true;
  open();
  EXPECT_EQ(client->sent.size(), 1U);
  expect_closed(1011, "actor.stopping");
}

TEST_F(SocketFrontTest, ASetupThatTakesTooLongIsClosedAndALateAdmissionUndone) {
  Gate gate;
  actor->on_connect = [&](Connect connect, std::shared_ptr<ConnectionSink> sink) -> Task<ConnectResult> {
    co_await gate.wait();
    std::shared_ptr<Connection> conn = std::make_shared<FakeConnection>("late", std::move(connect), std::move(sink));
    co_return conn;
  };
  Opening opening = begin_open();
  world.advance(Millis(4'999));
  EXPECT_EQ(client->close_code, 0);
  world.advance(Millis(1));
  EXPECT_EQ(
      client->texts(),
      (std::vector<std::string>{
          R"({"body":{"tag":"Error","val":{"group":"actor","code":"callback_timed_out","message":"actor websocket connection setup timed out after 5000 ms","actionId":null}}})"}));
  expect_closed(1011, "actor.callback_timed_out");
  gate.open();
  world.settle();
  ASSERT_TRUE(opening.done());
  socket = (*opening.value)->value().actor;
  ASSERT_EQ(actor->disconnects.size(), 1U);
  EXPECT_EQ(actor->disconnects[0].conn_id, "late");
  EXPECT_EQ(client->sent.size(), 1U);
}

TEST_F(SocketFrontTest, ActionsRunAtTheSameTimeAndAnswerAsTheyEnd) {
  Gate gate;
  actor->on_action = [&](std::shared_ptr<Connection> conn, std::string name, Bytes args) -> Task<Result<Bytes>> {
    EXPECT_EQ(conn->id(), "c1");
    if (name == "slow") co_await gate.wait();
    co_return args;
  };
  open();
  EXPECT_TRUE(receive(action(0, "slow", "[0]")).done());
  EXPECT_TRUE(receive(action(1, "quick", "[1]")).done());
  gate.open();
  world.settle();
  EXPECT_EQ(
      client->texts(),
      (std::vector<std::string>{kInit, R"({"body":{"tag":"ActionResponse","val":{"id":["$BigInt","1"],"output":[1]}}})",
                                R"({"body":{"tag":"ActionResponse","val":{"id":["$BigInt","0"],"output":[0]}}})"}));
}

TEST_F(SocketFrontTest, AnEventOfAnActionGoesOutBeforeItsResponse) {
  actor->on_action = [&](std::shared_ptr<Connection> conn, std::string, Bytes) -> Task<Result<Bytes>> {
    conn->send("count", cbor("[3]"));
    co_return cbor("3");
  };
  open();
  receive(action(0, "increment"));
  EXPECT_EQ(client->texts(),
            (std::vector<std::string>{kInit, R"({"body":{"tag":"Event","val":{"name":"count","args":[3]}}})",
                                      R"({"body":{"tag":"ActionResponse","val":{"id":["$BigInt","0"],"output":3}}})"}));
}

TEST_F(SocketFrontTest, AFailedActionAnswersAMaskedErrorThatNamesTheActor) {
  actor->on_action = [&](auto, std::string name, Bytes) -> Task<Result<Bytes>> {
    if (name == "throws") throw std::runtime_error("secret");
    co_return Error("sqlite", "closed", "secret");
  };
  open();
  receive(action(3, "fails"));
  receive(action(4, "throws"));
  const auto texts = client->texts();
  ASSERT_EQ(texts.size(), 3U);
  EXPECT_EQ(
      texts[1],
      R"({"body":{"tag":"Error","val":{"group":"sqlite","code":"closed","message":"An internal error occurred","actor":{"actorId":"92b8glxz44e4mbci1ksehb7tq8dl00","generation":3,"key":"a/b"},"actionId":["$BigInt","3"]}}})");
  EXPECT_NE(texts[2].find(R"("group":"rivetkit","code":"internal_error","message":"An internal error occurred")"),
            std::string::npos);
  EXPECT_EQ(client->close_code, 0);
}

TEST_F(SocketFrontTest, AResponseBeyondTheLimitBecomesAnErrorWithoutActor) {
  open();
  actor->definition_.options.max_outgoing_message_size = 30;
  receive(action(5, "get"));
  EXPECT_EQ(
      client->texts().at(1),
      R"({"body":{"tag":"Error","val":{"group":"message","code":"outgoing_too_long","message":"Outgoing message too long","actionId":["$BigInt","5"]}}})");
  EXPECT_EQ(client->close_code, 0);
}

TEST_F(SocketFrontTest, TheNextFrameWaitsWhileTooManyActionsRun) {
  std::deque<Gate> gates;
  actor->on_action = [&](auto, auto, Bytes) -> Task<Result<Bytes>> {
    co_await gates.emplace_back().wait();
    co_return Bytes();
  };
  open();
  for (std::size_t i = 0; i < SocketFront::kActionsMax; ++i) ASSERT_TRUE(receive(action(i, "wait")).done());
  auto one_more = receive(action(1000, "wait"));
  EXPECT_FALSE(one_more.done());
  EXPECT_EQ(gates.size(), SocketFront::kActionsMax);
  gates[7].open();
  world.settle();
  EXPECT_TRUE(one_more.done());
  EXPECT_EQ(gates.size(), SocketFront::kActionsMax + 1);
  for (auto& gate : gates)
    if (gate.waiting()) gate.open();
  world.settle();
  EXPECT_EQ(client->sent.size(), SocketFront::kActionsMax + 2);
}

TEST_F(SocketFrontTest, TheNextFrameWaitsWhileTheClientReadsTooSlowly) {
  open();
  client->buffered = 1 << 20;
  auto waiting = receive(action(0, "get"));
  EXPECT_FALSE(waiting.done());
  client->drained.open();
  world.settle();
  EXPECT_TRUE(waiting.done());
  EXPECT_EQ(client->sent.size(), 2U);
}

TEST_F(SocketFrontTest, FramesThatAreNoMessagesCloseTheSocketAndEndTheConnection) {
  struct Bad {
    const char* protocols;
    WebSocketMessage message;
    const char* reason;
  };
  const Bad table[] = {{"", text("nope"), "actor.invalid_request"},
                       {"", text(R"({"body":{"tag":"Nope","val":{}}})"), "actor.invalid_request"},
                       {"rivet_encoding.bare", text("x"), "actor.invalid_request"},
                       {"rivet_encoding.bare", {true, {9, 0}}, "actor.invalid_request"},
                       {"rivet_encoding.cbor", {true, {0xa0}}, "actor.invalid_request"},
                       {"", {false, Bytes(65'537)}, "message.incoming_too_long"}};
  for (const auto& [protocols, message, reason] : table) {
    client = std::make_shared<FakeClientSocket>();
    actor->disconnects.clear();
    open(protocols);
    receive(message);
    expect_closed(1011, reason);
    EXPECT_EQ(actor->disconnects.size(), 1U);
    receive(message);
    socket->on_close(1011, reason);
    world.settle();
    EXPECT_EQ(actor->disconnects.size(), 1U) << "the connection ends once";
  }
}

TEST_F(SocketFrontTest, AJsonClientMaySendBinaryFrames) {
  open();
  WebSocketMessage message = action(0, "get");
  message.binary = true;
  receive(std::move(message));
  EXPECT_EQ(client->sent.size(), 2U);
}

TEST_F(SocketFrontTest, ASubscriptionIsCompleteBeforeTheNextFrameIsRead) {
  Gate gate;
  std::vector<std::string> subscriptions;
  actor->on_subscribe = [&](std::string event, bool on) -> Task<Result<void>> {
    co_await gate.wait();
    subscriptions.push_back(event + (on ? "+" : "-"));
    co_return Result<void>();
  };
  open();
  auto pending = receive(subscription("count"));
  EXPECT_FALSE(pending.done());
  gate.open();
  world.settle();
  EXPECT_TRUE(pending.done());
  receive(subscription("count", false));
  gate.open();
  world.settle();
  EXPECT_EQ(subscriptions, (std::vector<std::string>{"count+", "count-"}));
  EXPECT_EQ(client->sent.size(), 1U) << "subscriptions are not acknowledged";
}

TEST_F(SocketFrontTest, ADeniedSubscriptionClosesTheSocket) {
  actor->on_subscribe = [](auto, bool) -> Task<Result<void>> { co_return make_error("auth", "forbidden"); };
  open();
  receive(subscription("secret"));
  expect_closed(1011, "auth.forbidden");
  EXPECT_EQ(actor->disconnects.size(), 1U);
}

TEST_F(SocketFrontTest, AnEventThatCannotBeSentClosesTheSocket) {
  std::shared_ptr<Connection> conn;
  actor->on_connect = [&](Connect connect, std::shared_ptr<ConnectionSink> sink) -> Task<ConnectResult> {
    conn = std::make_shared<FakeConnection>("c1", std::move(connect), std::move(sink));
    co_return conn;
  };
  open();
  conn->send("big", cbor("\"" + std::string(1'048'576, 'x') + "\""));
  expect_closed(1011, "message.outgoing_too_long");
  EXPECT_TRUE(actor->disconnects.empty()) << "not within the call of the instance";
  world.settle();
  EXPECT_EQ(actor->disconnects.size(), 1U);
  conn->send("later", cbor("[]"));
  EXPECT_EQ(client->sent.size(), 1U);

  client = std::make_shared<FakeClientSocket>();
  open();
  conn->send("broken", Bytes{0x82, 0x01});
  expect_closed(1011, "actor.send_failed");
  conn.reset();
}

TEST_F(SocketFrontTest, ADisconnectByTheActorClosesWithItsReasonAndNeedsNoNotice) {
  actor->on_action = [](std::shared_ptr<Connection> conn, auto, Bytes) -> Task<Result<Bytes>> {
    conn->disconnect("bye");
    co_return Bytes();
  };
  open();
  receive(action(0, "leave"));
  expect_closed(1000, "bye");
  EXPECT_EQ(client->sent.size(), 1U);
  socket->on_close(1000, "bye");
  world.settle();
  EXPECT_TRUE(actor->disconnects.empty());
}

TEST_F(SocketFrontTest, ADisconnectDuringTheAdmissionSendsNoInit) {
  actor->on_connect = [](Connect connect, std::shared_ptr<ConnectionSink> sink) -> Task<ConnectResult> {
    std::shared_ptr<Connection> conn = std::make_shared<FakeConnection>("c1", std::move(connect), std::move(sink));
    conn->disconnect("not you");
    co_return conn;
  };
  open();
  expect_closed(1000, "not you");
  EXPECT_TRUE(client->sent.empty());
  EXPECT_TRUE(actor->disconnects.empty());
}

TEST_F(SocketFrontTest, AClientThatLeavesEndsItsConnectionAndItsActionsAnswerNobody) {
  Gate gate;
  actor->on_action = [&](auto, auto, Bytes) -> Task<Result<Bytes>> {
    co_await gate.wait();
    co_return Bytes();
  };
  open();
  receive(action(0, "slow"));
  socket->on_close(1000, "Disposed");
  world.settle();
  ASSERT_EQ(actor->disconnects.size(), 1U);
  EXPECT_EQ(actor->disconnects[0].reason, "Disposed");
  gate.open();
  world.settle();
  EXPECT_EQ(client->sent.size(), 1U);
}

TEST_F(SocketFrontTest, EveryOtherPathIsARawSocketOfTheActor) {
  std::vector<std::string> targets;
  std::optional<Error> error;
  auto raw = std::make_shared<SocketFront>(actor, client, Encoding::json);
  actor->on_websocket = [&](Connect connect, auto) -> Task<Result<std::shared_ptr<ActorSocket>>> {
    targets.push_back(connect.request.target);
    if (error) co_return *error;
    co_return raw;
  };
  for (const char* target : {"/websocket/chat?x=1", "/connect/", "/other"}) {
    Opening opening = begin_open({}, target);
    ASSERT_TRUE(opening.done());
    EXPECT_EQ((*opening.value)->value().actor, raw);
    EXPECT_EQ(targets.back(), target);
  }
  error = make_error("actor", "stopping");
  Opening handed_up = begin_open({}, "/websocket");
  EXPECT_FALSE(**handed_up.value);
  EXPECT_EQ(client->close_code, 0);

  error = user_error("denied", "no");
  Opening refused = begin_open({}, "/websocket");
  EXPECT_TRUE(**refused.value);
  expect_closed(1011, "user.denied");
  EXPECT_TRUE(client->sent.empty());
}

TEST_F(SocketFrontTest, RawSocketsWithBrokenParamsAndTheInspectorAreRefused) {
  begin_open("rivet_conn_params.%7B", "/websocket");
  expect_closed(1011, "actor.invalid_request");
  client = std::make_shared<FakeClientSocket>();
  begin_open({}, "/inspector/connect?protocol_version=6");
  expect_closed(1008, "inspector.unauthorized");
}

TEST_F(SocketFrontTest, ConnectCanAlwaysHibernateAndRawSocketsWhenTheActorAllowsIt) {
  client->socket_id.request = {1, 2, 3, 4};
  std::optional<Connect> asked;
  actor->on_connect = [&](Connect connect, auto sink) -> Task<ConnectResult> {
    asked = connect;
    std::shared_ptr<Connection> conn = std::make_shared<FakeConnection>("c1", std::move(connect), std::move(sink));
    co_return conn;
  };
  Opening opening = begin_open();
  socket = (*opening.value)->value().actor;
  EXPECT_TRUE((*opening.value)->value().can_hibernate);
  EXPECT_FALSE((*opening.value)->value().acks_expire);
  EXPECT_TRUE(asked->hibernatable);
  EXPECT_EQ(asked->socket, client->socket_id);

  actor->on_websocket = [&](Connect connect, auto) -> Task<Result<std::shared_ptr<ActorSocket>>> {
    asked = connect;
    co_return std::shared_ptr<ActorSocket>();
  };
  Opening plain = begin_open({}, "/websocket");
  EXPECT_FALSE((*plain.value)->value().can_hibernate);
  EXPECT_EQ(asked->socket, std::nullopt);
  actor->definition_.options.can_hibernate_websocket = true;
  Opening lasting = begin_open({}, "/websocket");
  EXPECT_TRUE((*lasting.value)->value().can_hibernate);
  EXPECT_EQ(asked->socket, client->socket_id);

  actor->definition_.options.can_hibernate_websocket_of = [](const HttpRequest& upgrade) {
    if (upgrade.target == "/websocket/odd") throw std::runtime_error("odd");
    return upgrade.target == "/websocket/lasting";
  };
  EXPECT_FALSE((*begin_open({}, "/websocket").value)->value().can_hibernate) << "the request decides";
  EXPECT_TRUE((*begin_open({}, "/websocket/lasting").value)->value().can_hibernate);
  EXPECT_EQ(client->close_code, 0);
  begin_open({}, "/websocket/odd");
  EXPECT_EQ(client->close_code, 1011);
  EXPECT_EQ(client->close_reason, "actor.init_error");
}

TEST_F(SocketFrontTest, AFrameIsAcknowledgedOnceItAndAllBeforeItAreAnswered) {
  std::map<std::string, Gate> gates;
  actor->on_action = [&](auto, std::string name, Bytes) -> Task<Result<Bytes>> {
    if (name != "now") co_await gates[name].wait();
    co_return Bytes();
  };
  open();
  const auto deliver = [&](std::uint16_t index, WebSocketMessage message) {
    message.index = index;
    receive(std::move(message));
  };
  deliver(65'535, action(1, "slow"));
  deliver(0, action(2, "now"));
  deliver(1, subscription("news"));
  EXPECT_TRUE(client->acks.empty()) << "the first is not answered";
  gates["slow"].open();
  world.settle();
  EXPECT_EQ(client->acks, std::vector<std::uint16_t>{1});
  deliver(2, action(3, "now"));
  EXPECT_EQ(client->acks.back(), 2);
  const auto front = std::static_pointer_cast<SocketFront>(socket);
  EXPECT_EQ(front->position().handled, 2);
  EXPECT_EQ(front->position().sent, 4);
}

TEST_F(SocketFrontTest, FramesAfterTheActorAskedForItsSleepAreLeftToTheNextGeneration) {
  int actions = 0;
  actor->on_action = [&](auto, std::string, Bytes) -> Task<Result<Bytes>> {
    ++actions;
    co_return Bytes();
  };
  open();
  actor->letting_go = true;
  receive(action(1, "inc"));
  // Order: nothing overtakes what was left.
  actor->letting_go = false;
  receive(action(2, "inc"));
  receive(subscription("news"));
  EXPECT_EQ(actions, 0);
  EXPECT_TRUE(client->acks.empty());
  EXPECT_EQ(client->sent.size(), 1U);
  EXPECT_EQ(client->close_code, 0);
  std::static_pointer_cast<SocketFront>(socket)->hibernate();
}

TEST_F(SocketFrontTest, TheCloseOfAClientBehindFramesThatAreLeftIsLeftToo) {
  open();
  actor->letting_go = true;
  receive(action(1, "inc"));
  socket->on_close(1000, "bye");
  world.settle();
  EXPECT_TRUE(actor->disconnects.empty());
  EXPECT_TRUE(client->acks.empty());
  EXPECT_EQ(client->close_code, 0) << "that would be the answer";
  std::static_pointer_cast<SocketFront>(socket)->hibernate();
  world.settle();
  EXPECT_TRUE(actor->disconnects.empty());
}

TEST_F(SocketFrontTest, AFrameJustBeforeTheCloseIsHandledAndAcknowledged) {
  // Another thread, which is busy while both arrive.
  boost::asio::io_context thread;
  actor = std::make_shared<FakeActor>(thread.get_executor());
  std::vector<std::string> happened;
  actor->on_action = [&](auto, std::string name, Bytes) -> Task<Result<Bytes>> {
    happened.push_back(name);
    co_return Bytes();
  };
  auto conn = std::make_shared<FakeConnection>("c7", Connect(), nullptr);
  socket = SocketFront::restore(actor, std::move(conn), client, {6, 1}).socket;
  WebSocketMessage last = action(1, "inc");
  last.index = 7;
  receive(std::move(last));
  socket->on_close(1000, "bye");
  EXPECT_TRUE(happened.empty());
  thread.poll();
  EXPECT_EQ(happened, std::vector<std::string>{"inc"});
  EXPECT_EQ(client->acks, std::vector<std::uint16_t>{7});
  EXPECT_TRUE(client->sent.empty()) << "nobody hears the answer";
  ASSERT_EQ(actor->disconnects.size(), 1U);
  EXPECT_EQ(actor->disconnects[0].reason, "bye");
  socket.reset();
  actor.reset();
}

TEST_F(SocketFrontTest, ARestoredConnectionGoesOnWithoutInitInItsOwnEncoding) {
  Connect connect;
  connect.request.headers.set("sec-websocket-protocol", "rivet, rivet_encoding.cbor");
  auto conn = std::make_shared<FakeConnection>("c7", std::move(connect), nullptr);
  auto end = SocketFront::restore(actor, conn, client, {41, 9});
  socket = end.socket;
  EXPECT_TRUE(client->sent.empty());
  EXPECT_EQ(end.sink->position().handled, 41);
  end.sink->event("news", cbor("[1]"));
  ASSERT_EQ(client->sent.size(), 1U);
  EXPECT_TRUE(client->sent[0].binary);
  WebSocketMessage message;
  message.binary = true;
  message.index = 42;
  message.data = clientproto::encode(Encoding::cbor, clientproto::ActionRequest{1, "get", cbor("[]")}).value();
  receive(std::move(message));
  EXPECT_EQ(client->acks, std::vector<std::uint16_t>{42});
  end = {};
}

TEST_F(SocketFrontTest, AHibernatedConnectionIsLetGoOfWithoutAWordToTheClientOrTheActor) {
  open();
  std::static_pointer_cast<SocketFront>(socket)->hibernate();
  world.settle();
  EXPECT_TRUE(client->hibernated);
  EXPECT_EQ(client->close_code, 0);
  receive(action(1, "inc"));
  socket->on_close(1000, "");
  world.settle();
  EXPECT_TRUE(client->acks.empty());
  EXPECT_TRUE(actor->disconnects.empty());
}

}  // namespace
}  // namespace troupe
