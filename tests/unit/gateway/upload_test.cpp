#include "tests/unit/gateway/server_fixture.h"

namespace troupe {
namespace {

/// Bodies of raw requests, as the actor reads them from the socket.
class Uploads : public ServerTest {
 protected:
  Uploads() {
    engine.on_fetch = [this](ActorId, HttpRequest request, FetchOptions) { return handler(std::move(request)); };
    handler = [this](HttpRequest request) { return measure(std::move(request)); };
  }

  /// Reads to the end: its length and the sum of its bytes, or the error.
  Task<Result<HttpResponse>> measure(HttpRequest request) {
    std::size_t size = request.body.size(), sum = 0, pieces = 0;
    for (const auto byte : request.body) sum += byte;
    std::string error;
    while (request.stream) {
      auto piece = co_await request.stream->read();
      if (!piece) error = piece.error().id() + " " + request_reason(piece.error());
      if (!piece || !*piece) break;
      ++pieces;
      began.set(true);
      size += (*piece)->size();
      for (const auto byte : **piece) sum += byte;
    }
    measured.set(error.empty() ? std::to_string(size) + " " + std::to_string(sum) : error);
    streamed = pieces > 0;
    HttpResponse response;
    response.body = to_bytes(std::to_string(size) + " " + std::to_string(sum));
    co_return response;
  }
  static std::string request_reason(const Error& error) {
    const Value* reason = error.metadata() ? error.metadata()->find("reason") : nullptr;
    return reason ? std::string(reason->as_string().value_or("")) : "";
  }
  Task<Result<HttpResponse>> echo(HttpRequest request) {
    HttpResponse response;
    response.stream = request.stream;
    co_return response;
  }
  /// Answers without looking at the body.
  Task<Result<HttpResponse>> refuse(HttpRequest) {
    HttpResponse response;
    response.status = 403;
    co_return response;
  }
  Task<Result<HttpResponse>> wait_for_abort(HttpRequest request) {
    auto waiting = [this, signal = request.abort](Continuation<Done> rest) {
      auto kept = std::make_shared<Continuation<Done>>(std::move(rest));
      subscription = signal->on_abort([kept] { kept->post({}); });
    };
    began.set(true);
    co_await suspend<Done>(std::move(waiting));
    aborted.set(true);
    co_return HttpResponse();
  }

  static std::string head(const std::string& more, const std::string& rest = "/request/x") {
    return "POST " + std::string(kActor) + rest + " HTTP/1.1\r\nhost: h\r\n" + more + "\r\n";
  }
  static std::string chunk(std::string_view data) {
    char size[16];
    std::snprintf(size, sizeof size, "%zx", data.size());
    return std::string(size) + "\r\n" + std::string(data) + "\r\n";
  }

