#include <gtest/gtest.h>

#include "engine/base/errors.h"
#include "engine/clientproto/decode.h"
#include "engine/clientproto/encode.h"
#include "engine/hosts/local/client_front.h"
#include "fakes.h"

namespace troupe {
namespace {

using clientproto::Encoding;
using Connect = ActorInstance::Connect;

class Pieces final : public BodyStream {
 public:
  explicit Pieces(std::deque<Bytes> pieces) : pieces_(std::move(pieces)) {}
  Task<Result<std::optional<Bytes>>> read() override {
    std::optional<Bytes> piece;
    if (!pieces_.empty()) {
      piece = std::move(pieces_.front());
      pieces_.pop_front();
    }
    co_return piece;
  }
  void cancel() override { cancelled = true; }
  bool cancelled = false;

 private:
  std::deque<Bytes> pieces_;
};

class HttpFront : public testing::Test {
 protected:
  VirtualWorld world;
  std::shared_ptr<FakeActor> actor = std::make_shared<FakeActor>(world.ports().io);

  static HttpRequest post(std::string target, Bytes body, HttpHeaders headers = {}) {
    HttpRequest request;
    request.method = "POST";
    request.target = std::move(target);
    request.headers = std::move(headers);
    request.body = std::move(body);
    return request;
  }
  static HttpRequest get(std::string target, std::string method = "GET") {
    HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    return request;
  }

  Result<HttpResponse> try_fetch(HttpRequest request) { return world.run(front_fetch(actor, std::move(request))); }
  HttpResponse fetch(HttpRequest request) { return try_fetch(std::move(request)).value(); }

  static std::string text(const HttpResponse& response) { return to_string(response.body); }
  static std::string header(const HttpResponse& response, std::string_view name) {
    const std::string* value = response.headers.find(name);
    return value ? *value : "(none)";
  }
  void expect_names_the_actor(const HttpResponse& response) {
    EXPECT_EQ(header(response, "x-rivet-actor"), actor->info_.actor_id);
    EXPECT_EQ(header(response, "x-rivet-actor-generation"), "3");
    EXPECT_EQ(header(response, "x-rivet-actor-key"), "a/b");
  }

  static constexpr const char* kMalformed =
      R"({"actor":{"actorId":"92b8glxz44e4mbci1ksehb7tq8dl00","generation":3,"key":"a/b"},"code":"internal_error","group":"core","message":"An internal error occurred"})";
};

TEST_F(HttpFront, AnActionGetsItsArgumentsAndParamsAndAnswersInTheEncodingOfTheRequest) {
  std::vector<std::string> seen;
  actor->on_transient_action = [&](Connect connect, std::string name, Bytes args) -> Task<Result<Bytes>> {
    seen.push_back(name + cbor_to_json(args).value() + cbor_to_json(connect.params).value() + connect.request.target);
    EXPECT_FALSE(connect.hibernatable);
    EXPECT_TRUE(connect.request.body.empty());
    co_return cbor(R"([{"a":1}])");
  };
  const std::pair<const char*, Encoding> encodings[] = {
      {"json", Encoding::json}, {"cbor", Encoding::cbor}, {"bare", Encoding::bare}, {"other", Encoding::json}};
  for (const auto& [name, encoding] : encodings) {
    Bytes body = clientproto::encode(encoding, clientproto::HttpActionRequest{cbor("[1,2]")}).value();
    const auto response = fetch(
        post("/action/a%20b", std::move(body), {{"x-rivet-encoding", name}, {"x-rivet-conn-params", R"({"t":1})"}}));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(header(response, "content-type"), clientproto::content_type(encoding));
    expect_names_the_actor(response);
    EXPECT_EQ(clientproto::decode_http_action_response(encoding, response.body)->output, cbor(R"([{"a":1}])"));
    ASSERT_FALSE(seen.empty());
    EXPECT_EQ(seen.back(), R"(a b[1,2]{"t":1}/action/a%20b)");
  }
  EXPECT_EQ(seen.size(), 4U);
}

TEST_F(HttpFront, AnActionWithoutResultAnswersUndefined) {
  EXPECT_EQ(text(fetch(post("/action/get", to_bytes("{}")))), R"({"output":["$Undefined",0]})");
}

TEST_F(HttpFront, TheWrongMethodIsRefusedBeforeAnythingElse) {
  for (const char* path : {"/action/get", "/queue/jobs"}) {
    const auto response = fetch(get(std::string(path) + "?x=1"));
    EXPECT_EQ(response.status, 405);
    EXPECT_EQ(
        text(response),
        std::string(
            R"({"actor":{"actorId":"92b8glxz44e4mbci1ksehb7tq8dl00","generation":3,"key":"a/b"},"code":"method_not_allowed","group":"actor","message":"Method not allowed","metadata":{"method":"GET","path":")") +
            path + R"("}})");
    expect_names_the_actor(response);
  }
  for (const char* path : {"/health", "/metadata", "/metrics", "/"})
    for (const char* method : {"HEAD", "POST"}) EXPECT_EQ(fetch(get(path, method)).status, 405) << path;
}

