#include "tests/unit/runtime/fixture.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>
#include <exception>

namespace troupe {
namespace {

Task<Done> stop_actor(std::shared_ptr<ActorInstance> actor, StopReason reason) {
  co_await actor->stop(reason);
  co_return Done();
}

}  // namespace

ActorTest::ActorTest() {
  definition.name = "scripted";
  definition.actions = {"act", "other"};
}

ActorTest::~ActorTest() = default;

void ActorTest::TearDown() {
  if (!actor) return;
  begin_stop(StopReason::destroy);
  world.advance(1min);
}

ActorInstance::Config ActorTest::config() {
  auto made = definition;
  made.hooks = hooks_of(*script);
  made.make = [script = script](ActorContext& context) { return make_scripted(script, context); };
  return {.ports = world.ports(),
          .store = &store,
          .definition = std::make_shared<const ActorDefinition>(std::move(made)),
          .info = {.actor_id = "id", .generation = 1, .name = "scripted", .key = {"k"}},
          .id = {},
          .input = input,
          .executor = boost::asio::make_strand(world.context()),
          .host = host,
          .labels = labels};
}

std::shared_ptr<ActorInstance> ActorTest::make() {
  actor = ActorInstance::make(config());
  return actor;
}

void ActorTest::start() {
  make();
  auto started = world.run(actor->start());
  ASSERT_TRUE(started) << started.error().id() << " " << started.error().detail();
}

void ActorTest::begin_task(Task<void> task) {
  boost::asio::co_spawn(world.context(), std::move(task), [](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
  world.settle();
}

std::shared_ptr<Pending<Done>> ActorTest::begin_stop(StopReason reason) { return begin(stop_actor(actor, reason)); }

void ActorTest::stop(StopReason reason) { ASSERT_TRUE(begin_stop(reason)->done()); }

Result<Bytes> ActorTest::act(std::string name) { return world.run(actor->action(nullptr, std::move(name), {0x80})); }

Result<Bytes> ActorTest::transient(std::string name) {
  return world.run(actor->transient_action({}, std::move(name), {0x80}));
}

Result<std::shared_ptr<Connection>> ActorTest::connect(std::shared_ptr<ConnectionSink> sink) {
  return world.run(actor->connect({.params = {0x01}, .request = {.target = "/connect"}}, std::move(sink)));
}

}  // namespace troupe
