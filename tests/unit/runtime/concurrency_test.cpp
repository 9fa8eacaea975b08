#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <set>
#include <thread>

#include "engine/base/real_ports.h"
#include "tests/unit/runtime/fixture.h"

namespace troupe {
namespace {

constexpr int kThreads = 3;
constexpr int kCallers = 4;
constexpr int kCallsEach = 500;

/// One actor on a pool of real threads. The counts are touched by the actor's code only, so they are right exactly
/// when it never runs on two threads at once.
class ActorOnThreads : public testing::Test {
 protected:
  ActorOnThreads() {
    script->on_disconnect = [this](std::shared_ptr<Connection>) {
      ++left;
      return succeed();
    };
    script->action = [this](ActionCall) -> Task<Result<Bytes>> {
      ++acted;
      script->context->request_save();
      co_return Bytes();
    };
  }

  std::shared_ptr<ActorInstance> make() {
    ActorDefinition definition;
    definition.actions = {"act"};
    definition.hooks = hooks_of(*script);
    definition.make = [script = script](ActorContext& context) { return make_scripted(script, context); };
    ActorInstance::Config config{.ports = {*clock, *timers, *random, pool.get_executor(), pool.get_executor()},
                                 .store = &store,
                                 .definition = std::make_shared<const ActorDefinition>(std::move(definition)),
                                 .info = {.actor_id = "id", .generation = 1, .name = "a"},
                                 .id = {},
                                 .input = {},
                                 .executor = boost::asio::make_strand(pool),
                                 .host = std::make_shared<FakeHost>()};
    return ActorInstance::make(std::move(config));
  }

  static Task<int> call_often(std::shared_ptr<ActorInstance> actor, std::set<std::string>* refusals) {
    int succeeded = 0;
    for (int i = 0; i < kCallsEach; ++i) {
      auto call = actor->transient_action({}, "act", {});
      auto result = co_await std::move(call);
      if (result) {
        ++succeeded;
      } else {
        refusals->insert(result.error().id());
      }
    }
    co_return succeeded;
  }

  /// Calls from strands of their own, on all threads; the actor is stopped meanwhile if asked for.
  int run_callers(const std::shared_ptr<ActorInstance>& actor, bool stop_meanwhile) {
    std::vector<std::future<int>> callers;
    for (auto& refused : refusals) {
      callers.push_back(
          boost::asio::co_spawn(boost::asio::make_strand(pool), call_often(actor, &refused), boost::asio::use_future));
    }
    if (stop_meanwhile) stop(actor);
    int succeeded = 0;
    for (auto& caller : callers) succeeded += caller.get();
    return succeeded;
  }
  void stop(const std::shared_ptr<ActorInstance>& actor) {
    boost::asio::co_spawn(pool, actor->stop(StopReason::destroy), boost::asio::use_future).get();
  }

  void TearDown() override {
    work.reset();
    for (auto& thread : threads) thread.join();
  }

  std::unique_ptr<Clock> clock = make_system_clock();
  std::unique_ptr<Timers> timers = make_asio_timers();
  std::unique_ptr<Random> random = make_system_random();
  std::shared_ptr<Script> script = std::make_shared<Script>();
  FakeActorStore store;
  int acted = 0;
  int left = 0;
  std::array<std::set<std::string>, kCallers> refusals;
  boost::asio::io_context pool{kThreads};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work = boost::asio::make_work_guard(pool);
  std::vector<std::thread> threads = [this] {
    std::vector<std::thread> started;
    for (int i = 0; i < kThreads; ++i) started.emplace_back([this] { pool.run(); });
    return started;
  }();
};

TEST_F(ActorOnThreads, RunsItsCodeOnOneThreadAtATime) {
  auto actor = make();
  ASSERT_TRUE(boost::asio::co_spawn(pool, actor->start(), boost::asio::use_future).get());
  EXPECT_EQ(run_callers(actor, false), kCallers * kCallsEach);
  stop(actor);
  EXPECT_EQ(acted, kCallers * kCallsEach);
  EXPECT_EQ(left, kCallers * kCallsEach);
  EXPECT_EQ(store.saves_overlapped, 0);
}

TEST_F(ActorOnThreads, AnswersEveryCallWhenItIsStoppedMeanwhile) {
  auto actor = make();
  ASSERT_TRUE(boost::asio::co_spawn(pool, actor->start(), boost::asio::use_future).get());
  const int succeeded = run_callers(actor, true);
  EXPECT_EQ(acted, succeeded);
  for (const auto& refused : refusals) {
    for (const auto& id : refused) EXPECT_TRUE(id == "actor.stopping" || id == "actor.destroying") << id;
  }
}

}  // namespace
}  // namespace troupe
