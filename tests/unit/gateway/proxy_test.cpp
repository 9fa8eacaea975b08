#include "engine/base/virtual_ports.h"
#include "gateway/proxy/actor_proxy.h"
#include "gateway/proxy/answers.h"
#include "tests/unit/gateway/server_fixture.h"

namespace troupe {
namespace {

class Proxy : public ::testing::Test, public ProxyObserver {
 protected:
  void resolving() override { phases += 'r'; }
  void forwarding() override { phases += 'f'; }
  bool given_up() const override { return gave_up; }

  Proxy() {
    id = Id::make(world.ports().random, 1);
    engine.fake_directory.on_find_by_key = [this](std::string name,
                                                  std::string key) -> Task<Result<std::optional<ActorId>>> {
      looked_up = name + ":" + key;
      co_return known;
    };
    engine.on_get_or_create = [this](GetOrCreate create) -> Task<Result<Directory::Created>> {
      created = std::move(create);
      Directory::Created out;
      out.actor.id = id;
      co_return out;
    };
  }

  ActorQuery query(ActorQuery::Method method) {
    ActorQuery q;
    q.method = method;
    q.namespace_name = "default";
    q.name = "counter";
    q.key = "a/b";
    q.pool = "pool";
    q.input = Bytes{1};
    return q;
  }

