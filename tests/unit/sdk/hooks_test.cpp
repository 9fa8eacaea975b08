#include <gtest/gtest.h>

#include "tests/unit/sdk/fake_actor.h"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;

struct State {
  std::vector<std::string> log;
  TROUPE_FIELDS(log)
};
struct Guest {
  std::string name = "anon";
  TROUPE_FIELDS(name)
};
struct Input {
  std::string greeting = "hello";
  TROUPE_FIELDS(greeting)
};
struct Vars {
  int made = 0;
};

using Ctx = Context<State, Guest, Vars>;

Actor<State, Guest, Vars> builder() { return actor<State, Guest, Vars>("hooks"); }

std::shared_ptr<FakeConnection> guest(const char* name) {
  auto conn = std::make_shared<FakeConnection>();
  conn->state_ = encode(Guest{name});
  return conn;
}

Value log_of(FakeActor& actor) { return *actor.state().find("log"); }

TEST(Hooks, TheStateIsMadeFromTypedInput) {
  const ActorDefinition definition = builder().create_state([](Input input) { return State{{input.greeting}}; });
  FakeActor given(definition, Value::object({{"greeting", "hi"}}));
  EXPECT_EQ(value_of(given.created.value()), Value::object({{"log", Value::array({"hi"})}}));
  FakeActor absent(definition);
  EXPECT_EQ(log_of(absent), Value::array({"hello"}));
  FakeActor null(definition, Value(nullptr));
  EXPECT_EQ(log_of(null), Value::array({"hello"}));
  FakeActor wrong(definition, Value::object({{"greeting", 5}}));
  EXPECT_EQ(wrong.created.error().message(), "Invalid input");
  EXPECT_EQ(wrong.created.error().detail(), "greeting: expected text, got a number");
}

TEST(Hooks, MakingTheStateIsNoChange) {
  FakeActor actor(builder().create_state([](Ctx& c) -> Task<State> {
    (void)co_await c.kv().get("seed");
    co_return State{{"made"}};
  }));
  EXPECT_EQ(log_of(actor), Value::array({"made"}));
  EXPECT_EQ(actor.context.saves, 0);
}

TEST(Hooks, LifeCycleHooksMayChangeTheState) {
  auto note = [](const char* what) { return [what](State& s) { s.log.push_back(what); }; };
  FakeActor actor(builder()
                      .on_migrate([](Ctx& c, bool is_new) { return c.db().exec(is_new ? "create" : "check"); })
                      .on_create([](State& s, Input input) { s.log.push_back("create " + input.greeting); })
                      .on_wake(note("wake"))
                      .on_before_actor_start(note("before"))
                      .on_sleep(note("sleep"))
                      .on_destroy([](State& s, Ctx& c) -> Task<Result<void>> {
                        s.log.push_back("destroy");
                        co_return co_await c.delay(1ms);
                      }));
  auto& behavior = *actor.behavior;
  ASSERT_TRUE(actor.world.run(behavior.on_migrate(true)));
  ASSERT_TRUE(actor.world.run(behavior.on_create(cbor(Value::object({{"greeting", "x"}})))));
  ASSERT_TRUE(actor.world.run(behavior.on_before_actor_start()));
  ASSERT_TRUE(actor.world.run(behavior.on_wake()));
  ASSERT_TRUE(actor.world.run(behavior.on_sleep()));
  boost::asio::co_spawn(actor.world.context(), behavior.on_destroy(), boost::asio::detached);
  actor.world.advance(1ms);
  EXPECT_EQ(log_of(actor), Value::array({"create x", "before", "wake", "sleep", "destroy"}));
  EXPECT_EQ(actor.context.saves, 5);
  ASSERT_EQ(actor.context.database.statements.size(), 1u);
  EXPECT_EQ(actor.context.database.statements[0].sql, "create");
}

TEST(Hooks, AnExceptionInAHookIsItsError) {
  FakeActor actor(builder().on_wake([]() -> void { throw UserError("no", "No"); }));
  EXPECT_EQ(actor.world.run(actor.behavior->on_wake()).error().id(), "user.no");
}

TEST(Hooks, VariablesLiveBesideTheState) {
  FakeActor actor(
      builder().create_vars([] { return Vars{1}; }).action("count", [](Ctx& c) { return ++c.vars().made; }));
  ASSERT_TRUE(actor.world.run(actor.behavior->create_vars()));
  EXPECT_EQ(actor.call("count").value(), Value(2));
  EXPECT_EQ(actor.call("count").value(), Value(3));
  EXPECT_EQ(actor.context.saves, 0);
}

