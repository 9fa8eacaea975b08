// Clients that go away while the actor works for them: what ends with them, and what does not.
#include "engine/runtime/queue/queue_record.h"
#include "tests/unit/runtime/queue_fixture.h"

namespace troupe {
namespace {

class LeavingClient : public QueueTest {
 protected:
  HttpRequest request() {
    HttpRequest asked;
    asked.method = "GET";
    asked.target = "/";
    asked.abort = client;
    return asked;
  }
  /// For an hour, as part of the request.
  void handler_waits() {
    script->on_request = [this](HttpRequest, std::shared_ptr<Connection>) -> Task<Result<HttpResponse>> {
      waited = co_await script->context->delay(1h, script->request_scope);
      co_return HttpResponse();
    };
  }
  void leave() {
    client->abort();
    world.settle();
  }

  std::shared_ptr<AbortSignal> client = std::make_shared<AbortSignal>();
  Result<void> waited;
};

TEST_F(LeavingClient, EndsTheWaitsOfItsRequestButNotTheHandler) {
  script->on_request = [this](HttpRequest, std::shared_ptr<Connection>) -> Task<Result<HttpResponse>> {
    const auto scope = script->request_scope;
    waited = co_await script->context->delay(1h, scope);
    EXPECT_TRUE(scope->aborted());
    // Waits that are not of the request go on.
    const auto rested = co_await script->context->delay(1s);
    EXPECT_TRUE(rested);
    co_return HttpResponse();
  };
  start();
  auto pending = begin(actor->request({}, request()));
  EXPECT_FALSE(script->request_scope->aborted());
  leave();
  EXPECT_TRUE(is_error(waited, "actor.aborted"));
  EXPECT_FALSE(pending->done());
  world.advance(1s);
  ASSERT_TRUE(pending->done());
  EXPECT_TRUE(**pending);
}

TEST_F(LeavingClient, EndsTheCallsThatItsRequestHasCaused) {
  Result<Bytes> later = Bytes();
  script->on_request = [&](HttpRequest, std::shared_ptr<Connection>) -> Task<Result<HttpResponse>> {
    const auto scope = script->request_scope;
    const ActorAddress other{"other", {}};
    const auto reply = co_await script->context->call(other, "act", Bytes(1, 0x80), scope);
    EXPECT_TRUE(reply);
    waited = co_await script->context->delay(1h, scope);
    later = co_await script->context->call(other, "act", Bytes(1, 0x80), scope);
    co_return HttpResponse();
  };
  start();
  auto pending = begin(actor->request({}, request()));
  ASSERT_TRUE(host->last_origin.abort);
  EXPECT_TRUE(host->last_origin.deadline);
  EXPECT_FALSE(host->last_origin.abort->aborted());
  leave();
  EXPECT_TRUE(host->last_origin.abort->aborted());
  EXPECT_TRUE(is_error(later, "actor.aborted"));
  EXPECT_TRUE(pending->done());
}

TEST_F(LeavingClient, IsHeardWhileTheBodyOfTheAnswerIsProduced) {
  class Endless final : public BodyStream {
   public:
    Task<Result<std::optional<Bytes>>> read() override { co_return std::optional<Bytes>(Bytes{1}); }
    void cancel() override {}
  };
  CallScopePtr scope;
  script->on_request = [&](HttpRequest, std::shared_ptr<Connection>) -> Task<Result<HttpResponse>> {
    scope = script->request_scope;
    const auto rested = co_await script->context->delay(1s, scope);
    EXPECT_TRUE(rested);
    HttpResponse response;
    response.stream = std::make_shared<Endless>();
    co_return response;
  };
  start();
  auto pending = begin(actor->request({}, request()));
  world.advance(1s);
  ASSERT_TRUE(pending->done() && **pending);
  EXPECT_FALSE(scope->aborted());
  const auto signal = scope->signal();
  leave();
  EXPECT_TRUE(scope->aborted());
  EXPECT_TRUE(signal->aborted());
}

TEST_F(LeavingClient, ThatIsGoneBeforeTheHandlerWaitsIsHeardToo) {
  handler_waits();
  start();
  client->abort();
  auto pending = begin(actor->request({}, request()));
  EXPECT_TRUE(is_error(waited, "actor.aborted"));
  EXPECT_TRUE(pending->done());
}

TEST_F(LeavingClient, ATimedOutRequestEndsItsWaitsToo) {
  handler_waits();
  start();
  auto pending = begin(actor->request({}, request()));
  const auto scope = script->request_scope;
  world.advance(60s);
  ASSERT_TRUE(pending->done());
  EXPECT_TRUE(is_error(**pending, "actor.action_timed_out"));
  EXPECT_TRUE(is_error(waited, "actor.aborted"));
  EXPECT_TRUE(scope->aborted());
}

TEST_F(LeavingClient, LeavesItsActionRunning) {
  CallScopePtr scope;
  script->action = [&](ActionCall call) -> Task<Result<Bytes>> {
    scope = call.scope;
    waited = co_await script->context->delay(1s, scope);
    co_return to_bytes("done");
  };
  start();
  ActorInstance::Connect connect;
  connect.request = request();
  auto pending = begin(actor->transient_action(std::move(connect), "act", {0x80}));
  leave();
  EXPECT_FALSE(scope->aborted());
  world.advance(1s);
  EXPECT_TRUE(waited);
  ASSERT_TRUE(pending->done());
  EXPECT_TRUE(**pending);
}

TEST_F(LeavingClient, EndsItsWaitForACompletionAndLeavesTheMessage) {
  definition.options.sleep_timeout = 1s;
  start();
  auto asked = message("ask", "a", true);
  asked.abort = client;
  auto pending = begin_send(std::move(asked));
  EXPECT_FALSE(pending->done());
  leave();
  ASSERT_TRUE(pending->done());
  EXPECT_TRUE(is_error(*pending->value, "actor.aborted"));
  EXPECT_THAT(receive(poll()), ElementsAre("1 ask a"));
}

}  // namespace
}  // namespace troupe