  Result<HttpResponse> fetch(std::variant<ActorId, ActorQuery> actor) {
    ActorTarget target;
    target.actor = std::move(actor);
    target.path = "/x";
    HttpRequest request;
    request.method = "GET";
    request.target = "/gateway/x";
    std::optional<Result<HttpResponse>> result;
    auto body = [&]() -> Task<void> { result = co_await proxy.fetch(target, request, *this); };
    boost::asio::co_spawn(world.context(), body, boost::asio::detached);
    world.settle();
    while (!result && elapsed < Millis(60'000)) {
      world.advance(Millis(50));
      elapsed += Millis(50);
    }
    return result ? std::move(*result) : Result<HttpResponse>(make_error("guard", "request_timeout"));
  }

  VirtualWorld world;
  FakeEngine engine;
  ActorProxy proxy{world.ports(), engine, {}};
  ActorId id;
  std::optional<ActorId> known;
  std::string looked_up, phases;
  GetOrCreate created;
  bool gave_up = false;
  Millis elapsed{0};
};

TEST_F(Proxy, AnIdGoesStraightToTheEngine) {
  engine.on_fetch = [&](ActorId asked, HttpRequest request, FetchOptions) -> Task<Result<HttpResponse>> {
    EXPECT_EQ(asked, id);
    EXPECT_EQ(request.target, "/x");
    co_return HttpResponse{};
  };
  EXPECT_TRUE(fetch(id));
  EXPECT_EQ(phases, "f");
  EXPECT_EQ(looked_up, "");
}

TEST_F(Proxy, AnIdOfAnotherDatacenterIsNotFound) {
  EXPECT_EQ(fetch(Id::make(world.ports().random, 2)).error().id(), "datacenter.not_found");
  EXPECT_EQ(engine.fetches, 0);
}

TEST_F(Proxy, GetFindsByKeyOrFails) {
  EXPECT_EQ(fetch(query(ActorQuery::Method::get)).error().id(), "actor.not_found");
  EXPECT_EQ(looked_up, "counter:a/b");
  EXPECT_EQ(engine.creates, 0);
  known = id;
  EXPECT_TRUE(fetch(query(ActorQuery::Method::get)));
  EXPECT_EQ(phases, "rrf");
}

TEST_F(Proxy, GetOrCreateCreatesWhatItDoesNotFind) {
  EXPECT_TRUE(fetch(query(ActorQuery::Method::get_or_create)));
  EXPECT_EQ(engine.creates, 1);
  EXPECT_EQ(created.name, "counter");
  EXPECT_EQ(created.key, "a/b");
  EXPECT_EQ(created.pool, "pool");
  EXPECT_EQ(created.input, Bytes{1});
  known = id;
  EXPECT_TRUE(fetch(query(ActorQuery::Method::get_or_create)));
  EXPECT_EQ(engine.creates, 1);
}

TEST_F(Proxy, NamespaceRegionAndPoolAreCheckedBeforeTheLookup) {
  auto q = query(ActorQuery::Method::get_or_create);
  engine.pool_known = false;
  q.region = "mars";
  q.namespace_name = "other";
  EXPECT_EQ(fetch(q).error().id(), "namespace.not_found");
  q.namespace_name = "default";
  EXPECT_EQ(fetch(q).error().id(), "datacenter.not_found");
  q.region = "default";
  const auto refused = fetch(q);
  EXPECT_EQ(refused.error().id(), "actor.no_runner_config_configured");
  EXPECT_EQ(refused.error().metadata()->find("pool_name")->as_string(), "pool");
  EXPECT_EQ(looked_up, "");
}

TEST_F(Proxy, AnUnavailableServiceIsTriedSevenTimes) {
  engine.on_fetch = [](ActorId, HttpRequest, FetchOptions) -> Task<Result<HttpResponse>> {
    co_return make_error("guard", "service_unavailable");
  };
  const auto result = fetch(id);
  EXPECT_EQ(engine.fetches, 7);
  EXPECT_GE(elapsed, Millis(150 + 300 + 600 + 1200 + 2400 + 4800));
  const HttpResponse answer = error_answer(result.error());
  EXPECT_EQ(answer.status, 502);
  EXPECT_EQ(
      to_string(answer.body),
      R"({"group":"guard","code":"retry_attempts_exceeded","message":"All 7 retry attempts failed for custom_serve. Last status: 503. Last error: guard.service_unavailable.","metadata":{"attempts":7,"last_error_code":"guard.service_unavailable","last_status":"503","last_target_kind":"custom_serve"}})");
}

TEST_F(Proxy, ARetryResolvesAgainAndEndsWithWhatItFinds) {
  known = id;
  engine.on_fetch = [&](ActorId, HttpRequest, FetchOptions) -> Task<Result<HttpResponse>> {
    known = std::nullopt;
    co_return make_error("actor", "stopping");
  };
  EXPECT_EQ(fetch(query(ActorQuery::Method::get)).error().id(), "actor.not_found");
  EXPECT_EQ(engine.fetches, 1);
}

TEST_F(Proxy, OnlyErrorsFromBeforeAnythingRanAreRetried) {
  const auto with_phase = [](const char* code, const char* phase) {
    return make_error("guard", code, Value::object({{"actor_id", "x"}, {"phase", phase}}));
  };
  const std::vector<Error> final_errors = {make_error("guard", "actor_ready_timeout"),
                                           make_error("guard", "actor_wake_retries_exceeded"),
                                           make_error("guard", "request_delivery_unconfirmed"),
                                           make_error("guard", "tunnel_response_closed"),
                                           with_phase("actor_stopped_while_waiting", "waiting_for_response_start"),
                                           make_error("actor", "not_found"),
                                           make_error("actor", "destroyed_while_waiting_for_ready")};
  for (const Error& error : final_errors) {
    engine.fetches = 0;
    engine.on_fetch = [error](ActorId, HttpRequest, FetchOptions) -> Task<Result<HttpResponse>> { co_return error; };
    EXPECT_EQ(fetch(id).error().id(), error.id());
    EXPECT_EQ(engine.fetches, 1) << error.id();
  }
  engine.fetches = 0;
  engine.on_fetch = [&](ActorId, HttpRequest, FetchOptions) -> Task<Result<HttpResponse>> {
    if (engine.fetches < 3) co_return with_phase("actor_stopped_while_waiting", "pre_request");
    co_return HttpResponse{};
  };
  EXPECT_TRUE(fetch(id));
  EXPECT_EQ(engine.fetches, 3);
}

TEST_F(Proxy, ARequestForAKeyIsServedByTheNextActorWhenItsActorHasEnded) {
  for (const char* code : {"destroyed_while_waiting_for_ready", "not_found"}) {
    engine.fetches = engine.creates = 0;
    elapsed = Millis(0);
    known = Id::make(world.ports().random, 1);
    engine.on_fetch = [&](ActorId asked, HttpRequest, FetchOptions) -> Task<Result<HttpResponse>> {
      if (asked == id) co_return HttpResponse{};
      known = std::nullopt;
      co_return make_error("actor", code);
    };
    EXPECT_TRUE(fetch(query(ActorQuery::Method::get_or_create))) << code;
    EXPECT_EQ(engine.creates, 1);
    EXPECT_EQ(engine.fetches, 2);
    EXPECT_EQ(elapsed, Millis(0));
  }
}

TEST_F(Proxy, AKeyWhoseActorsKeepEndingIsGivenUp) {
  engine.on_fetch = [](ActorId, HttpRequest, FetchOptions) -> Task<Result<HttpResponse>> {
    co_return make_error("actor", "destroyed_while_waiting_for_ready");
  };
  EXPECT_EQ(fetch(query(ActorQuery::Method::get_or_create)).error().id(), "guard.retry_attempts_exceeded");
  EXPECT_EQ(engine.fetches, 7);
  engine.fetches = 0;
  known = id;
  EXPECT_EQ(fetch(query(ActorQuery::Method::get)).error().id(), "actor.destroyed_while_waiting_for_ready");
  EXPECT_EQ(engine.fetches, 1);
}

TEST_F(Proxy, AnActorsOwnErrorAnswersPassThrough) {
  engine.on_fetch = [](ActorId, HttpRequest, FetchOptions) -> Task<Result<HttpResponse>> {
    HttpResponse response;
    response.status = 503;
    response.headers.set("x-rivet-error", "guard.service_unavailable");
    co_return response;
  };
  EXPECT_EQ(fetch(id)->status, 503);
  EXPECT_EQ(engine.fetches, 1);
}

TEST_F(Proxy, NobodyIsTriedForOnceTheRequestIsGivenUp) {
  gave_up = true;
  engine.on_fetch = [](ActorId, HttpRequest, FetchOptions) -> Task<Result<HttpResponse>> {
    co_return make_error("guard", "service_unavailable");
  };
  EXPECT_EQ(fetch(id).error().id(), "guard.service_unavailable");
  EXPECT_EQ(engine.fetches, 1);
}

TEST_F(Proxy, ASocketThatStopsBeforeItOpensGoesToTheNextGeneration) {
  int opens = 0;
  const auto hosted = std::make_shared<FakeHostedActor>(
      [&](HttpRequest upgrade, std::shared_ptr<ClientSocket>) -> Task<Result<std::shared_ptr<ActorSocket>>> {
        EXPECT_EQ(upgrade.target, "/ws");
        if (++opens >= 3) co_return std::shared_ptr<ActorSocket>();
        if (opens == 2) co_return make_error("guard", "websocket_closed_before_open");
        co_return make_error("actor", "stopping");
      });
  engine.on_acquire = [&](ActorId) -> Task<Result<std::shared_ptr<HostedActor>>> {
    co_return std::shared_ptr<HostedActor>(hosted);
  };
  ActorTarget target;
  target.actor = id;
  target.path = "/ws";
  const HttpRequest upgrade;
  const ActorProxy::Acquired acquired{id, hosted};
  bool opened = false;
  auto body = [&]() -> Task<void> {
    opened = (co_await proxy.open(target, acquired, upgrade, nullptr, *this)).has_value();
  };
  boost::asio::co_spawn(world.context(), body, boost::asio::detached);
  world.advance(Millis(10'000));
  EXPECT_TRUE(opened);
  EXPECT_EQ(opens, 3);
  EXPECT_EQ(engine.acquires, 2);

  opens = -100;
  std::string error;
  auto failing = [&]() -> Task<void> {
    error = (co_await proxy.open(target, acquired, upgrade, nullptr, *this)).error().id();
  };
  boost::asio::co_spawn(world.context(), failing, boost::asio::detached);
  world.advance(Millis(60'000));
  EXPECT_EQ(error, "guard.websocket_closed_before_open");
}

TEST_F(Proxy, ASocketThatTheActorLeavesUnansweredIsAskedForUntilTheTimeForItIsUp) {
  int opens = 0;
  const auto hosted = std::make_shared<FakeHostedActor>(
      [&](HttpRequest, std::shared_ptr<ClientSocket>) -> Task<Result<std::shared_ptr<ActorSocket>>> {
        ++opens;
        co_await wait_for(world.ports().timers, world.ports().io, Millis(15'000));
        co_return make_error("guard", "websocket_open_timeout");
      });
  engine.on_acquire = [&](ActorId) -> Task<Result<std::shared_ptr<HostedActor>>> {
    co_return std::shared_ptr<HostedActor>(hosted);
  };
  ActorTarget target;
  target.actor = id;
  const ActorProxy::Acquired acquired{id, hosted};
  std::string error;
  auto body = [&]() -> Task<void> {
    const HttpRequest upgrade;
    error = (co_await proxy.open(target, acquired, upgrade, nullptr, *this)).error().id();
  };
  boost::asio::co_spawn(world.context(), body, boost::asio::detached);
  world.advance(Millis(59'000));
  EXPECT_EQ(error, "");
  world.advance(Millis(5'000));
  EXPECT_EQ(error, "guard.websocket_open_timeout");
  EXPECT_EQ(opens, 4);
}

}  // namespace
}  // namespace troupe
