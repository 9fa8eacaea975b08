#include <boost/asio/post.hpp>

#include "tests/unit/gateway/server_fixture.h"

namespace troupe {
namespace {

using HttpServer = ServerTest;

std::string request(const std::string& target, const std::string& headers = "", const std::string& body = "",
                    const std::string& method = "POST") {
  std::string out = method + " " + target + " HTTP/1.1\r\nhost: h\r\n" + headers;
  if (!body.empty()) out += "content-length: " + std::to_string(body.size()) + "\r\n";
  return out + "\r\n" + body;
}

TEST_F(HttpServer, AnswersManagementRequestsOnAKeptConnection) {
  start();
  RawClient client = connect();
  for (int i = 0; i < 3; ++i) {
    client.send(request("/actors?x=1", "", "abc"));
    const auto answer = client.response();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "POST /actors?x=1 3");
    EXPECT_EQ(answer->header("x-rivet-ray-id").size(), 30u);
    EXPECT_EQ(answer->header("x-rivet-error"), "<none>");
    EXPECT_EQ(answer->header("access-control-allow-origin"), "<none>");
    EXPECT_EQ(answer->header("date").size(), 29u);
  }
  EXPECT_EQ(server().stats().requests, 3u);
  EXPECT_EQ(server().stats().connections, 1u);
}

TEST_F(HttpServer, EchoesValidRayIdsAndReplacesOthers) {
  start();
  EXPECT_EQ(get("/x", "X-Rivet-Ray-Id: my-Ray_1\r\n").header("x-rivet-ray-id"), "my-Ray_1");
  EXPECT_EQ(get("/x", "x-rivet-ray-id: no good\r\n").header("x-rivet-ray-id").size(), 30u);
}

TEST_F(HttpServer, TheActorSeesCleanHeadersAndItsOwnPath) {
  HttpRequest seen;
  engine.on_fetch = [&](ActorId, HttpRequest r, FetchOptions options) -> Task<Result<HttpResponse>> {
    seen = std::move(r);
    EXPECT_TRUE(options.skip_ready_wait);
    co_return HttpResponse{};
  };
  start();
  RawClient client = connect();
  client.send(
      "PROPFIND " + std::string(kActor) +
      "/request/a?b=c HTTP/1.1\r\nHost: h\r\nCookie: a=1\r\nCookie: b=2\r\nX-Umlaut: \xC3\xA4\r\nTE: trailers\r\n"
      "Connection: keep-alive\r\nKeep-Alive: 5\r\nProxy-Authorization: x\r\nAuthorization: y\r\n"
      "X-Rivet-Ray-Id: ray\r\nX-Rivet-Skip-Ready-Wait: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Trailer: t\r\n\r\n");
  ASSERT_EQ(client.response()->status, 200);
  EXPECT_EQ(seen.method, "PROPFIND");
  EXPECT_EQ(seen.target, "/request/a?b=c");
  EXPECT_EQ(to_string(seen.body), "abcde");
  EXPECT_EQ(*seen.headers.find("cookie"), "b=2");
  EXPECT_EQ(*seen.headers.find("authorization"), "y");
  EXPECT_EQ(*seen.headers.find("host"), "h");
  EXPECT_EQ(*seen.headers.find("x-rivet-ray-id"), "ray");
  for (const auto* gone : {"x-umlaut", "te", "connection", "keep-alive", "proxy-authorization", "transfer-encoding",
                           "x-trailer", "x-forwarded-for"})
    EXPECT_EQ(seen.headers.find(gone), nullptr) << gone;
}

TEST_F(HttpServer, AnActorsAnswerGetsCorsAndRayAndItsOwnFraming) {
  engine.on_fetch = [](ActorId, HttpRequest, FetchOptions) -> Task<Result<HttpResponse>> {
    HttpResponse response;
    response.status = 201;
    for (const auto& [name, value] : std::vector<HttpHeaders::Field>{{"access-control-allow-origin", "http://evil"},
                                                                     {"vary", "Accept"},
                                                                     {"x-rivet-ray-id", "spoofed"},
                                                                     {"content-length", "9999"},
                                                                     {"transfer-encoding", "chunked"},
                                                                     {"connection", "close"},
                                                                     {"date", "never"},
                                                                     {"X-Mixed", "Case"},
                                                                     {"x-split", "a\r\nx-injected: b"},
                                                                     {"x-rivet-actor", "id"}})
      response.headers.set(name, value);
    response.body = to_bytes("hello");
    co_return response;
  };
  start();
  const auto plain = get(std::string(kActor) + "/x", "x-rivet-ray-id: r\r\n");
  EXPECT_EQ(plain.status, 201);
  EXPECT_EQ(plain.body, "hello");
  EXPECT_EQ(plain.header("access-control-allow-origin"), "*");
  EXPECT_EQ(plain.header("access-control-allow-credentials"), "true");
  EXPECT_EQ(plain.header("access-control-expose-headers"), "*");
  EXPECT_EQ(plain.header("vary"), "Accept");
  EXPECT_EQ(plain.header("x-rivet-ray-id"), "r");
  EXPECT_EQ(plain.header("content-length"), "5");
  EXPECT_EQ(plain.header("transfer-encoding"), "<none>");
  EXPECT_EQ(plain.header("x-mixed"), "Case");
  EXPECT_EQ(plain.header("x-split"), "<none>");
  EXPECT_EQ(plain.header("x-injected"), "<none>");
  EXPECT_EQ(plain.header("x-rivet-actor"), "id");
  EXPECT_EQ(plain.header("x-rivet-error"), "<none>");
  const auto with_origin = get(std::string(kActor) + "/x", "origin: http://o\r\n");
  EXPECT_EQ(with_origin.header("access-control-allow-origin"), "http://o");
  EXPECT_EQ(with_origin.header("vary"), "Origin");
}

TEST_F(HttpServer, PreflightsAreAnsweredWithoutTheActor) {
  start();
  const auto plain = get("/gateway/any", "", "OPTIONS");
  EXPECT_EQ(plain.status, 204);
  EXPECT_EQ(plain.header("content-length"), "<none>");
  EXPECT_EQ(plain.header("access-control-allow-origin"), "*");
  EXPECT_EQ(plain.header("access-control-allow-methods"), "GET, POST, PUT, DELETE, OPTIONS, PATCH");
  EXPECT_EQ(plain.header("access-control-allow-headers"), "*");
  EXPECT_EQ(plain.header("access-control-max-age"), "86400");
  EXPECT_EQ(plain.header("vary"), "<none>");
  const auto browser =
      get("/x", "origin: http://o\r\nx-rivet-target: actor\r\naccess-control-request-headers: a,b\r\n", "OPTIONS");
  EXPECT_EQ(browser.header("access-control-allow-origin"), "http://o");
  EXPECT_EQ(browser.header("access-control-allow-headers"), "a,b");
  EXPECT_EQ(browser.header("vary"), "Origin");
  EXPECT_EQ(engine.fetches, 0);
}

TEST_F(HttpServer, RefusalsAreJsonErrors) {
  start();
  const auto missing = get("/request", "x-rivet-target: actor\r\norigin: http://o\r\n");
  EXPECT_EQ(missing.status, 400);
  EXPECT_EQ(
      missing.body,
      R"({"group":"guard","code":"missing_header","message":"Missing x-rivet-actor header.","metadata":{"header":"x-rivet-actor"}})");
  EXPECT_EQ(missing.header("content-type"), "application/json");
  EXPECT_EQ(missing.header("x-rivet-error"), "guard.missing_header");
  EXPECT_EQ(missing.header("access-control-allow-origin"), "http://o");
  const auto no_route = get("/x", "x-rivet-target: bogus\r\n");
  EXPECT_EQ(no_route.status, 404);
  EXPECT_EQ(no_route.header("access-control-allow-origin"), "<none>");
  EXPECT_EQ(
      no_route.body,
      R"({"group":"guard","code":"no_route","message":"No route found for hostname h, path /x.","metadata":{"host":"h","path":"/x"}})");
}

TEST_F(HttpServer, HeadAnswersHaveNoBody) {
  start();
  RawClient client = connect();
  client.send("HEAD " + std::string(kActor) + "/x HTTP/1.1\r\nhost: h\r\n\r\n");
  EXPECT_EQ(client.response(true)->header("content-length"), "0");
  client.send("HEAD /health HTTP/1.1\r\nhost: h\r\n\r\n");
  EXPECT_EQ(client.response(true)->header("content-length"), "14");
  client.send("GET /x HTTP/1.1\r\nhost: h\r\n\r\n");
  EXPECT_EQ(client.response()->body, "GET /x 0");
}

TEST_F(HttpServer, PipelinedRequestsAreAnsweredInOrder) {
  start();
  RawClient client = connect();
  std::string all;
  for (int i = 0; i < 50; ++i)
    all += request("/n" + std::to_string(i), "", std::string(static_cast<std::size_t>(i), 'x'));
  client.send(all);
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(client.response()->body, "POST /n" + std::to_string(i) + " " + std::to_string(i));
}

TEST_F(HttpServer, AnyTornRequestIsReadWhenItsRestArrives) {
  start();
  const std::string head = "POST /torn HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n";
  const std::pair<std::string, std::string> requests[] = {
      {request("/torn", "x-a: b\r\n", "body!"), "POST /torn 5"},
      {head + "3\r\nabc\r\n0\r\n\r\n", "POST /torn 3"},
      {head + "0\r\n\r\n", "POST /torn 0"},
      {head + "0\r\nx-trailer: y\r\n\r\n", "POST /torn 0"},
  };
  for (const auto& [whole, expected] : requests) {
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
      RawClient client = connect();
      client.send(whole.substr(0, cut));
      client.send(whole.substr(cut));
      const auto answer = client.response();
      ASSERT_TRUE(answer) << cut;
      EXPECT_EQ(answer->body, expected) << cut;
    }
  }
}