  std::function<Task<Result<HttpResponse>>(HttpRequest)> handler;
  Awaited<std::string> measured;
  Awaited<bool> began, aborted;
  std::atomic<bool> streamed{false};
  AbortSignal::Subscription subscription;
};

TEST_F(Uploads, ABodyIsReadPieceByPieceAndTheConnectionGoesOn) {
  start();
  RawClient client = connect();
  const std::string body(3'000'000, 'a');
  for (int i = 0; i < 2; ++i) {
    client.send(head("content-length: 3000000\r\n"));
    client.send(body);
    EXPECT_EQ(client.response()->body, "3000000 291000000");
    EXPECT_TRUE(streamed);
    client.send(head("transfer-encoding: chunked\r\n"));
    for (int c = 0; c < 30; ++c) client.send(chunk(std::string_view(body).substr(0, 100'000)));
    client.send("0\r\n\r\n");
    EXPECT_EQ(client.response()->body, "3000000 291000000");
  }
}

TEST_F(Uploads, OnlyRawRequestsAreStreamed) {
  start();
  RawClient client = connect();
  client.send(head("content-length: 100000\r\n", "/action/x"));
  client.send(std::string(100'000, 'a'));
  EXPECT_EQ(client.response()->body, "100000 9700000");
  EXPECT_FALSE(streamed);
}

TEST_F(Uploads, ATornBodyArrivesWholeWhereverItIsTorn) {
  start();
  const std::string body = chunk("hello") + chunk("wide world") + "0\r\n\r\n";
  RawClient client = connect();
  for (std::size_t at = 0; at <= body.size(); ++at) {
    client.send(head("transfer-encoding: chunked\r\n"));
    client.send(body.substr(0, at));
    client.send(body.substr(at));
    ASSERT_EQ(client.response()->body, "15 1541") << at;
  }
}

TEST_F(Uploads, ABodyCanBeSentBackWhileItComesIn) {
  handler = [this](HttpRequest request) { return echo(std::move(request)); };
  start();
  RawClient client = connect();
  client.send(head("transfer-encoding: chunked\r\n"));
  client.send(chunk("one"));
  EXPECT_EQ(client.response(true)->header("connection"), "close");
  EXPECT_EQ(client.read_until("one\r\n"), chunk("one"));
  client.send(chunk("two"));
  EXPECT_EQ(client.read_until("two\r\n"), chunk("two"));
  client.send("0\r\n\r\n");
  EXPECT_EQ(client.read_to_end(), "0\r\n\r\n");
}

TEST_F(Uploads, PermissionToSendIsGivenWhenTheActorReads) {
  start();
  RawClient client = connect();
  client.send(head("content-length: 5\r\nexpect: 100-continue\r\n"));
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hello");
  EXPECT_EQ(client.response()->body, "5 532");

  handler = [this](HttpRequest request) { return refuse(std::move(request)); };
  client.send(head("content-length: 5\r\nexpect: 100-continue\r\n"));
  EXPECT_EQ(client.response()->status, 403) << "nobody wants the body";
}

TEST_F(Uploads, AnAnswerBeforeTheEndOfTheBodyIsNotLost) {
  handler = [this](HttpRequest request) { return refuse(std::move(request)); };
  start();
  RawClient client = connect();
  client.send(head("content-length: 8000000\r\n"));
  const std::string piece(1'000'000, 'x');
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(client.send(piece));
  const auto answer = client.response();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 403);
  EXPECT_EQ(answer->header("connection"), "close");
}

TEST_F(Uploads, AtTheLimitABodyPassesAndOneByteMoreIsRefused) {
  settings.request_body_max = 100'000;
  start();
  for (const std::size_t size : {100'000u, 100'001u}) {
    const bool fits = size == 100'000;
    RawClient counted = connect();
    counted.send(head("content-length: " + std::to_string(size) + "\r\n"));
    counted.send(std::string(size, 'a'));
    EXPECT_EQ(counted.response()->status, fits ? 200 : 413);
    RawClient chunked = connect();
    chunked.send(head("transfer-encoding: chunked\r\n") + chunk(std::string(60'000, 'a')));
    chunked.send(chunk(std::string(size - 60'000, 'a')) + "0\r\n\r\n");
    const auto answer = chunked.response();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, fits ? 200 : 413);
    if (!fits) {
      EXPECT_NE(answer->body.find("request body exceeded the 100000-byte limit"), std::string::npos);
    }
  }
}

TEST_F(Uploads, ABrokenChunkEndsTheBodyWithAnError) {
  start();
  RawClient client = connect();
  client.send(head("transfer-encoding: chunked\r\n") + chunk("hello"));
  EXPECT_TRUE(began.wait());
  client.send("zz\r\nhello\r\n0\r\n\r\n");
  EXPECT_EQ(measured.wait(), "api.bad_request the request body is malformed");
  const auto answer = client.response();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(answer->header("x-rivet-error"), "api.bad_request");
  EXPECT_EQ(answer->header("connection"), "close");
}

TEST_F(Uploads, AClientThatLeavesInTheMiddleOfItsBodyIsNoticed) {
  start();
  {
    RawClient client = connect();
    client.send(head("content-length: 1000\r\n") + "abc");
  }
  EXPECT_EQ(measured.wait(), "guard.invalid_request_body the client went away");
}

TEST_F(Uploads, AClientThatLeavesBeforeItsAnswerAbortsTheRequest) {
  handler = [this](HttpRequest request) { return wait_for_abort(std::move(request)); };
  start();
  {
    RawClient client = connect();
    client.send("GET " + std::string(kActor) + "/request/x HTTP/1.1\r\nhost: h\r\n\r\n");
    EXPECT_TRUE(began.wait());
  }
  EXPECT_TRUE(aborted.wait());
}

TEST_F(Uploads, AClientThatLeavesBeforeItsMessageIsCompletedEndsTheWait) {
  handler = [this](HttpRequest request) { return wait_for_abort(std::move(request)); };
  start();
  {
    RawClient client = connect();
    client.send("POST " + std::string(kActor) + "/queue/jobs HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\n{}");
    EXPECT_TRUE(began.wait());
  }
  EXPECT_TRUE(aborted.wait());
}

TEST_F(Uploads, AnActionDoesNotHearOfItsClient) {
  handler = [this](HttpRequest request) -> Task<Result<HttpResponse>> {
    EXPECT_EQ(request.abort, nullptr);
    began.set(true);
    co_return HttpResponse();
  };
  start();
  RawClient client = connect();
  client.send("POST " + std::string(kActor) + "/action/act HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\n{}");
  EXPECT_TRUE(began.wait());
  EXPECT_EQ(client.response()->status, 200);
}

TEST_F(Uploads, AStopOfTheServerAbortsTheRequest) {
  handler = [this](HttpRequest request) { return wait_for_abort(std::move(request)); };
  start();
  RawClient client = connect();
  client.send("GET " + std::string(kActor) + "/request/x HTTP/1.1\r\nhost: h\r\n\r\n");
  EXPECT_TRUE(began.wait());
  spawn(server().stop(Millis(20))).get();
  EXPECT_TRUE(aborted.wait());
}

TEST_F(Uploads, AClientThatStopsSendingIsGivenUp) {
  settings.body_timeout = Millis(50);
  start();
  RawClient client = connect();
  client.send(head("content-length: 1000\r\n") + "abc");
  EXPECT_EQ(client.response()->status, 408);
  EXPECT_TRUE(measured.wait());
}

TEST_F(Uploads, WhatNobodyReadsIsNotTakenFromTheClient) {
  handler = [this](HttpRequest request) { return wait_for_abort(std::move(request)); };
  start();
  RawClient client = connect();
  client.send(head("content-length: 20000000\r\n") + "abc");
  EXPECT_TRUE(began.wait());
  EXPECT_LT(client.send_what_fits(std::string(20'000'000, 'x')), 19'000'000U);
  spawn(server().stop(Millis(20))).get();
  EXPECT_TRUE(aborted.wait());
}

}  // namespace
}  // namespace troupe
