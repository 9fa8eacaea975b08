#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/runtime/fakes.h"

namespace troupe {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

/// Result of a task that runs in the background.
template <class T>
struct Pending {
  std::optional<T> value;
  bool done() const { return value.has_value(); }
  T& operator*() { return *value; }
  T* operator->() { return &*value; }
};

/// One scripted actor in a world of virtual time, on a strand of its own.
class ActorTest : public testing::Test {
 protected:
  ActorTest() {
    definition.name = "scripted";
    definition.actions = {"act", "other"};
  }

  /// An actor is stopped before it is let go of: what still runs in it keeps it alive.
  void TearDown() override {
    if (!actor) return;
    begin_stop(StopReason::destroy);
    world.advance(1min);
  }

  std::shared_ptr<ActorInstance> make() {
    auto made = definition;
    made.hooks = hooks_of(*script);
    made.make = [script = script](ActorContext& context) { return make_scripted(script, context); };
    ActorInstance::Config config{.ports = world.ports(),
                                 .store = &store,
                                 .definition = std::make_shared<const ActorDefinition>(std::move(made)),
                                 .info = {.actor_id = "id", .generation = 1, .name = "scripted", .key = {"k"}},
                                 .id = {},
                                 .input = input,
                                 .executor = boost::asio::make_strand(world.context()),
                                 .host = host,
                                 .labels = labels};
    actor = ActorInstance::make(std::move(config));
    return actor;
  }

  /// Makes and starts the actor.
  void start() {
    make();
    auto started = world.run(actor->start());
    ASSERT_TRUE(started) << started.error().id() << " " << started.error().detail();
  }

  /// Runs a task in the background as far as it comes.
  template <class T>
  std::shared_ptr<Pending<T>> begin(Task<T> task) {
    auto pending = std::make_shared<Pending<T>>();
    auto done = [pending](std::exception_ptr thrown, T value) {
      if (thrown) std::rethrow_exception(thrown);
      pending->value.emplace(std::move(value));
    };
    boost::asio::co_spawn(world.context(), std::move(task), std::move(done));
    world.settle();
    return pending;
  }
  std::shared_ptr<Pending<Done>> begin_stop(StopReason reason) { return begin(stop_task(actor, reason)); }
  /// Stops the actor, which must not need time.
  void stop(StopReason reason) { ASSERT_TRUE(begin_stop(reason)->done()); }

  Result<Bytes> act(std::string name = "act") { return world.run(actor->action(nullptr, std::move(name), {0x80})); }
  Result<Bytes> transient(std::string name = "act") {
    return world.run(actor->transient_action({}, std::move(name), {0x80}));
  }
  Result<std::shared_ptr<Connection>> connect(std::shared_ptr<ConnectionSink> sink = nullptr) {
    return world.run(actor->connect({.params = {0x01}, .request = {.target = "/connect"}}, std::move(sink)));
  }

  VirtualWorld world;
  FakeActorStore store;
  std::shared_ptr<FakeHost> host = std::make_shared<FakeHost>();
  std::shared_ptr<Script> script = std::make_shared<Script>();
  ActorDefinition definition;
  std::optional<Bytes> input;
  std::shared_ptr<const HandlerLabels> labels;
  std::shared_ptr<ActorInstance> actor;

 private:
  static Task<Done> stop_task(std::shared_ptr<ActorInstance> stopped, StopReason reason) {
    co_await stopped->stop(reason);
    co_return Done();
  }
};

template <class T>
testing::AssertionResult is_error(const Result<T>& result, std::string_view id) {
  if (result) return testing::AssertionFailure() << "succeeded, expected " << id;
  if (result.error().id() == id) return testing::AssertionSuccess();
  return testing::AssertionFailure() << result.error().id() << " (" << result.error().detail() << "), expected " << id;
}

}  // namespace troupe