TEST_F(HttpServer, ARequestThatEndsEarlyIsNotServed) {
  start();
  const std::string whole = request("/torn", "x-a: b\r\n", "body!");
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    RawClient client = connect();
    client.send(whole.substr(0, cut));
    client.finish_sending();
    EXPECT_TRUE(client.at_end()) << cut;
  }
  EXPECT_EQ(server().stats().requests, 0u);
}

TEST_F(HttpServer, ByteByByteRequestsAreRead) {
  start();
  RawClient client = connect();
  const std::string head = "POST /slow HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n";
  for (const auto* body : {"2\r\nab\r\n0\r\n\r\n", "0\r\n\r\n", "0;x=y\r\nt: u\r\n\r\n"}) {
    for (const char c : head + body) client.send(std::string_view(&c, 1));
    EXPECT_EQ(client.response()->body, std::string("POST /slow ") + (body[0] == '2' ? "2" : "0"));
  }
}

TEST_F(HttpServer, MalformedRequestsAre400AndClosed) {
  start();
  for (const std::string bad :
       {"GET\r\n\r\n", "\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n",
        "GET / HTTP/1.1\r\nx: a\x01z\r\n\r\n", "GET * HTTP/1.1\r\n\r\n", "CONNECT h:1 HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n", "POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked, gzip\r\n\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc"}) {
    RawClient client = connect();
    client.send(bad);
    const auto answer = client.response();
    ASSERT_TRUE(answer) << bad;
    EXPECT_EQ(answer->status, 400) << bad;
    EXPECT_EQ(answer->header("content-length"), "0");
    EXPECT_EQ(answer->header("connection"), "close");
    EXPECT_EQ(answer->header("x-rivet-ray-id"), "<none>");
    client.finish_sending();
    EXPECT_TRUE(client.at_end());
  }
}

