#include "tests/unit/runtime/fixture.h"

namespace troupe {
namespace {

/// Gives its pieces one by one; an empty list ends, or fails with `failure`.
class ScriptedBody final : public BodyStream {
 public:
  Task<Result<std::optional<Bytes>>> read() override {
    if (gate) {
      auto waiting = gate->wait();
      co_await std::move(waiting);
    }
    if (throws) throw std::runtime_error("boom");
    if (pieces.empty()) {
      if (failure) co_return *failure;
      co_return std::optional<Bytes>();
    }
    auto piece = std::move(pieces.front());
    pieces.erase(pieces.begin());
    co_return std::optional<Bytes>(std::move(piece));
  }
  void cancel() override { ++cancelled; }

  std::vector<Bytes> pieces;
  std::optional<Error> failure;
  std::shared_ptr<Gate> gate;
  bool throws = false;
  int cancelled = 0;
};

class ActorRequest : public ActorTest {
 protected:
  ActorRequest() {
    definition.options.sleep_timeout = 1s;
    script->on_disconnect = [](std::shared_ptr<Connection>) { return succeed(); };
  }
  void answer_with_stream() {
    script->on_request = [this](HttpRequest, std::shared_ptr<Connection>) -> Task<Result<HttpResponse>> {
      HttpResponse response;
      response.stream = body;
      co_return response;
    };
  }
  Result<HttpResponse> request(HttpRequest request = {.method = "GET", .target = "/"}) {
    return world.run(actor->request({}, std::move(request)));
  }

  std::shared_ptr<ScriptedBody> body = std::make_shared<ScriptedBody>();
};

TEST_F(ActorRequest, GoesToTheHandlerWithAConnectionOfItsOwn) {
  script->on_request = [this](HttpRequest request, std::shared_ptr<Connection> conn) -> Task<Result<HttpResponse>> {
    EXPECT_THAT(script->context->connections(), ElementsAre(conn));
    HttpResponse response;
    response.status = 201;
    response.body = to_bytes(request.method + request.target);
    co_return response;
  };
  start();
  auto response = request({.method = "PUT", .target = "/a?b"});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(to_string(response->body), "PUT/a?b");
  EXPECT_THAT(script->context->connections(), IsEmpty());
  EXPECT_EQ(script->log.back(), "onDisconnect");
}

TEST_F(ActorRequest, WithoutAHandlerIsAnEmpty404AfterTheAdmission) {
  script->on_connect = [](std::shared_ptr<Connection>) { return succeed(); };
  start();
  auto response = request();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 404);
  EXPECT_TRUE(response->body.empty());
  EXPECT_THAT(script->log, ElementsAre("onConnect", "onDisconnect"));
}

TEST_F(ActorRequest, ThatThrowsIsAnInternalError) {
  script->on_request = [](HttpRequest, std::shared_ptr<Connection>) -> Task<Result<HttpResponse>> {
    throw std::runtime_error("boom");
  };
  start();
  EXPECT_TRUE(is_error(request(), "rivetkit.internal_error"));
  EXPECT_THAT(script->context->connections(), IsEmpty());
}

TEST_F(ActorRequest, TimesOutLikeAnAction) {
  script->on_request = [](HttpRequest, std::shared_ptr<Connection>) -> Task<Result<HttpResponse>> {
    (void)co_await never();
    co_return HttpResponse();
  };
  start();
  auto pending = begin(actor->request({}, {}));
  world.advance(60s);
  ASSERT_TRUE(pending->done());
  EXPECT_TRUE(is_error(**pending, "actor.action_timed_out"));
  EXPECT_THAT(script->context->connections(), IsEmpty());
}

TEST_F(ActorRequest, WritesAChangeOfStateBeforeItAnswers) {
  script->on_request = [this](HttpRequest, std::shared_ptr<Connection>) -> Task<Result<HttpResponse>> {
    script->context->request_save();
    co_return HttpResponse();
  };
  start();
  store.save_failure = make_error("storage", "unavailable");
  EXPECT_TRUE(is_error(request(), "storage.unavailable"));
}

TEST_F(ActorRequest, LateStreamOfATimedOutHandlerIsCancelled) {
  definition.options.action_timeout = 100ms;
  script->on_request = [this](HttpRequest, std::shared_ptr<Connection>) -> Task<Result<HttpResponse>> {
    (void)co_await script->context->delay(200ms);
    HttpResponse response;
    response.stream = body;
    co_return response;
  };
  start();
  auto pending = begin(actor->request({}, {}));
  world.advance(200ms);
  EXPECT_TRUE(is_error(**pending, "actor.action_timed_out"));
  EXPECT_EQ(body->cancelled, 1);
}

TEST_F(ActorRequest, StreamKeepsConnectionAndActorUntilItsEnd) {
  body->pieces = {to_bytes("a"), to_bytes("b")};
  answer_with_stream();
  start();
  auto response = request();
  ASSERT_TRUE(response && response->stream);
  world.advance(1min);
  EXPECT_EQ(host->sleep_intents, 0);
  EXPECT_EQ(**world.run(response->stream->read()), to_bytes("a"));
  EXPECT_EQ(**world.run(response->stream->read()), to_bytes("b"));
  EXPECT_EQ(script->context->connections().size(), 1u);
  EXPECT_EQ(*world.run(response->stream->read()), std::nullopt);
  EXPECT_EQ(*world.run(response->stream->read()), std::nullopt);
  EXPECT_THAT(script->context->connections(), IsEmpty());
  EXPECT_THAT(script->log, ElementsAre("onDisconnect"));
  world.advance(1s);
  EXPECT_EQ(host->sleep_intents, 1);
  EXPECT_EQ(body->cancelled, 0);
}

TEST_F(ActorRequest, StreamEndsWhenTheReaderCancelsOrGoesAway) {
  for (bool explicitly : {true, false}) {
    body = std::make_shared<ScriptedBody>();
    answer_with_stream();
    start();
    auto response = request();
    if (explicitly) {
      response->stream->cancel();
      response->stream->cancel();
    }
    response->stream.reset();
    world.settle();
    EXPECT_EQ(body->cancelled, 1);
    EXPECT_THAT(script->context->connections(), IsEmpty());
  }
}

TEST_F(ActorRequest, StreamThatFailsOrThrowsEndsWithTheError) {
  body->failure = user_error("torn", "torn");
  answer_with_stream();
  start();
  EXPECT_TRUE(is_error(world.run(request()->stream->read()), "user.torn"));
  body = std::make_shared<ScriptedBody>();
  body->throws = true;
  auto response = request();
  EXPECT_TRUE(is_error(world.run(response->stream->read()), "rivetkit.internal_error"));
  EXPECT_THAT(script->context->connections(), IsEmpty());
}

TEST_F(ActorRequest, StreamHoldsAStopUntilTheGracePeriodEnds) {
  definition.options.sleep_grace_period = 1s;
  body->gate = std::make_shared<Gate>();
  answer_with_stream();
  start();
  auto response = request();
  auto piece = begin(response->stream->read());
  auto stopped = begin_stop(StopReason::sleep_intent);
  EXPECT_FALSE(stopped->done());
  world.advance(1s);
  EXPECT_TRUE(stopped->done());
  EXPECT_EQ(body->cancelled, 1);
  ASSERT_TRUE(piece->done());
  EXPECT_TRUE(is_error(**piece, "actor.dropped_reply"));
  EXPECT_TRUE(is_error(world.run(response->stream->read()), "actor.dropped_reply"));
  body->gate->open();
  world.settle();
}

}  // namespace
}  // namespace troupe
