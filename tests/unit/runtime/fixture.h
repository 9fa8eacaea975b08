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
  ActorTest();
  ~ActorTest() override;

  /// An actor is stopped before it is let go of: what still runs in it keeps it alive.
  void TearDown() override;

  /// Of the first generation.
  ActorInstance::Config config();
  std::shared_ptr<ActorInstance> make();
  /// Makes and starts the actor.
  void start();

  /// Runs a task in the background as far as it comes.
  template <class T>
  std::shared_ptr<Pending<T>> begin(Task<T> task) {
    auto pending = std::make_shared<Pending<T>>();
    begin_task(keep(std::move(task), pending));
    return pending;
  }
  std::shared_ptr<Pending<Done>> begin_stop(StopReason reason);
  /// Stops the actor, which must not need time.
  void stop(StopReason reason);

  Result<Bytes> act(std::string name = "act");
  Result<Bytes> transient(std::string name = "act");
  Result<std::shared_ptr<Connection>> connect(std::shared_ptr<ConnectionSink> sink = nullptr);

  VirtualWorld world;
  FakeActorStore store;
  std::shared_ptr<FakeHost> host = std::make_shared<FakeHost>();
  std::shared_ptr<Script> script = std::make_shared<Script>();
  ActorDefinition definition;
  std::optional<Bytes> input;
  std::shared_ptr<const HandlerLabels> labels;
  std::shared_ptr<ActorInstance> actor;

 private:
  void begin_task(Task<void> task);
  template <class T>
  static Task<void> keep(Task<T> task, std::shared_ptr<Pending<T>> pending) {
    pending->value.emplace(co_await std::move(task));
  }
};

template <class T>
testing::AssertionResult is_error(const Result<T>& result, std::string_view id) {
  if (result) return testing::AssertionFailure() << "succeeded, expected " << id;
  if (result.error().id() == id) return testing::AssertionSuccess();
  return testing::AssertionFailure() << result.error().id() << " (" << result.error().detail() << "), expected " << id;
}

}  // namespace troupe
