#include "engine/runtime/state/output_gate.h"
#include "tests/unit/runtime/fixture.h"

namespace troupe {
namespace {

class ActorOutput : public ActorTest {
 protected:
  /// A client that subscribed to `e`.
  void join() {
    auto conn = connect(sink);
    ASSERT_TRUE(conn);
    client = *conn;
    ASSERT_TRUE(world.run(actor->subscribe(client, "e", true)));
  }
  void change(std::uint8_t state) {
    script->state = {state};
    script->context->request_save();
  }
  void broadcast(std::string_view text) { script->context->broadcast("e", to_bytes(text)); }

  std::shared_ptr<FakeSink> sink = std::make_shared<FakeSink>();
  std::shared_ptr<Connection> client;
};

TEST_F(ActorOutput, AnEventLeavesAtOnceWhenNothingIsChanged) {
  start();
  join();
  broadcast("a");
  client->send("f", to_bytes("b"));
  EXPECT_THAT(sink->events, ElementsAre("e:a", "f:b"));
}

TEST_F(ActorOutput, AnEventThatRevealsAChangeLeavesAfterTheCommitAndBeforeTheAnswer) {
  script->action = [this](ActionCall) -> Task<Result<Bytes>> {
    change(2);
    broadcast("a");
    client->send("f", to_bytes("b"));
    co_return Bytes{0x01};
  };
  start();
  join();
  store.hold_saves = std::make_shared<Gate>();
  auto called = begin(actor->action(nullptr, "act", {0x80}));
  EXPECT_THAT(sink->events, IsEmpty());
  EXPECT_FALSE(called->done());
  bool answered_first = false;
  sink->on_event = [&] { answered_first = called->done(); };
  store.hold_saves->open();
  world.settle();
  EXPECT_THAT(sink->events, ElementsAre("e:a", "f:b"));
  EXPECT_TRUE(called->done());
  EXPECT_FALSE(answered_first);
}

TEST_F(ActorOutput, AChangeThatIsNotToldYetHoldsEventsToo) {
  script->action = [this](ActionCall) -> Task<Result<Bytes>> {
    script->state = {0x05};
    script->untold = true;
    broadcast("a");
    EXPECT_THAT(sink->events, IsEmpty());
    auto waited = co_await script->context->delay(1h);
    co_return waited ? Result<Bytes>(Bytes()) : waited.error();
  };
  start();
  join();
  auto called = begin(actor->action(nullptr, "act", {0x80}));
  EXPECT_THAT(sink->events, ElementsAre("e:a"));
  EXPECT_EQ(store.stored, Bytes{0x05});
  EXPECT_FALSE(called->done());
}

TEST_F(ActorOutput, AnEventOutsideAnActionBringsItsOwnCommit) {
  start();
  join();
  const auto saves = store.saves.size();
  change(3);
  broadcast("a");
  broadcast("b");
  EXPECT_THAT(sink->events, IsEmpty());
  world.settle();
  EXPECT_THAT(sink->events, ElementsAre("e:a", "e:b"));
  EXPECT_EQ(store.saves.size(), saves + 1);
}

TEST_F(ActorOutput, EventsWaitUntilACommitSucceeds) {
  start();
  join();
  store.save_failure = make_error("storage", "unavailable");
  change(3);
  broadcast("a");
  world.advance(10s);
  broadcast("b");
  EXPECT_THAT(sink->events, IsEmpty());
  store.save_failure.reset();
  world.advance(2s);
  EXPECT_THAT(sink->events, ElementsAre("e:a", "e:b"));
}

TEST_F(ActorOutput, AClientThatWouldMissAnEventIsClosed) {
  start();
  join();
  store.save_failure = make_error("storage", "unavailable");
  change(3);
  const std::string half(OutputGate::kHeldBytesMax / 2, 'x');
  broadcast(half);
  EXPECT_THAT(sink->closes, IsEmpty());
  broadcast(half);
  world.settle();
  EXPECT_TRUE(script->context->connections().empty());
  EXPECT_THAT(sink->events, IsEmpty());
  store.save_failure.reset();
  world.advance(2s);
  // What was held before still comes, then the close.
  EXPECT_EQ(sink->events.size(), 1u);
  EXPECT_THAT(sink->closes, ElementsAre("1013 actor.overloaded"));
}

TEST_F(ActorOutput, TheCloseOfAConnectionComesAfterItsEvents) {
  start();
  join();
  change(3);
  client->send("f", to_bytes("a"));
  client->disconnect("bye");
  client->send("f", to_bytes("late"));
  EXPECT_THAT(sink->closes, IsEmpty());
  world.settle();
  EXPECT_THAT(sink->events, ElementsAre("f:a"));
  EXPECT_THAT(sink->closes, ElementsAre("1000 bye"));
}

TEST_F(ActorOutput, TheStopSendsWhatItSavesAndClosesInAnyCase) {
  start();
  join();
  store.save_failure = make_error("storage", "unavailable");
  change(3);
  broadcast("lost");
  world.settle();
  stop(StopReason::sleep_intent);
  EXPECT_THAT(sink->events, IsEmpty());
  EXPECT_THAT(sink->closes, ElementsAre("1000 actor.stopped"));
}

TEST_F(ActorOutput, ACallToAnotherActorLeavesAfterTheCommit) {
  start();
  std::optional<Bytes> stored_before;
  host->on_call = [&] { stored_before = store.stored; };
  change(4);
  auto reply = world.run(script->context->call({"other", {}}, "act", {0x80}));
  EXPECT_EQ(to_string(*reply), "other.act");
  EXPECT_EQ(stored_before, Bytes{0x04});
  change(5);
  auto sent = world.run(script->context->send({"other", {}}, {"jobs", {0x01}, true, std::nullopt}));
  EXPECT_EQ(to_string(*sent->response), "other.jobs");
  EXPECT_EQ(stored_before, Bytes{0x05});
}

TEST_F(ActorOutput, ACallDoesNotLeaveWhenTheCommitFails) {
  start();
  bool called = false;
  host->on_call = [&] { called = true; };
  store.save_failure = make_error("storage", "unavailable");
  change(4);
  EXPECT_TRUE(is_error(world.run(script->context->call({"other", {}}, "act", {0x80})), "storage.unavailable"));
  EXPECT_FALSE(called);
}

// -- levels -----------------------------------------------------------------------------------------------------------

TEST_F(ActorOutput, ChangesAreWrittenUnlessTheActionAsksForMore) {
  definition.durability = {{"other", Durability::commit}};
  script->action = [this](ActionCall) -> Task<Result<Bytes>> {
    change(static_cast<std::uint8_t>(script->state.at(0) + 1));
    co_return Bytes();
  };
  start();
  ASSERT_TRUE(act("act"));
  EXPECT_EQ(store.saves.back().ack, Ack::written);
  ASSERT_TRUE(act("other"));
  EXPECT_EQ(store.saves.back().ack, Ack::durable);
}

TEST_F(ActorOutput, AnActorMayAskForDurableCommitsAndAnActionForLess) {
  definition.options.durability = Durability::commit;
  definition.durability = {{"other", Durability::relaxed}};
  script->action = [this](ActionCall) -> Task<Result<Bytes>> {
    change(static_cast<std::uint8_t>(script->state.at(0) + 1));
    broadcast("a");
    co_return Bytes();
  };
  start();
  join();
  ASSERT_TRUE(act("act"));
  EXPECT_EQ(store.saves.back().ack, Ack::durable);
  ASSERT_TRUE(act("other"));
  EXPECT_EQ(store.saves.back().ack, Ack::written);
  EXPECT_THAT(sink->events, ElementsAre("e:a", "e:a"));
}

TEST_F(ActorOutput, AStrictActionDoesNotRevealWhatIsNotDurableYet) {
  definition.durability = {{"other", Durability::commit}};
  bool write = true;
  script->action = [&](ActionCall) -> Task<Result<Bytes>> {
    if (write) change(9);
    co_return script->state;
  };
  start();
  ASSERT_TRUE(act("act"));
  const auto saves = store.saves.size();
  write = false;
  ASSERT_TRUE(act("act"));
  EXPECT_EQ(store.saves.size(), saves);
  ASSERT_TRUE(act("other"));
  EXPECT_EQ(store.saves.size(), saves + 1);
  EXPECT_EQ(store.saves.back().ack, Ack::durable);
}

TEST_F(ActorOutput, AnEventThatWaitsForAStrictActionStillComesBeforeTheAnswer) {
  definition.durability = {{"other", Durability::commit}};
  Gate strict_goes_on;
  script->action = [&](ActionCall call) -> Task<Result<Bytes>> {
    if (call.name == "other") {
      co_await strict_goes_on.wait();
      co_return Bytes{0x02};
    }
    change(2);
    broadcast("a");
    co_return Bytes{0x01};
  };
  start();
  join();
  auto strict = begin(actor->action(nullptr, "other", {0x80}));
  store.hold_saves = std::make_shared<Gate>();
  auto called = begin(actor->action(nullptr, "act", {0x80}));
  bool answered_first = false;
  sink->on_event = [&] { answered_first = called->done(); };
  store.hold_saves->open();
  world.settle();
  EXPECT_THAT(sink->events, ElementsAre("e:a"));
  EXPECT_TRUE(called->done());
  EXPECT_FALSE(answered_first);
  EXPECT_FALSE(strict->done());
  strict_goes_on.open();
  world.settle();
}

TEST_F(ActorOutput, EntriesAreDurableWhateverTheLevel) {
  script->action = [this](ActionCall) -> Task<Result<Bytes>> {
    auto put = co_await script->context->kv().put(to_bytes("k"), to_bytes("v"));
    EXPECT_TRUE(put);
    auto seen = co_await script->context->kv().get(to_bytes("k"));
    EXPECT_EQ(seen.value(), to_bytes("v"));
    co_return Bytes();
  };
  start();
  const auto saves = store.saves.size();
  ASSERT_TRUE(act());
  ASSERT_EQ(store.saves.size(), saves + 1);
  EXPECT_EQ(store.saves.back().ack, Ack::durable);
  EXPECT_EQ(store.saves.back().rows, 1u);
  // The state itself did not change.
  EXPECT_EQ(store.saves.back().state, Bytes());
}

TEST_F(ActorOutput, AChangeOfTheStateAfterARowStillGetsItsPlace) {
  script->action = [this](ActionCall) -> Task<Result<Bytes>> {
    change(7);
    auto put = co_await script->context->kv().put(to_bytes("k"), to_bytes("v"));
    co_return put ? Result<Bytes>(Bytes()) : put.error();
  };
  start();
  const auto saves = store.saves.size();
  store.save_failure = make_error("storage", "unavailable");
  EXPECT_TRUE(is_error(act(), "storage.unavailable"));
  store.save_failure.reset();
  world.advance(2s);
  // Both are still together.
  ASSERT_EQ(store.saves.size(), saves + 1);
  EXPECT_EQ(store.saves.back().rows, 1u);
  EXPECT_EQ(store.saves.back().state, Bytes{0x07});
}

}  // namespace
}  // namespace troupe
