#include "tests/unit/engine/engine_fixture.h"

namespace troupe {
namespace {

class ActorCallsTest : public EngineTest {
 protected:
  std::shared_ptr<Running<Result<Bytes>>> call(std::string action, std::vector<std::string> key = {"k"}) {
    return spawn(caller(ns, {"counter", std::move(key)}, std::move(action), to_bytes("args"), {}));
  }
  static std::string text(const Result<Bytes>& result) {
    return result ? to_string(BytesView(*result)) : result.error().id();
  }
};

TEST_F(ActorCallsTest, ACallCreatesTheActorStartsItAndReturnsItsAnswer) {
  EXPECT_EQ(text(*call("add")->result), "add:args");
  EXPECT_EQ(last().record.key, "k");
  EXPECT_EQ(last().record.pool, "default");
  EXPECT_EQ(text(*call("add")->result), "add:args");
  EXPECT_EQ(host->started.size(), 1u);
}

TEST_F(ActorCallsTest, TheEmptyKeyIsAKeyToo) {
  EXPECT_EQ(text(*call("add", {})->result), "add:args");
  EXPECT_EQ(last().record.key, "/");
}

TEST_F(ActorCallsTest, ACallWakesASleepingActor) {
  call("add");
  fall_asleep();
  EXPECT_EQ(text(*call("add")->result), "add:args");
  EXPECT_EQ(host->started.size(), 2u);
}

TEST_F(ActorCallsTest, ACallThatIsRefusedByAStoppingGenerationGoesToTheNext) {
  call("add");
  auto first = host->last();
  first->refusal = make_error("actor", "stopping");
  const auto waiting = call("add");
  EXPECT_FALSE(waiting->done);
  first->events->sleep_intent();
  world.settle();
  EXPECT_EQ(text(*waiting->result), "add:args");
}

TEST_F(ActorCallsTest, ACallThatWaitsForAnActorThatIsDestroyedGoesToTheNextOneOfTheKey) {
  call("add");
  const ActorId first = last().record.id;
  host->script->stop_at_once = false;
  const auto destroying = spawn(engine->destroy(first));
  last().refusal = make_error("actor", "destroying");
  const auto waiting = call("add");
  EXPECT_FALSE(waiting->done);
  host->last()->events->stopped(std::nullopt);
  world.settle();
  ASSERT_TRUE(destroying->done && waiting->done);
  EXPECT_EQ(text(*waiting->result), "add:args");
  EXPECT_NE(last().record.id, first);
  EXPECT_EQ(last().record.key, "k");
}

TEST_F(ActorCallsTest, AMessageThatWaitsForAnActorThatIsDestroyedGoesToTheNextOneOfTheKey) {
  call("add");
  const ActorId first = last().record.id;
  host->script->stop_at_once = false;
  const auto destroying = spawn(engine->destroy(first));
  const auto waiting = spawn(caller.send(ns, {"counter", {"k"}}, QueueSend{}));
  EXPECT_FALSE(waiting->done);
  host->last()->events->stopped(std::nullopt);
  world.settle();
  ASSERT_TRUE(destroying->done && waiting->done);
  EXPECT_TRUE(*waiting->result);
  EXPECT_NE(last().record.id, first);
}

TEST_F(ActorCallsTest, ACallForAKeyWhoseActorsKeepEndingFails) {
  host->script->run_at_once = false;
  const auto waiting = call("add");
  std::set<ActorId> ended;
  while (!waiting->done && ended.size() < 20) {
    ended.insert(last().record.id);
    spawn(engine->destroy(last().record.id));
    // A start that fails ends an actor that is to be destroyed.
    host->last()->events->stopped("no");
    world.settle();
  }
  EXPECT_EQ(text(*waiting->result), "actor.destroyed_while_waiting_for_ready");
  EXPECT_EQ(ended.size(), 7u);
}

TEST_F(ActorCallsTest, ACallThatIsNeverAnsweredEndsAtItsLimit) {
  const auto waiting = call("hang");
  world.advance(settings.actor_call_timeout - Millis(1));
  EXPECT_FALSE(waiting->done);
  world.advance(Millis(1));
  EXPECT_EQ(text(*waiting->result), "actor.action_timed_out");
  last().hanging.post({});
  world.settle();
}

TEST_F(ActorCallsTest, CallsOfAnEngineThatIsGoneFail) {
  close();
  EXPECT_EQ(text(*call("add")->result), "guard.service_unavailable");
}

}  // namespace
}  // namespace troupe
