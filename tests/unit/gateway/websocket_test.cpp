#include <boost/asio/post.hpp>

#include "tests/unit/gateway/server_fixture.h"

namespace troupe {
namespace {

/// What an actor's end of a socket has seen.
class RecordingSocket final : public ActorSocket {
 public:
  std::function<void(WebSocketMessage)> on;
  Awaited<std::pair<int, std::string>> closed;
  Task<void> on_message(WebSocketMessage message) override {
    if (on) on(std::move(message));
    co_return;
  }
  void on_close(std::uint16_t code, std::string reason) override { closed.set({code, std::move(reason)}); }
};

class WebSocket : public ServerTest {
 protected:
  WebSocket() {
    engine.on_acquire = [this](ActorId) -> Task<Result<std::shared_ptr<HostedActor>>> {
      if (acquire_error) co_return *acquire_error;
      co_return std::shared_ptr<HostedActor>(std::make_shared<FakeHostedActor>(open));
    };
    open = [this](HttpRequest request,
                  std::shared_ptr<ClientSocket> socket) -> Task<Result<std::shared_ptr<ActorSocket>>> {
      upgrade = std::move(request);
      client = socket;
      if (!actor->on) {
        actor->on = [socket](WebSocketMessage message) { socket->send(std::move(message)); };
      }
      opened.set(socket);
      co_return std::shared_ptr<ActorSocket>(actor);
    };
  }

  void TearDown() override {
    ServerTest::TearDown();
    open = nullptr;
    client = nullptr;
    opened.set(nullptr);
    actor->on = nullptr;
  }

  static constexpr const char* kProtocol = "sec-websocket-protocol: rivet\r\nx-rivet-ray-id: ray\r\n";
  std::string path = std::string(kActor) + "/websocket/x?y=1";

  RawClient open_socket(int receive_buffer = 0) {
    RawClient raw = connect(receive_buffer);
    const auto head = raw.upgrade(path, kProtocol);
    EXPECT_TRUE(head && head->status == 101);
    EXPECT_TRUE(opened.wait());
    return raw;
  }

  /// The close of a socket that was refused.
  std::string refusal(const std::string& target, const std::string& headers = kProtocol) {
    RawClient raw = connect();
    const auto head = raw.upgrade(target, headers);
    if (!head || head->status != 101) return head ? std::to_string(head->status) : "nothing";
    const auto frame = raw.read_frame();
    if (!frame || frame->opcode != 8) return "no close";
    raw.send(RawClient::frame(8, frame->payload));
    EXPECT_TRUE(raw.at_end());
    return std::to_string(frame->close_code()) + " " + frame->close_reason();
  }

  static std::string close_payload(int code, std::string_view reason) {
    return std::string{static_cast<char>(code >> 8), static_cast<char>(code)}.append(reason);
  }

  std::optional<Error> acquire_error;
  FakeHostedActor::Open open;
  std::shared_ptr<RecordingSocket> actor = std::make_shared<RecordingSocket>();
  HttpRequest upgrade;
  std::shared_ptr<ClientSocket> client;
  Awaited<std::shared_ptr<ClientSocket>> opened;
};

TEST_F(WebSocket, TheHandshakeAlwaysNamesTheProtocolAndNoExtension) {
  start();
  RawClient raw = connect();
  const auto head = raw.upgrade(std::string(kActor) + "@tok/ws",
                                "x-rivet-ray-id: ray\r\norigin: http://o\r\nsec-websocket-extensions: "
                                "permessage-deflate\r\n");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 101);
  EXPECT_EQ(head->header("connection"), "upgrade");
  EXPECT_EQ(head->header("upgrade"), "websocket");
  // RFC 6455 section 1.3.
  EXPECT_EQ(head->header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(head->header("sec-websocket-protocol"), "rivet");
  EXPECT_EQ(head->header("sec-websocket-extensions"), "<none>");
  EXPECT_EQ(head->header("x-rivet-ray-id"), "ray");
  EXPECT_EQ(head->header("access-control-allow-origin"), "http://o");
  EXPECT_EQ(head->header("vary"), "Origin");
}

TEST_F(WebSocket, TheActorSeesTheUpgradeRequest) {
  start();
  RawClient raw = open_socket();
  EXPECT_EQ(upgrade.target, "/websocket/x?y=1");
  EXPECT_EQ(*upgrade.headers.find("sec-websocket-protocol"), "rivet");
  EXPECT_EQ(*upgrade.headers.find("sec-websocket-version"), "13");
  EXPECT_EQ(*upgrade.headers.find("x-rivet-ray-id"), "ray");
  EXPECT_EQ(server().stats().websockets, 1u);
}

TEST_F(WebSocket, MessagesOfEverySizeAndKindComeBack) {
  start();
  RawClient raw = open_socket();
  for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 4095u, 4096u, 65535u, 65536u, 1'000'000u}) {
    for (const int opcode : {1, 2}) {
      std::string payload(size, 'a');
      for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>('a' + i % 26);
      raw.send(RawClient::frame(opcode, payload));
      const auto frame = raw.read_frame();
      ASSERT_TRUE(frame) << size;
      EXPECT_EQ(frame->opcode, opcode);
      EXPECT_TRUE(frame->payload == payload) << size;
    }
  }
}