TEST_F(HttpServer, TargetsAreLimited) {
  settings.request_target_max = 100;
  start();
  EXPECT_EQ(get("/" + std::string(99, 'a')).status, 200);
  const auto refused = get("/" + std::string(100, 'a'));
  EXPECT_EQ(refused.status, 414);
  EXPECT_EQ(refused.body, "");
  EXPECT_EQ(refused.header("x-rivet-ray-id"), "<none>");
}

TEST_F(HttpServer, TheDefaultLimitsMatchTheReference) {
  start();
  EXPECT_EQ(get("/" + std::string(65'399, 'a')).status, 200);
  EXPECT_EQ(get("/" + std::string(65'599, 'a')).status, 414);
  EXPECT_EQ(get("/" + std::string(500'000, 'a')).status, 414);
  EXPECT_EQ(get("/x", "x-big: " + std::string(418'000, 'a') + "\r\n").status, 200);
  EXPECT_EQ(get("/x", "x-big: " + std::string(430'000, 'a') + "\r\n").status, 431);
  std::string half = std::string(250'000, 'a') + "\r\n";
  EXPECT_EQ(get("/x", "x-a: " + half + "x-b: " + half).status, 431);
}

TEST_F(HttpServer, HeaderFieldsAreCounted) {
  start();
  // `get` adds two.
  std::string fields;
  for (int i = 0; i < 98; ++i) fields += "x-" + std::to_string(i) + ": v\r\n";
  EXPECT_EQ(get("/x", fields).status, 200);
  EXPECT_EQ(get("/x", fields + "x-more: v\r\n").status, 431);
}

TEST_F(HttpServer, BodiesAreLimitedHoweverTheyAreFramed) {
  settings.request_body_max = 1000;
  start();
  const auto chunked = [](std::size_t size) {
    const std::string half(size / 2, 'x'), rest(size - size / 2, 'x');
    const auto hex = [](std::size_t n) {
      char text[32];
      std::snprintf(text, sizeof text, "%zx\r\n", n);
      return std::string(text);
    };
    return "POST /x HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n" + hex(half.size()) + half + "\r\n" +
           hex(rest.size()) + rest + "\r\n0\r\n\r\n";
  };
  for (const std::string& fits : {request("/x", "", std::string(1000, 'x')), chunked(1000)}) {
    RawClient client = connect();
    client.send(fits);
    EXPECT_EQ(client.response()->body, "POST /x 1000");
  }
  for (const std::string& large : {request("/x", "", std::string(1001, 'x')), chunked(1001)}) {
    RawClient client = connect();
    client.send(large);
    const auto answer = client.response();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 413);
    EXPECT_EQ(answer->header("x-rivet-error"), "guard.invalid_request_body");
    EXPECT_NE(answer->body.find(R"("metadata":{"reason":"length limit exceeded"})"), std::string::npos);
    EXPECT_EQ(answer->header("access-control-allow-origin"), "<none>");
    client.finish_sending();
    EXPECT_TRUE(client.at_end());
  }
  RawClient actor = connect();
  actor.send(request(std::string(kActor) + "/x", "", std::string(1001, 'x')));
  EXPECT_EQ(actor.response()->header("access-control-allow-origin"), "*");
}

TEST_F(HttpServer, ABodyWithAMalformedChunkIsABadRequestWithAReason) {
  settings.request_body_max = 1'000;
  start();
  const std::string head = "POST /x HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n";
  // No size, no end of a chunk, a size beyond all numbers, a line that has no end, and a quoted string that has none.
  for (const std::string& body :
       {std::string("zz\r\n"), std::string("3\r\nabcdef\r\n"), std::string("fffffffffffffffff\r\n"),
        "1;" + std::string(1 << 20, 'x'), std::string("3\r\nabc\r\n1;a=\"b\\\"\r\n"), std::string("0;a=\"\r\n\r\n")}) {
    RawClient client = connect();
    client.send(head + body);
    const auto answer = client.response();
    ASSERT_TRUE(answer) << body.substr(0, 20);
    EXPECT_EQ(answer->status, 400) << body.substr(0, 20);
    EXPECT_EQ(answer->header("x-rivet-error"), "api.bad_request");
    EXPECT_NE(answer->body.find(R"("metadata":{"reason":"the request body is malformed"})"), std::string::npos);
  }
}

TEST_F(HttpServer, BodiesThatArriveAtOneTimeAreLimitedTogether) {
  settings.request_bodies_max = 300'000;
  start();
  const std::string head = "POST /x HTTP/1.1\r\nhost: h\r\ncontent-length: 400001\r\n\r\n";
  RawClient first = connect(), second = connect();
  first.send(head + std::string(200'000, 'x'));
  second.send(head + std::string(200'000, 'x'));
  first.send(std::string(100'001, 'x'));
  second.send(std::string(100'001, 'x'));
  EXPECT_EQ(first.response()->status, 503);
  EXPECT_EQ(second.response()->status, 503);
  first.close();
  second.close();
  RawClient third = connect();
  third.send(request("/x", "", std::string(290'000, 'x')));
  EXPECT_EQ(third.response()->body, "POST /x 290000");
}

TEST_F(HttpServer, ARefusedUploadCanBeSentToItsEnd) {
  start();
  RawClient client = connect();
  client.send("POST /x HTTP/1.1\r\nhost: h\r\ncontent-length: 31000000\r\n\r\n");
  const std::string piece(1'000'000, 'x');
  for (int i = 0; i < 31; ++i) EXPECT_TRUE(client.send(piece));
  EXPECT_EQ(client.response()->status, 413);
}

TEST_F(HttpServer, LargeBodiesArriveWhole) {
  std::size_t sum = 0;
  engine.on_fetch = [&](ActorId, HttpRequest r, FetchOptions) -> Task<Result<HttpResponse>> {
    for (const auto byte : r.body) sum += byte;
    HttpResponse response;
    response.body = std::move(r.body);
    co_return response;
  };
  start();
  std::string body(20u << 20, '\0');
  std::size_t expected = 0;
  for (std::size_t i = 0; i < body.size(); ++i) {
    body[i] = static_cast<char>(i * 31 >> 3);
    expected += static_cast<unsigned char>(body[i]);
  }
  RawClient client = connect();
  client.send(request(std::string(kActor) + "/x", "", body));
  const auto answer = client.response();
  ASSERT_TRUE(answer && answer->complete);
  EXPECT_EQ(sum, expected);
  EXPECT_TRUE(answer->body == body);
}

TEST_F(HttpServer, ContinueIsSentWhenAskedFor) {
  start();
  RawClient client = connect();
  client.send("POST /x HTTP/1.1\r\nhost: h\r\nexpect: 100-Continue\r\ncontent-length: 3\r\n\r\n");
  EXPECT_EQ(client.response()->status, 100);
  client.send("abc");
  EXPECT_EQ(client.response()->body, "POST /x 3");
  client.send("POST /x HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 99000000\r\n\r\n");
  EXPECT_EQ(client.response()->status, 413);
}

TEST_F(HttpServer, AbsoluteTargetsAreServed) {
  start();
  EXPECT_EQ(get("http://h:1/actors?x=1").body, "GET /actors?x=1 0");
  EXPECT_EQ(get("http://h").body, "GET / 0");
  EXPECT_EQ(get("http://h?x").body, "GET /?x 0");
}

TEST_F(HttpServer, Http10ClosesUnlessAskedToKeep) {
  start();
  RawClient client = connect();
  client.send("GET /a HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
  const auto kept = client.response();
  EXPECT_EQ(kept->body, "GET /a 0");
  EXPECT_EQ(kept->header("connection"), "keep-alive");
  client.send("GET /b HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.response()->header("connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST_F(HttpServer, StalledRequestsTimeOut) {
  settings.header_timeout = Millis(50);
  settings.body_timeout = Millis(50);
  settings.idle_timeout = Millis(100);
  start();
  RawClient head = connect();
  head.send("GET / HT");
  EXPECT_EQ(head.response()->status, 408);
  RawClient body = connect();
  body.send("POST / HTTP/1.1\r\ncontent-length: 10\r\n\r\nabc");
  EXPECT_EQ(body.response()->status, 408);
  RawClient idle = connect();
  EXPECT_TRUE(idle.at_end());
  RawClient kept = connect();
  kept.send(request("/x"));
  EXPECT_EQ(kept.response()->status, 200);
  EXPECT_TRUE(kept.at_end());
}

TEST_F(HttpServer, AnActorThatNeverAnswersIsA504) {
  settings.response_start_timeout = Millis(50);
  engine.on_fetch = [this](ActorId, HttpRequest, FetchOptions) -> Task<Result<HttpResponse>> {
    co_await forever();
    co_return HttpResponse{};
  };
  start();
  const auto answer = get(std::string(kActor) + "/x");
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.header("x-rivet-error"), "guard.gateway_response_start_timeout");
  EXPECT_EQ(answer.header("access-control-allow-origin"), "*");
  EXPECT_NE(answer.body.find(R"("timeout_ms":50)"), std::string::npos);
}

TEST_F(HttpServer, AQueryThatIsNeverResolvedIsA504) {
  settings.resolve_query_timeout = Millis(50);
  engine.fake_directory.on_find_by_key = [this](std::string, std::string) -> Task<Result<std::optional<ActorId>>> {
    co_await forever();
    co_return std::optional<ActorId>();
  };
  start();
  const auto answer = get("/gateway/n/x?rvt-namespace=default&rvt-method=get");
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.header("x-rivet-error"), "pegboard.route_resolve_query_timeout");
}

TEST_F(HttpServer, AFullServerServesTheNextClientOnceAPlaceIsFree) {
  settings.connections_max = 1;
  start();
  RawClient first = connect();
  first.send(request("/a"));
  EXPECT_EQ(first.response()->status, 200);
  RawClient second = connect();
  second.send(request("/b"));
  first.close();
  EXPECT_EQ(second.response()->body, "POST /b 0");
}

TEST_F(HttpServer, TwoServersCannotShareAPort) {
  start();
  ServerSettings same;
  same.host = "127.0.0.1";
  same.port = server().port();
  const auto second = make_server(ports(), same, engine, management);
  const auto listening = second->listen();
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().id(), "server.port_in_use");
  same.host = "203.0.113.1";
  EXPECT_EQ(make_server(ports(), same, engine, management)->listen().error().id(), "server.listen_failed");
}

TEST_F(HttpServer, AStopLetsTheRunningRequestFinish) {
  Awaited<bool> arrived;
  auto finish = std::make_shared<Signal>();
  Executor actor;
  engine.on_fetch = [&](ActorId, HttpRequest, FetchOptions) -> Task<Result<HttpResponse>> {
    actor = co_await boost::asio::this_coro::executor;
    arrived.set(true);
    co_await finish->wait();
    HttpResponse response;
    response.body = to_bytes("late");
    co_return response;
  };
  start();
  RawClient idle = connect();
  idle.send(request("/x"));
  EXPECT_EQ(idle.response()->status, 200);
  RawClient busy = connect();
  busy.send(request(std::string(kActor) + "/x"));
  ASSERT_TRUE(arrived.wait());
  server().stop_accepting();
  EXPECT_TRUE(idle.at_end());
  boost::asio::post(actor, [finish] { finish->notify_all(); });
  const auto answer = busy.response();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "late");
  EXPECT_EQ(answer->header("connection"), "close");
  EXPECT_TRUE(busy.at_end());
  spawn(server().stop(Millis(10'000))).get();
  EXPECT_EQ(server().stats().connections, 0u);
  EXPECT_THROW(connect(), std::runtime_error);
}

TEST_F(HttpServer, AStopCutsWhatIsLeftAfterItsLimit) {
  Awaited<bool> arrived;
  engine.on_fetch = [&](ActorId, HttpRequest, FetchOptions) -> Task<Result<HttpResponse>> {
    arrived.set(true);
    co_await forever();
    co_return HttpResponse{};
  };
  start();
  RawClient busy = connect();
  busy.send(request(std::string(kActor) + "/x"));
  ASSERT_TRUE(arrived.wait());
  spawn(server().stop(Millis(20))).get();
  EXPECT_TRUE(busy.at_end());
}

}  // namespace
}  // namespace troupe