TEST_F(HttpFront, BodiesUpToTheLimitAreAcceptedAndLongerOnesRefused) {
  std::string body = R"({"args":[")" + std::string(65'536 - 13, 'x') + R"("]})";
  ASSERT_EQ(body.size(), 65'536U);
  EXPECT_EQ(fetch(post("/action/get", to_bytes(body))).status, 200);
  body += ' ';
  for (const char* path : {"/action/get", "/queue/jobs"}) {
    const auto response = fetch(post(path, to_bytes(body)));
    EXPECT_EQ(response.status, 400);
    EXPECT_NE(
        text(response).find(R"("code":"incoming_too_long","group":"message","message":"Incoming message too long")"),
        std::string::npos);
  }
}

TEST_F(HttpFront, AResultBeyondTheLimitIsRefused) {
  actor->definition_.options.max_outgoing_message_size = 20;
  std::string item(7, 'x');
  actor->on_transient_action = [&](Connect, std::string, Bytes) -> Task<Result<Bytes>> {
    co_return cbor("\"" + item + "\"");
  };
  EXPECT_EQ(fetch(post("/action/get", to_bytes("{}"))).body.size(), 20U);
  item += 'x';
  const auto response = fetch(post("/action/get", to_bytes("{}")));
  EXPECT_EQ(response.status, 400);
  EXPECT_NE(text(response).find(R"("code":"outgoing_too_long")"), std::string::npos);
}

TEST_F(HttpFront, MalformedBodiesAndParamsAreBadRequestsOfActionsAndQueues) {
  for (const char* path : {"/action/get", "/queue/jobs"}) {
    for (const char* body : {"", "nope"}) {
      const auto response = fetch(post(path, to_bytes(body)));
      EXPECT_EQ(response.status, 400);
      EXPECT_EQ(text(response), kMalformed);
    }
    const auto response = fetch(post(path, to_bytes("{}"), {{"x-rivet-conn-params", "{"}}));
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(text(response), kMalformed);
  }
}

TEST_F(HttpFront, ErrorsOfUsersAreShownAndOthersMasked) {
  std::optional<Error> error;
  actor->on_transient_action = [&](Connect, std::string, Bytes) -> Task<Result<Bytes>> { co_return *error; };
  error = user_error("cc", "user boom", Value::object({{"a", 1}}));
  auto response = fetch(post("/action/get", to_bytes("{}")));
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(
      text(response),
      R"({"actor":{"actorId":"92b8glxz44e4mbci1ksehb7tq8dl00","generation":3,"key":"a/b"},"code":"cc","group":"user","message":"user boom","metadata":{"a":1}})");

  error = Error("sqlite", "writer_busy", "secret", Value(1), "more secret");
  response = fetch(post("/action/get", to_bytes("{}"), {{"x-rivet-encoding", "json"}}));
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(text(response).find("secret"), std::string::npos);
  EXPECT_NE(text(response).find(R"("code":"writer_busy","group":"sqlite","message":"An internal error occurred")"),
            std::string::npos);

  error = make_error("actor", "action_not_found", Value::object({{"name", "nope"}}));
  response = fetch(post("/action/nope", Bytes{4, 0, 1, 0x80}, {{"x-rivet-encoding", "bare"}}));
  EXPECT_EQ(response.status, 404);
  const auto decoded = clientproto::decode_http_response_error(Encoding::bare, response.body).value();
  EXPECT_EQ(decoded.message, "Action `nope` was not found.");
  EXPECT_EQ(decoded.actor, (clientproto::ActorSpecifier{actor->info_.actor_id, 3, "a/b"}));
}

TEST_F(HttpFront, AStopBeforeTheActorsCodeRanIsHandedUpAndALaterOneAnswered) {
  bool begins = false;
  const auto stopping = [&](Connect connect) {
    *connect.began = begins;
    return make_error("actor", "stopping");
  };
  actor->on_transient_action = [&](Connect c, std::string, Bytes) -> Task<Result<Bytes>> { co_return stopping(c); };
  actor->on_request = [&](Connect c, HttpRequest) -> Task<Result<HttpResponse>> { co_return stopping(c); };
  actor->on_queue_send = [&](Connect c, QueueSend) -> Task<Result<QueueSent>> { co_return stopping(c); };
  for (const char* path : {"/action/get", "/queue/jobs", "/request/x"}) {
    begins = false;
    const auto handed_up = try_fetch(post(path, to_bytes("{}")));
    ASSERT_FALSE(handed_up) << path;
    EXPECT_EQ(handed_up.error().id(), "actor.stopping");
    begins = true;
    EXPECT_EQ(fetch(post(path, to_bytes("{}"))).status, 500) << path;
  }
  begins = false;
  HttpRequest streamed = post("/action/get", {});
  streamed.stream = std::make_shared<Pieces>(std::deque<Bytes>{to_bytes("{}")});
  EXPECT_EQ(fetch(std::move(streamed)).status, 500) << "the stream is used up, so the request cannot be repeated";
}

TEST_F(HttpFront, StreamedBodiesAreCollectedUpToTheLimit) {
  HttpRequest request = post("/action/get", {});
  request.stream = std::make_shared<Pieces>(std::deque<Bytes>{to_bytes(R"({"ar)"), to_bytes(R"(gs":[1]})")});
  actor->on_transient_action = [&](Connect, std::string, Bytes args) -> Task<Result<Bytes>> { co_return args; };
  EXPECT_EQ(text(fetch(std::move(request))), R"({"output":[1]})");

  auto endless = std::make_shared<Pieces>(std::deque<Bytes>{Bytes(65'536), Bytes(1)});
  HttpRequest too_long = post("/action/get", {});
  too_long.stream = endless;
  EXPECT_EQ(fetch(std::move(too_long)).status, 400);
  EXPECT_TRUE(endless->cancelled);
}

TEST_F(HttpFront, AQueueMessageIsSentAndItsAnswerEncoded) {
  std::vector<QueueSend> sent;
  Result<QueueSent> outcome = QueueSent();
  actor->on_queue_send = [&](Connect connect, QueueSend message) -> Task<Result<QueueSent>> {
    EXPECT_EQ(connect.params, Bytes{0xf6});
    sent.push_back(std::move(message));
    co_return outcome;
  };
  const auto plain = fetch(post("/queue/jo%20bs", to_bytes(R"({"body":1})")));
  EXPECT_EQ(plain.status, 200);
  EXPECT_EQ(text(plain), R"({"status":"completed"})");
  expect_names_the_actor(plain);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].name, "jo bs");
  EXPECT_EQ(sent[0].body, Bytes{0x01});
  EXPECT_FALSE(sent[0].wait || sent[0].timeout);

  outcome->response = Bytes{0x05};
  EXPECT_EQ(text(fetch(post("/queue/jobs", to_bytes(R"({"body":1,"wait":true,"timeout":250})")))),
            R"({"response":5,"status":"completed"})");
  EXPECT_TRUE(sent[1].wait);
  EXPECT_EQ(sent[1].timeout, Millis(250));

  outcome = QueueSent{false, std::nullopt};
  EXPECT_EQ(text(fetch(post("/queue/jobs", to_bytes(R"({"wait":true,"timeout":0})")))), R"({"status":"timedOut"})");
  EXPECT_EQ(sent[2].body, Bytes{0xf6});
  EXPECT_EQ(sent[2].timeout, Millis(0));

  outcome = make_error("queue", "full", Value::object({{"limit", 3}}));
  const auto full = fetch(post("/queue/jobs", to_bytes("{}")));
  EXPECT_EQ(full.status, 400);
  outcome = make_error("auth", "forbidden");
  EXPECT_EQ(fetch(post("/queue/jobs", to_bytes("{}"))).status, 403);
}

TEST_F(HttpFront, AQueueMessageThatCannotBeReadIsRefused) {
  for (const char* body : {R"({"timeout":-1})", R"({"timeout":1.5})", "{", "[]"})
    EXPECT_EQ(fetch(post("/queue/jobs", to_bytes(body))).status, 400) << body;
}

TEST_F(HttpFront, ARawRequestLosesItsPrefixAndKeepsEverythingElse) {
  actor->on_request = [&](Connect connect, HttpRequest request) -> Task<Result<HttpResponse>> {
    EXPECT_EQ(request.target, "/a?x=1");
    EXPECT_EQ(request.method, "PUT");
    EXPECT_EQ(to_string(request.body), "body");
    EXPECT_EQ(*request.headers.find("x-mine"), "1");
    EXPECT_EQ(connect.request.target, "/a?x=1");
    EXPECT_TRUE(connect.request.body.empty());
    HttpResponse response;
    response.status = 201;
    response.headers.set("x-rivet-actor-key", "spoofed");
    response.headers.set("x-yours", "2");
    response.body = to_bytes("done");
    co_return response;
  };
  HttpRequest request = post("/request/a?x=1", to_bytes("body"), {{"x-mine", "1"}});
  request.method = "PUT";
  const auto response = fetch(std::move(request));
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(text(response), "done");
  EXPECT_EQ(header(response, "x-yours"), "2");
  expect_names_the_actor(response);
}

TEST_F(HttpFront, ARawRequestWithBrokenParamsIsAnInternalError) {
  const auto response = fetch(post("/request", {}, {{"x-rivet-conn-params", "{"}}));
  EXPECT_EQ(response.status, 500);
  EXPECT_NE(text(response).find(R"("code":"internal_error","group":"rivetkit")"), std::string::npos);
}

TEST_F(HttpFront, AnActorWithoutARequestHandlerAnswersAnEmpty404) {
  const auto response = fetch(get("/request/x"));
  EXPECT_EQ(response.status, 404);
  EXPECT_TRUE(response.body.empty());
  EXPECT_EQ(header(response, "content-type"), "(none)");
  expect_names_the_actor(response);
}

TEST_F(HttpFront, BuiltInPagesHaveTheirTexts) {
  auto response = fetch(get("/health"));
  EXPECT_EQ(text(response), "ok");
  EXPECT_EQ(header(response, "content-type"), "text/plain; charset=utf-8");
  expect_names_the_actor(response);

  response = fetch(get("/metadata"));
  EXPECT_EQ(text(response), R"({"runtime":"rivetkit","version":"2.3.19","type":"local"})");
  EXPECT_EQ(header(response, "referrer-policy"), "no-referrer");

  EXPECT_EQ(text(fetch(get("/?x"))), "This is an RivetKit actor.\n\nLearn more at https://rivetkit.org");

  response = fetch(get("/metrics"));
  EXPECT_EQ(header(response, "x-rivet-actor"), "(none)");
  EXPECT_NE(text(response).find("# TYPE troupe_local_actor_traffic_total counter"), std::string::npos);

  response = fetch(get("/inspector/state"));
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(
      text(response),
      R"({"group":"inspector","code":"unauthorized","message":"Inspector request requires a valid bearer token","metadata":null})");

  response = fetch(post("/action/bad%zz", {}));
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(header(response, "x-rivet-error"), "envoy.fetch_failed");
}

TEST_F(HttpFront, AnUnknownPathIsNotFound) {
  const auto response = fetch(get("/nope?x=1"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(
      text(response),
      R"({"actor":{"actorId":"92b8glxz44e4mbci1ksehb7tq8dl00","generation":3,"key":"a/b"},"code":"not_found","group":"actor","message":"Actor route '/nope' was not found.","metadata":{"id":"/nope","resource":"route"}})");
}

TEST_F(HttpFront, AKeyThatWouldBreakTheHeaderIsLeftOut) {
  actor->info_.key = {"a\r\nx: y"};
  EXPECT_EQ(header(fetch(get("/health")), "x-rivet-actor-key"), "(none)");
  actor->info_.key = {};
  EXPECT_EQ(header(fetch(get("/health")), "x-rivet-actor-key"), "");
}

TEST_F(HttpFront, AnExceptionBecomesAnInternalErrorAnswer) {
  actor->on_transient_action = [&](Connect, std::string, Bytes) -> Task<Result<Bytes>> {
    throw std::runtime_error("secret");
    co_return Bytes();
  };
  const auto response = fetch(post("/action/get", to_bytes("{}")));
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(text(response).find("secret"), std::string::npos);
}

}  // namespace
}  // namespace troupe