TEST_F(WebSocket, FragmentsAreJoinedAroundPings) {
  start();
  RawClient raw = open_socket();
  raw.send(RawClient::frame(1, "ab", false) + RawClient::frame(9, "p") + RawClient::frame(0, "cd", false) +
           RawClient::frame(10, "unasked") + RawClient::frame(0, "ef"));
  const auto pong = raw.read_frame();
  EXPECT_EQ(pong->opcode, 10);
  EXPECT_EQ(pong->payload, "p");
  const auto joined = raw.read_frame();
  EXPECT_EQ(joined->opcode, 1);
  EXPECT_EQ(joined->payload, "abcdef");
}

TEST_F(WebSocket, TornFramesAreReadWhenTheirRestArrives) {
  start();
  const std::string bytes = RawClient::frame(2, std::string(300, 'x')) + RawClient::frame(1, "y");
  RawClient raw = open_socket();
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    raw.send(bytes.substr(0, cut));
    raw.send(bytes.substr(cut));
    ASSERT_EQ(raw.read_frame()->payload.size(), 300u) << cut;
    ASSERT_EQ(raw.read_frame()->payload, "y") << cut;
  }
}

TEST_F(WebSocket, MessagesSentWithTheHandshakeArriveAfterTheOpen) {
  start();
  RawClient raw = connect();
  raw.send("GET " + path +
           " HTTP/1.1\r\nhost: h\r\nconnection: keep-alive, Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: "
           "13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: rivet\r\n\r\n" +
           RawClient::frame(1, "early") + RawClient::frame(1, std::string(10'000, 'x')));
  EXPECT_EQ(raw.response(true)->status, 101);
  EXPECT_EQ(raw.read_frame()->payload, "early");
  EXPECT_EQ(raw.read_frame()->payload.size(), 10'000u);
}

TEST_F(WebSocket, RefusalsAcceptAndClose) {
  start();
  EXPECT_EQ(refusal("/actors"), "1011 guard.websocket_not_supported#ray");
  EXPECT_EQ(refusal("/envoys/connect"), "1011 ws.invalid_request#ray");
  EXPECT_EQ(refusal("/health/ws"), "1011 guard.no_route#ray");
  EXPECT_EQ(refusal("/gateway/bad-id/x"), "1011 core.internal_error#ray");
  EXPECT_EQ(refusal(path, "x-rivet-ray-id: ray\r\n"), "1011 guard.missing_header#ray");
  EXPECT_EQ(refusal("/x", "x-rivet-ray-id: ray\r\nsec-websocket-protocol: rivet_target.actor\r\n"),
            "1011 guard.missing_header#ray");
  EXPECT_EQ(refusal("/x", "x-rivet-ray-id: ray\r\nsec-websocket-protocol: rivet_target.no\r\n"),
            "1011 guard.no_route#ray");
  EXPECT_EQ(refusal("/gateway/n/x?rvt-namespace=none&rvt-method=get"), "1011 namespace.not_found#ray");
  EXPECT_EQ(refusal("/gateway/n/x?rvt-namespace=default&rvt-method=get"), "1011 actor.not_found#ray");
  engine.pool_known = false;
  EXPECT_EQ(refusal("/gateway/n/x?rvt-namespace=default&rvt-method=getOrCreate&rvt-pool=p"),
            "1011 actor.no_runner_config_configured#ray");
  for (const auto* code : {"actor_wake_retries_exceeded", "actor_ready_timeout"}) {
    acquire_error = make_error("guard", code);
    EXPECT_EQ(refusal(path), "1011 guard." + std::string(code) + "#ray");
  }
  acquire_error = make_error("ws", "eviction");
  EXPECT_EQ(refusal(path), "1000 ws.eviction#ray");
}

TEST_F(WebSocket, BrokenHandshakesAreHttpErrors) {
  start();
  const auto broken = get(path, "upgrade: websocket\r\nsec-websocket-version: 13\r\n");
  EXPECT_EQ(broken.status, 200);  // `get` asks for `connection: close`.
  for (const std::string fields : {"sec-websocket-version: 13\r\n", "sec-websocket-key: x\r\n",
                                   "sec-websocket-key: x\r\nsec-websocket-version: 8\r\n"}) {
    RawClient raw = connect();
    raw.send("GET " + path + " HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n" + fields + "\r\n");
    const auto answer = raw.response();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 400);
    EXPECT_EQ(answer->header("x-rivet-error"), "guard.connection_error");
    EXPECT_NE(answer->body.find(R"("message":"Connection error: {error_message}.")"), std::string::npos);
    EXPECT_NE(answer->body.find(R"("remote_addr":"127.0.0.1:)"), std::string::npos);
    EXPECT_TRUE(raw.at_end());
  }
}

TEST_F(WebSocket, HeadLimitsHoldForUpgradesToo) {
  start();
  EXPECT_EQ(refusal("/" + std::string(66'000, 'a')), "414");
  EXPECT_EQ(refusal(path, "x-big: " + std::string(430'000, 'a') + "\r\n"), "431");
}

TEST_F(WebSocket, TheClientsCloseIsEchoedAndTold) {
  start();
  for (const auto& payload : {close_payload(4001, "bye now"), close_payload(1000, ""), std::string()}) {
    actor = std::make_shared<RecordingSocket>();
    RawClient raw = open_socket();
    raw.send(RawClient::frame(8, payload));
    const auto echo = raw.read_frame();
    ASSERT_TRUE(echo);
    EXPECT_EQ(echo->opcode, 8);
    EXPECT_EQ(echo->payload, payload);
    EXPECT_TRUE(raw.at_end());
    const auto told = actor->closed.wait();
    ASSERT_TRUE(told);
    EXPECT_EQ(told->first, payload.empty() ? 1005 : echo->close_code());
    EXPECT_EQ(told->second, echo->close_reason());
  }
}

TEST_F(WebSocket, TheActorsCloseReachesTheClientAfterWhatItSent) {
  start();
  RawClient raw = open_socket();
  EXPECT_TRUE(client->send({false, to_bytes("last words")}));
  client->close(4001, "bye now");
  client->close(4002, "too late");
  EXPECT_FALSE(client->send({false, to_bytes("too late")}));
  EXPECT_EQ(raw.read_frame()->payload, "last words");
  const auto close = raw.read_frame();
  EXPECT_EQ(close->close_code(), 4001);
  EXPECT_EQ(close->close_reason(), "bye now");
  raw.send(RawClient::frame(1, "crossing") + RawClient::frame(8, close->payload));
  EXPECT_TRUE(raw.at_end());
  EXPECT_EQ(actor->closed.wait()->first, 4001);
}

TEST_F(WebSocket, ReasonsAreCutBetweenCharacters) {
  start();
  RawClient raw = open_socket();
  client->close(1000, std::string(122, 'x') + "\xC3\xA4" + "tail");
  EXPECT_EQ(raw.read_frame()->close_reason(), std::string(122, 'x'));
}

TEST_F(WebSocket, ABrokenConnectionIs1006) {
  start();
  open_socket().close();
  EXPECT_EQ(actor->closed.wait()->first, 1006);
}

TEST_F(WebSocket, AClientThatNeverClosesIsCut) {
  settings.websocket_close_timeout = Millis(50);
  start();
  RawClient raw = open_socket();
  client->close(1000, "");
  EXPECT_EQ(raw.read_frame()->close_code(), 1000);
  EXPECT_TRUE(raw.at_end());
  EXPECT_EQ(actor->closed.wait()->first, 1006);
}

TEST_F(WebSocket, FaultyFramesCloseTheSocket) {
  start();
  const auto answer = [&](const std::string& bytes) {
    actor = std::make_shared<RecordingSocket>();
    RawClient raw = open_socket();
    raw.send(bytes);
    const auto frame = raw.read_frame();
    if (!frame || frame->opcode != 8) return std::string("no close");
    raw.close();
    EXPECT_EQ(actor->closed.wait()->first, frame->close_code() == 1011 ? 1009 : frame->close_code());
    return std::to_string(frame->close_code()) + " " + frame->close_reason();
  };
  const std::string invalid = "1002 ws.invalid_packet", text = "1007 message.invalid_utf8";
  EXPECT_EQ(answer(RawClient::frame(1, "\xC3")), text);
  EXPECT_EQ(answer(RawClient::frame(1, "\xED\xA0\x80")), text);
  EXPECT_EQ(answer(RawClient::frame(8, close_payload(1000, "\xFF"))), text);
  EXPECT_EQ(answer(RawClient::frame(8, "x")), invalid);
  EXPECT_EQ(answer(RawClient::frame(8, close_payload(1005, ""))), invalid);
  EXPECT_EQ(answer(RawClient::frame(8, close_payload(999, ""))), invalid);
  EXPECT_EQ(answer(RawClient::frame(3, "x")), invalid);
  EXPECT_EQ(answer(RawClient::frame(0, "x")), invalid);
  EXPECT_EQ(answer(RawClient::frame(1, "x", false) + RawClient::frame(1, "y")), invalid);
  EXPECT_EQ(answer(RawClient::frame(9, "x", false)), invalid);
  EXPECT_EQ(answer(RawClient::frame(9, std::string(126, 'x'))), invalid);
  EXPECT_EQ(answer(std::string("\x81\x01x", 3)), invalid);
  EXPECT_EQ(answer(std::string("\xC1\x81\0\0\0\0x", 7)), invalid);
}

TEST_F(WebSocket, ClientMessagesAreLimited) {
  settings.websocket_message_max = 1000;
  start();
  RawClient raw = open_socket();
  raw.send(RawClient::frame(2, std::string(1000, 'x')));
  EXPECT_EQ(raw.read_frame()->payload.size(), 1000u);
  raw.send(RawClient::frame(2, std::string(600, 'x'), false) + RawClient::frame(0, std::string(400, 'x')));
  EXPECT_EQ(raw.read_frame()->payload.size(), 1000u);
  raw.send(RawClient::frame(2, std::string(600, 'x'), false) + RawClient::frame(0, std::string(401, 'x')));
  const auto close = raw.read_frame();
  EXPECT_EQ(close->close_code(), 1011);
  EXPECT_EQ(close->close_reason(), "core.internal_error#ray");
}

TEST_F(WebSocket, MessagesOfTheActorAreLimited) {
  settings.websocket_outbound_message_max = 1000;
  start();
  RawClient raw = open_socket();
  EXPECT_TRUE(client->send({true, Bytes(1000)}));
  EXPECT_EQ(raw.read_frame()->payload.size(), 1000u);
  EXPECT_FALSE(client->send({true, Bytes(1001)}));
  const auto close = raw.read_frame();
  EXPECT_EQ(close->close_code(), 1009);
  EXPECT_EQ(close->close_reason(), "actor WebSocket message exceeds the maximum size");
}

TEST_F(WebSocket, AClientThatDoesNotReadIsClosedAndFreesTheQueue) {
  settings.websocket_outbound_bytes_max = 100'000;
  settings.websocket_close_timeout = Millis(50);
  start();
  RawClient raw = open_socket(4096);
  int sent = 0;
  while (client->send({true, Bytes(50'000)})) ++sent;
  EXPECT_GT(sent, 1);
  EXPECT_FALSE(client->send({true, Bytes(1)}));
  EXPECT_EQ(actor->closed.wait()->first, 1013);
  EXPECT_EQ(client->buffered_bytes(), 0u);
  spawn(client->wait_drained()).get();
}

TEST_F(WebSocket, ASlowReaderThatCatchesUpSeesTheReason) {
  settings.websocket_outbound_bytes_max = 100'000;
  start();
  RawClient raw = open_socket(4096);
  while (client->send({true, Bytes(50'000)})) {
  }
  std::optional<ClientFrame> frame;
  do frame = raw.read_frame();
  while (frame && frame->opcode == 2 && frame->payload.size() == 50'000);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->close_code(), 1013);
  EXPECT_EQ(frame->close_reason(), "ws.slow_client");
}

TEST_F(WebSocket, ASenderCanWaitUntilTheQueueIsHalfEmpty) {
  settings.websocket_outbound_bytes_max = 1'000'000;
  start();
  RawClient raw = open_socket(4096);
  while (client->buffered_bytes() < 700'000) ASSERT_TRUE(client->send({true, Bytes(20'000)}));
  auto drained = spawn(client->wait_drained());
  std::thread reader([&] {
    while (const auto frame = raw.read_frame()) {
      if (frame->opcode == 8) return;
    }
  });
  drained.get();
  EXPECT_LT(client->buffered_bytes(), 500'000u);
  client->close(1000, "");
  reader.join();
}

TEST_F(WebSocket, AnOpenThatTakesTooLongIsClosed) {
  settings.websocket_open_timeout = Millis(50);
  open = [this](HttpRequest, std::shared_ptr<ClientSocket>) -> Task<Result<std::shared_ptr<ActorSocket>>> {
    co_await forever();
    co_return std::shared_ptr<ActorSocket>();
  };
  start();
  RawClient raw = connect();
  EXPECT_EQ(raw.upgrade(path, kProtocol)->status, 101);
  const auto close = raw.read_frame();
  EXPECT_EQ(close->close_code(), 1011);
  EXPECT_EQ(close->close_reason(), "guard.websocket_open_timeout#ray");
}

TEST_F(WebSocket, AnActorThatIsNeverReadyIsClosedAfterTheDispatchLimit) {
  settings.route_dispatch_timeout = Millis(50);
  engine.on_acquire = [this](ActorId) -> Task<Result<std::shared_ptr<HostedActor>>> {
    co_await forever();
    co_return std::shared_ptr<HostedActor>();
  };
  start();
  RawClient raw = connect();
  EXPECT_EQ(raw.upgrade(path, kProtocol)->status, 101);
  EXPECT_EQ(raw.read_frame()->close_reason(), "guard.route_dispatch_timeout#ray");
}

TEST_F(WebSocket, ARefusedAdmissionIsWhatTheActorSays) {
  open = [](HttpRequest, std::shared_ptr<ClientSocket> socket) -> Task<Result<std::shared_ptr<ActorSocket>>> {
    socket->send({false, to_bytes("error frame")});
    socket->close(1011, "user.denied");
    co_return std::shared_ptr<ActorSocket>();
  };
  start();
  RawClient raw = connect();
  EXPECT_EQ(raw.upgrade(path, kProtocol)->status, 101);
  EXPECT_EQ(raw.read_frame()->payload, "error frame");
  EXPECT_EQ(raw.read_frame()->close_reason(), "user.denied");
}

TEST_F(WebSocket, TheHealthSocketAnswersPing) {
  settings.health_websocket = true;
  start();
  EXPECT_EQ(get("/health/ws").status, 426);
  EXPECT_EQ(get("/health/ws").body, "WebSocket-only endpoint");
  RawClient raw = connect();
  EXPECT_EQ(raw.upgrade("/health/ws")->status, 101);
  raw.send(RawClient::frame(1, "other") + RawClient::frame(2, "ping") + RawClient::frame(1, "ping"));
  EXPECT_EQ(raw.read_frame()->payload, "pong");
}

TEST_F(WebSocket, AStopSaysGoodbye) {
  start();
  RawClient raw = open_socket();
  server().stop_accepting();
  EXPECT_TRUE(client->send({false, to_bytes("still open")}));
  EXPECT_EQ(raw.read_frame()->payload, "still open");
  auto stopped = spawn(server().stop(Millis(10'000)));
  const auto close = raw.read_frame();
  ASSERT_TRUE(close);
  EXPECT_EQ(close->close_code(), 1001);
  EXPECT_EQ(close->close_reason(), "ws.going_away");
  raw.send(RawClient::frame(8, close->payload));
  EXPECT_TRUE(raw.at_end());
  stopped.get();
  EXPECT_EQ(actor->closed.wait()->first, 1001);
  EXPECT_EQ(server().stats().websockets, 0u);
}

}  // namespace
}  // namespace troupe
