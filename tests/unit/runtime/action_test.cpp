#include "tests/unit/runtime/fixture.h"

namespace troupe {
namespace {

class ActorAction : public ActorTest {
 protected:
  ActorAction() {
    script->action = [](ActionCall call) -> Task<Result<Bytes>> { co_return to_bytes(call.name); };
  }

  /// The action waits for `time`, then gives its name.
  void make_slow(Millis time) {
    script->action = [this, time](ActionCall call) -> Task<Result<Bytes>> {
      (void)co_await script->context->delay(time);
      ++finished;
      co_return to_bytes(call.name);
    };
  }

  int finished = 0;
};

TEST_F(ActorAction, GivesTheResultOfTheBehavior) {
  start();
  EXPECT_EQ(*act(), to_bytes("act"));
  EXPECT_EQ(*transient("other"), to_bytes("other"));
}

TEST_F(ActorAction, OfAnUnknownNameIsNotFound) {
  start();
  auto result = act("nope");
  EXPECT_TRUE(is_error(result, "actor.action_not_found"));
  EXPECT_EQ(result.error().message(), "Action `nope` was not found.");
  EXPECT_TRUE(is_error(transient("nope"), "actor.action_not_found"));
}

TEST_F(ActorAction, HasNoConnectionUnlessAClientCalls) {
  script->action = [](ActionCall call) -> Task<Result<Bytes>> {
    co_return to_bytes(call.conn ? to_string(call.conn->params()) : "none");
  };
  start();
  EXPECT_EQ(*act(), to_bytes("none"));
  auto mine = world.run(actor->transient_action({.params = to_bytes("p")}, "act", {}));
  EXPECT_EQ(*mine, to_bytes("p"));
}

TEST_F(ActorAction, SeesNullWhereTheClientGaveNoParams) {
  script->action = [](ActionCall call) -> Task<Result<Bytes>> { co_return call.conn->params(); };
  start();
  EXPECT_EQ(*transient(), Bytes{0xf6});
}

TEST_F(ActorAction, InterleavesWithOthersWhereverItWaits) {
  make_slow(400ms);
  start();
  auto first = begin(actor->action(nullptr, "act", {}));
  auto second = begin(actor->transient_action({}, "other", {}));
  world.advance(400ms);
  EXPECT_TRUE(first->done() && second->done());
}

TEST_F(ActorAction, UnblocksAnotherThatWaitsForIt) {
  auto gate = std::make_shared<Gate>();
  script->action = [gate](ActionCall call) -> Task<Result<Bytes>> {
    if (call.name == "act") {
      co_await gate->wait();
    } else {
      gate->open();
    }
    co_return Bytes();
  };
  start();
  auto waiting = begin(actor->action(nullptr, "act", {}));
  EXPECT_FALSE(waiting->done());
  EXPECT_TRUE(act("other"));
  world.settle();
  EXPECT_TRUE(waiting->done());
}

TEST_F(ActorAction, TimesOutAndItsLateResultIsDropped) {
  definition.options.action_timeout = 100ms;
  make_slow(1s);
  start();
  auto call = begin(actor->action(nullptr, "act", {}));
  world.advance(99ms);
  EXPECT_FALSE(call->done());
  world.advance(1ms);
  ASSERT_TRUE(call->done());
  EXPECT_TRUE(is_error(**call, "actor.action_timed_out"));
  world.advance(1s);
  EXPECT_EQ(finished, 1) << "the handler is not killed";
}

TEST_F(ActorAction, ThatTimedOutDoesNotKeepTheActorAwake) {
  definition.options.action_timeout = 100ms;
  definition.options.sleep_timeout = 200ms;
  script->action = [](ActionCall) -> Task<Result<Bytes>> {
    (void)co_await never();
    co_return Bytes();
  };
  start();
  auto call = begin(actor->transient_action({}, "act", {}));
  world.advance(100ms);
  EXPECT_TRUE(call->done());
  EXPECT_THAT(script->context->connections(), IsEmpty());
  world.advance(200ms);
  EXPECT_EQ(host->sleep_intents, 1);
}

TEST_F(ActorAction, ThatThrowsIsAnInternalErrorAndLeavesTheActorRunning) {
  script->action = [](ActionCall call) -> Task<Result<Bytes>> {
    if (call.name == "act") throw std::runtime_error("boom");
    co_return Bytes{0x01};
  };
  start();
  auto failed = transient();
  EXPECT_TRUE(is_error(failed, "rivetkit.internal_error"));
  EXPECT_NE(failed.error().detail().find("boom"), std::string::npos);
  EXPECT_TRUE(transient("other"));
}

TEST_F(ActorAction, ThatThrowsBeforeItsFirstStepIsAnInternalError) {
  script->action = [](ActionCall) -> Task<Result<Bytes>> { throw 42; };
  start();
  EXPECT_TRUE(is_error(transient(), "rivetkit.internal_error"));
}

TEST_F(ActorAction, GivesTheErrorOfTheActorUnmasked) {
  script->action = [](ActionCall) -> Task<Result<Bytes>> { co_return user_error("sold_out", "Sold out"); };
  start();
  EXPECT_EQ(act().error().message(), "Sold out");
}

TEST_F(ActorAction, LetsAHookReplaceTheOutput) {
  script->on_before_action_response = [](std::string name, Bytes args, Bytes output) -> Task<Result<Bytes>> {
    co_return to_bytes(name + "/" + to_string(args) + "/" + to_string(output));
  };
  start();
  EXPECT_EQ(*world.run(actor->action(nullptr, "act", to_bytes("a"))), to_bytes("act/a/act"));
}

TEST_F(ActorAction, GivesTheResponseHookATimeLimitOfItsOwn) {
  definition.options.action_timeout = 100ms;
  make_slow(90ms);
  script->on_before_action_response = [this](std::string, Bytes, Bytes output) -> Task<Result<Bytes>> {
    (void)co_await script->context->delay(output == to_bytes("act") ? 90ms : 110ms);
    co_return output;
  };
  start();
  auto quick = begin(actor->action(nullptr, "act", {}));
  auto slow = begin(actor->action(nullptr, "other", {}));
  world.advance(500ms);
  EXPECT_TRUE(**quick);
  EXPECT_TRUE(is_error(**slow, "actor.action_timed_out"));
}

TEST_F(ActorAction, IsRefusedWhenTheMailboxIsFullAndAcceptedWhenThereIsRoomAgain) {
  definition.options.mailbox_max = 2;
  make_slow(10ms);
  start();
  auto first = begin(actor->action(nullptr, "act", {}));
  auto second = begin(actor->transient_action({}, "act", {}));
  auto refused = transient();
  EXPECT_TRUE(is_error(refused, "actor.overloaded"));
  const auto expected = Value::object({{"channel", "dispatch_inbox"}, {"capacity", 2}, {"operation", "action"}});
  EXPECT_EQ(refused.error().metadata(), expected);
  world.advance(10ms);
  EXPECT_TRUE(first->done() && second->done());
  auto again = begin(actor->action(nullptr, "act", {}));
  world.advance(10ms);
  EXPECT_TRUE(**again);
}

TEST_F(ActorAction, SaysWhetherTheActorsCodeHasBegun) {
  definition.options.mailbox_max = 1;
  make_slow(10ms);
  start();
  bool began = false, refused_began = false;
  auto running = begin(actor->transient_action({.began = &began}, "act", {}));
  EXPECT_TRUE(began);
  EXPECT_TRUE(is_error(world.run(actor->transient_action({.began = &refused_began}, "act", {})), "actor.overloaded"));
  EXPECT_FALSE(refused_began);
  world.advance(10ms);
  EXPECT_TRUE(running->done());
}

TEST_F(ActorAction, ReturnsToTheExecutorOfTheCaller) {
  start();
  auto strand = boost::asio::make_strand(world.context());
  bool on_strand = false;
  auto caller = [&]() -> Task<void> {
    auto call = actor->action(nullptr, "act", {});
    auto result = co_await std::move(call);
    EXPECT_TRUE(result);
    on_strand = strand.running_in_this_thread();
  };
  boost::asio::co_spawn(strand, caller, boost::asio::detached);
  world.settle();
  EXPECT_TRUE(on_strand);
}

TEST_F(ActorAction, MayBeCalledInALongLoopWithoutGrowingTheStack) {
  start();
  int count = 0;
  auto loop = [&]() -> Task<Done> {
    for (; count < 20'000; ++count) {
      auto call = actor->transient_action({}, "act", {});
      auto result = co_await std::move(call);
      if (!result) break;
    }
    co_return Done();
  };
  world.run(loop());
  EXPECT_EQ(count, 20'000);
}

TEST_F(ActorAction, MayCallItselfThroughTheHost) {
  script->action = [this](ActionCall) -> Task<Result<Bytes>> {
    ActorAddress to{"room", {"a"}};
    auto call = script->context->call(std::move(to), "join", {});
    co_return co_await std::move(call);
  };
  start();
  EXPECT_EQ(*act(), to_bytes("room.join"));
}

}  // namespace
}  // namespace troupe