TEST(Hooks, ARunHandlerIsSavedWheneverItWaits) {
  FakeActor actor(builder().run([](State& s, Ctx& c) -> Task<Result<void>> {
    for (int i = 0;; ++i) {
      s.log.push_back(std::to_string(i));
      auto waited = co_await c.delay(10ms);
      if (!waited) co_return waited.error();
    }
  }));
  std::optional<Result<void>> ended;
  boost::asio::co_spawn(actor.world.context(), actor.behavior->run(),
                        [&](std::exception_ptr, Result<void> outcome) { ended = std::move(outcome); });
  actor.world.settle();
  EXPECT_EQ(actor.context.saves, 1);
  actor.world.advance(20ms);
  EXPECT_EQ(actor.context.saves, 3);
  actor.context.stopped = true;
  actor.world.advance(10ms);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->error().id(), "actor.aborted");
}

TEST(Hooks, ConnectionsAreAdmittedWithTypedParameters) {
  const HttpRequest request{.method = "GET", .target = "/connect", .headers = {{"x-from", "mars"}}};
  FakeActor actor(builder()
                      .on_before_connect([](Guest guest, const HttpRequest& upgrade) {
                        if (guest.name == "banned") throw UserError("banned", *upgrade.headers.find("x-from"));
                      })
                      .create_conn_state([](const HttpRequest& upgrade) { return Guest{upgrade.target}; }));
  auto admit = [&](Value params) { return actor.world.run(actor.behavior->on_before_connect(cbor(params), request)); };
  EXPECT_TRUE(admit(nullptr));
  EXPECT_TRUE(admit(Value::object({{"name", "ada"}})));
  EXPECT_EQ(admit(Value::object({{"name", "banned"}})).error().message(), "mars");
  EXPECT_EQ(admit(Value::object({{"name", 1}})).error().message(), "Invalid connection parameters");
  auto state = actor.world.run(actor.behavior->create_conn_state(cbor(nullptr), request));
  EXPECT_EQ(value_of(state.value()), Value::object({{"name", "/connect"}}));
}

TEST(Hooks, ConnectionStateHasADefault) {
  FakeActor actor(builder());
  const HttpRequest request;
  auto state = actor.world.run(actor.behavior->create_conn_state(cbor(nullptr), request));
  EXPECT_EQ(value_of(state.value()), Value::object({{"name", "anon"}}));
}

TEST(Hooks, AConnectionIsSeenByItsHandlers) {
  FakeActor actor(builder()
                      .on_connect([](State& s, Ctx& c) { s.log.push_back("in " + c.conn().state().name); })
                      .on_disconnect([](State& s, Ctx& c) { s.log.push_back("out " + c.conn().state().name); })
                      .can_subscribe([](Ctx& c, std::string event) { return event == c.conn().state().name; })
                      .action("rename",
                              [](Ctx& c, std::string name) {
                                auto conn = c.conn();
                                if (!conn) throw UserError("nobody", "Nobody calls");
                                conn.set_state({name});
                                conn.send("renamed", name);
                                conn.disconnect("done");
                                return conn.params<std::string>();
                              })
                      .action("all", [](Ctx& c) {
                        std::vector<std::string> names;
                        for (const auto& conn : c.conns()) names.push_back(conn.state().name);
                        return names;
                      }));
  auto ada = guest("ada");
  ada->params_ = cbor("params");
  actor.context.conns = {ada, guest("grace")};
  ASSERT_TRUE(actor.world.run(actor.behavior->on_connect(ada)));
  EXPECT_TRUE(actor.world.run(actor.behavior->can_subscribe(ada, "ada")).value());
  EXPECT_FALSE(actor.world.run(actor.behavior->can_subscribe(ada, "other")).value());
  EXPECT_EQ(actor.call("all").value(), Value::array({"ada", "grace"}));
  EXPECT_EQ(actor.call_as(ada, "rename", "lovelace").value(), Value("params"));
  EXPECT_EQ(actor.call("rename", "x").error().id(), "user.nobody");
  EXPECT_EQ(ada->events, (Events{{"renamed", Value::array({"lovelace"})}}));
  EXPECT_EQ(ada->closed, "done");
  ASSERT_TRUE(actor.world.run(actor.behavior->on_disconnect(ada)));
  EXPECT_EQ(log_of(actor), Value::array({"in ada", "out lovelace"}));
}

TEST(Hooks, AResponseMayBeReplaced) {
  FakeActor actor(builder().on_before_action_response([](std::string name, Raw args, Raw output) {
    return Value::array({name, value_of(args.cbor), value_of(output.cbor)});
  }));
  auto out = actor.world.run(actor.behavior->on_before_action_response("f", cbor(Value::array({1})), cbor(2)));
  EXPECT_EQ(value_of(out.value()), Value::array({"f", Value::array({1}), 2}));
}

TEST(Hooks, RequestsChangeTheStateLikeActions) {
  FakeActor actor(builder().on_request([](State& s, HttpRequest request) {
    s.log.push_back(request.target);
    return text_response(200, request.target);
  }));
  auto response = actor.world.run(actor.behavior->on_request({.method = "GET", .target = "/x"}, nullptr)).value();
  EXPECT_EQ(as_text(response.body), "/x");
  EXPECT_EQ(actor.context.saves, 1);
}

}  // namespace
}  // namespace troupe::test
