#include "tests/unit/runtime/fixture.h"

namespace troupe {
namespace {

class ActorConnections : public ActorTest {
 protected:
  ActorConnections() {
    definition.options.sleep_timeout = 1h;
    script->action = [](ActionCall) -> Task<Result<Bytes>> { co_return Bytes(); };
  }
  void set_all_hooks() {
    script->on_before_connect = [this](Bytes, std::string) {
      visible.push_back(script->context->connections().size());
      return succeed();
    };
    script->create_conn_state = [this](Bytes params) -> Task<Result<Bytes>> {
      visible.push_back(script->context->connections().size());
      co_return params;
    };
    script->on_connect = [this](std::shared_ptr<Connection>) {
      visible.push_back(script->context->connections().size());
      return succeed();
    };
    script->on_disconnect = [this](std::shared_ptr<Connection>) {
      visible.push_back(script->context->connections().size());
      return succeed();
    };
  }
  Result<void> subscribe(const std::shared_ptr<Connection>& conn, std::string event, bool on = true) {
    return world.run(actor->subscribe(conn, std::move(event), on));
  }

  /// Connections that each hook saw.
  std::vector<std::size_t> visible;
};

TEST_F(ActorConnections, AreAdmittedInOrderAndVisibleFromOnConnectOn) {
  set_all_hooks();
  start();
  script->log.clear();
  auto conn = connect();
  ASSERT_TRUE(conn);
  EXPECT_THAT(script->log, ElementsAre("onBeforeConnect", "createConnState", "onConnect"));
  actor->disconnected(*conn, "bye");
  world.settle();
  EXPECT_EQ(script->log.back(), "onDisconnect");
  EXPECT_THAT(visible, ElementsAre(0u, 0u, 1u, 0u));
}

TEST_F(ActorConnections, HaveAnIdParamsStateAndTheRequestThatMadeThem) {
  set_all_hooks();
  start();
  auto conn = *connect();
  EXPECT_EQ(conn->id().size(), 36u);
  EXPECT_EQ(conn->id()[14], '4');
  EXPECT_EQ(conn->id(), conn->id());
  EXPECT_NE(conn->id(), (*connect())->id());
  EXPECT_EQ(conn->params(), Bytes{0x01});
  EXPECT_EQ(conn->state(), Bytes{0x01});
  conn->set_state({0x09});
  EXPECT_EQ(conn->state(), Bytes{0x09});
  EXPECT_EQ(conn->request().target, "/connect");
}

TEST_F(ActorConnections, RefusedByAHookNeverAppearAndNeverDisconnect) {
  for (int refusing = 0; refusing < 3; ++refusing) {
    *script = Script();
    set_all_hooks();
    if (refusing == 0) script->on_before_connect = [](Bytes, std::string) { return fail(user_error("no", "no")); };
    if (refusing == 1) {
      script->create_conn_state = [](Bytes) -> Task<Result<Bytes>> { co_return user_error("no", "no"); };
    }
    if (refusing == 2) script->on_connect = [](std::shared_ptr<Connection>) { return fail(user_error("no", "no")); };
    start();
    EXPECT_TRUE(is_error(connect(), "user.no")) << refusing;
    world.settle();
    EXPECT_THAT(script->context->connections(), IsEmpty()) << refusing;
    EXPECT_THAT(script->log, testing::Not(testing::Contains("onDisconnect"))) << refusing;
  }
}

TEST_F(ActorConnections, AreRefusedWhenAHookTakesTooLong) {
  script->on_connect = [](std::shared_ptr<Connection>) { return never(); };
  start();
  auto pending = begin(actor->connect({}, nullptr));
  EXPECT_EQ(script->context->connections().size(), 1u);
  world.advance(5s);
  ASSERT_TRUE(pending->done());
  EXPECT_TRUE(is_error(**pending, "actor.callback_timed_out"));
  EXPECT_EQ(*(**pending).error().metadata()->find("callback_name")->as_string(), "onConnect");
  EXPECT_THAT(script->context->connections(), IsEmpty());
}

TEST_F(ActorConnections, InSetupDoNotHoldBackOtherCalls) {
  script->on_connect = [](std::shared_ptr<Connection>) { return never(); };
  start();
  auto pending = begin(actor->connect({}, nullptr));
  EXPECT_TRUE(act());
  EXPECT_FALSE(pending->done());
}

TEST_F(ActorConnections, OfHttpActionsRunTheHooksAndLiveForTheAction) {
  set_all_hooks();
  std::size_t during = 0;
  script->action = [&](ActionCall call) -> Task<Result<Bytes>> {
    during = script->context->connections().size();
    call.conn->send("ignored", {0x80});
    co_return call.conn->state();
  };
  start();
  script->log.clear();
  EXPECT_EQ(*world.run(actor->transient_action({.params = {0x05}}, "act", {})), Bytes{0x05});
  EXPECT_THAT(script->log, ElementsAre("onBeforeConnect", "createConnState", "onConnect", "onDisconnect"));
  EXPECT_EQ(during, 1u);
  EXPECT_THAT(script->context->connections(), IsEmpty());
}

TEST_F(ActorConnections, OfHttpActionsThatAreRefusedNeverReachTheAction) {
  bool reached = false, began = false;
  script->on_before_connect = [](Bytes, std::string) { return fail(make_error("auth", "forbidden")); };
  script->action = [&](ActionCall) -> Task<Result<Bytes>> {
    reached = true;
    co_return Bytes();
  };
  start();
  auto result = world.run(actor->transient_action({.began = &began}, "act", {}));
  EXPECT_TRUE(is_error(result, "auth.forbidden"));
  EXPECT_FALSE(reached);
  EXPECT_TRUE(began);
}

TEST_F(ActorConnections, ReceiveTheEventsTheySubscribedTo) {
  start();
  auto first = std::make_shared<FakeSink>(), second = std::make_shared<FakeSink>();
  auto a = *connect(first), b = *connect(second);
  EXPECT_TRUE(subscribe(a, "news"));
  EXPECT_TRUE(subscribe(a, "news"));
  script->context->broadcast("news", to_bytes("1"));
  EXPECT_TRUE(subscribe(b, "news"));
  script->context->broadcast("news", to_bytes("2"));
  EXPECT_TRUE(subscribe(a, "news", false));
  EXPECT_TRUE(subscribe(a, "other", false));
  script->context->broadcast("news", to_bytes("3"));
  script->context->broadcast("unknown", to_bytes("4"));
  EXPECT_THAT(first->events, ElementsAre("news:1", "news:2"));
  EXPECT_THAT(second->events, ElementsAre("news:2", "news:3"));
}

TEST_F(ActorConnections, ReceiveDirectEventsWithoutASubscription) {
  start();
  auto sink = std::make_shared<FakeSink>();
  (*connect(sink))->send("hello", to_bytes("x"));
  EXPECT_THAT(sink->events, ElementsAre("hello:x"));
}

TEST_F(ActorConnections, ReceiveEventsFromOnConnectBeforeTheAdmissionEnds) {
  script->on_connect = [](std::shared_ptr<Connection> conn) {
    conn->send("welcome", to_bytes("!"));
    return succeed();
  };
  start();
  auto sink = std::make_shared<FakeSink>();
  EXPECT_TRUE(connect(sink));
  EXPECT_THAT(sink->events, ElementsAre("welcome:!"));
}

TEST_F(ActorConnections, MayEndWhileAnEventIsBroadcast) {
  start();
  auto first = std::make_shared<FakeSink>(), second = std::make_shared<FakeSink>();
  auto a = *connect(first), b = *connect(second);
  (void)subscribe(a, "news");
  (void)subscribe(b, "news");
  first->on_event = [&] {
    actor->disconnected(a, "slow");
    actor->disconnected(b, "slow");
  };
  script->context->broadcast("news", to_bytes("1"));
  world.settle();
  EXPECT_EQ(first->events.size(), 1u);
  EXPECT_THAT(script->context->connections(), IsEmpty());
}

TEST_F(ActorConnections, ReceiveNothingAfterTheyLeft) {
  start();
  auto sink = std::make_shared<FakeSink>();
  auto conn = *connect(sink);
  (void)subscribe(conn, "news");
  actor->disconnected(conn, "bye");
  world.settle();
  script->context->broadcast("news", to_bytes("1"));
  conn->send("news", to_bytes("2"));
  EXPECT_TRUE(subscribe(conn, "late"));
  script->context->broadcast("late", to_bytes("3"));
  EXPECT_THAT(sink->events, IsEmpty());
  EXPECT_THAT(sink->closes, IsEmpty()) << "the client left by itself";
}

TEST_F(ActorConnections, AreClosedByTheActorOnce) {
  set_all_hooks();
  start();
  auto sink = std::make_shared<FakeSink>();
  auto conn = *connect(sink);
  script->log.clear();
  conn->disconnect("kicked");
  conn->disconnect("again");
  actor->disconnected(conn, "gone");
  world.settle();
  EXPECT_THAT(sink->closes, ElementsAre("1000 kicked"));
  EXPECT_THAT(script->log, ElementsAre("onDisconnect"));
}

TEST_F(ActorConnections, MaySubscribeOnlyToWhatTheHookAllows) {
  script->can_subscribe = [](std::shared_ptr<Connection>, std::string event) -> Task<Result<bool>> {
    if (event == "broken") throw std::runtime_error("broken");
    if (event == "odd") co_return user_error("odd", "odd");
    co_return event == "open";
  };
  start();
  auto sink = std::make_shared<FakeSink>();
  auto conn = *connect(sink);
  EXPECT_TRUE(subscribe(conn, "open"));
  EXPECT_TRUE(is_error(subscribe(conn, "secret"), "auth.forbidden"));
  EXPECT_TRUE(is_error(subscribe(conn, "odd"), "user.odd"));
  EXPECT_TRUE(is_error(subscribe(conn, "broken"), "rivetkit.internal_error"));
  EXPECT_TRUE(subscribe(conn, "secret", false));
  script->context->broadcast("secret", to_bytes("1"));
  EXPECT_THAT(sink->events, IsEmpty());
}

TEST_F(ActorConnections, HaveABoundedNumberOfSubscriptions) {
  start();
  auto conn = *connect();
  for (int i = 0; i < 1'024; ++i) ASSERT_TRUE(subscribe(conn, "e" + std::to_string(i)));
  EXPECT_TRUE(is_error(subscribe(conn, "one more"), "actor.overloaded"));
  EXPECT_TRUE(subscribe(conn, "e5"));
}

TEST_F(ActorConnections, LeaveInAnyOrder) {
  start();
  std::vector<std::shared_ptr<Connection>> conns;
  for (int i = 0; i < 5; ++i) {
    conns.push_back(*connect());
    (void)subscribe(conns.back(), "news");
  }
  for (int i : {2, 0, 4, 1}) actor->disconnected(conns[static_cast<std::size_t>(i)], "");
  world.settle();
  EXPECT_THAT(script->context->connections(), ElementsAre(conns[3]));
}

TEST_F(ActorConnections, MayOutliveTheirActor) {
  start();
  auto conn = *connect(std::make_shared<FakeSink>());
  stop(StopReason::sleep_intent);
  actor.reset();
  world.settle();
  conn->send("x", {});
  conn->disconnect("late");
  EXPECT_EQ(conn->id().size(), 36u);
}

TEST_F(ActorConnections, WhoseOnDisconnectHangsAreGivenUpAfterTheConnectTimeout) {
  definition.options.sleep_timeout = 1s;
  script->on_disconnect = [](std::shared_ptr<Connection>) { return never(); };
  start();
  actor->disconnected(*connect(), "");
  world.advance(4s);
  EXPECT_EQ(host->sleep_intents, 0);
  world.advance(3s);
  EXPECT_EQ(host->sleep_intents, 1);
}

}  // namespace
}  // namespace troupe
