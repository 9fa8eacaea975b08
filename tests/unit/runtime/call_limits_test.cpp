// An action that another actor calls: its limits, and what it passes on.
#include "tests/unit/runtime/fixture.h"

namespace troupe {
namespace {

class CalledAction : public ActorTest {
 protected:
  CalledAction() {
    script->action = [this](ActionCall call) -> Task<Result<Bytes>> {
      scope = call.scope;
      if (call.name == "other") co_return user_error("no", "no");
      waited = co_await script->context->delay(10s, call.scope);
      co_return to_bytes("done");
    };
  }
  std::shared_ptr<Pending<Result<Bytes>>> call(CallOrigin origin, std::string name = "act") {
    return begin(actor->called_action(std::move(origin), std::move(name), {0x80}));
  }
  std::chrono::nanoseconds now() { return world.ports().clock.monotonic(); }

  CallScopePtr scope;
  Result<void> waited;
};

TEST_F(CalledAction, EndsAtTheDeadlineOfItsCaller) {
  start();
  CallOrigin origin;
  origin.deadline = now() + 2s;
  auto calling = call(origin);
  world.advance(1'999ms);
  EXPECT_FALSE(calling->done());
  EXPECT_FALSE(scope->aborted());
  world.advance(1ms);
  EXPECT_TRUE(is_error(**calling, "actor.action_timed_out"));
  EXPECT_TRUE(scope->aborted());
  EXPECT_TRUE(is_error(waited, "actor.aborted"));
}

TEST_F(CalledAction, ItsOwnLimitHoldsWhenItIsShorter) {
  definition.options.action_timeout = 1s;
  start();
  CallOrigin origin;
  origin.deadline = now() + 2s;
  auto calling = call(origin);
  world.advance(1s);
  EXPECT_TRUE(is_error(**calling, "actor.action_timed_out"));
}

TEST_F(CalledAction, EndsWhenTheCallerGivesUp) {
  start();
  CallOrigin origin;
  origin.abort = std::make_shared<AbortSignal>();
  auto calling = call(origin);
  origin.abort->abort();
  world.settle();
  EXPECT_TRUE(is_error(**calling, "actor.aborted"));
  EXPECT_TRUE(is_error(waited, "actor.aborted"));
}

TEST_F(CalledAction, IsNotBegunWhenNobodyWaitsForItAnyMore) {
  start();
  CallOrigin late, given_up;
  late.deadline = now();
  given_up.abort = std::make_shared<AbortSignal>();
  given_up.abort->abort();
  EXPECT_TRUE(is_error(**call(late), "actor.action_timed_out"));
  EXPECT_TRUE(is_error(**call(given_up), "actor.aborted"));
  EXPECT_EQ(scope, nullptr);
}

TEST_F(CalledAction, ItsErrorsNameTheActor) {
  start();
  for (const auto* name : {"other", "unknown"}) {
    auto calling = call({}, name);
    ASSERT_NE((*calling)->error().origin(), nullptr) << name;
    EXPECT_EQ((*calling)->error().origin()->actor_id, "id");
    EXPECT_EQ((*calling)->error().origin()->generation, 1u);
  }
  EXPECT_EQ(act("other").error().origin(), nullptr);
}

}  // namespace
}  // namespace troupe
