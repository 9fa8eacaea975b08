#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/virtual_ports.h"
#include "engine/engine.h"
#include "tests/unit/faults/failing_store.h"
#include "tests/unit/storage/storage_world.h"
#include "troupe/actor.h"

namespace troupe::faults {

/// What a request came to: an answer, or an error with its group and code.
struct Answer {
  int status = 0;
  Value body;
  std::string error;
  bool ok() const { return status == 200; }
};

/// A whole engine on virtual time over rows that outlive it, whose storage fails at one call.
class FaultWorld {
 public:
  FaultWorld(const std::function<void(Registry&)>& actors, Fault fault, std::size_t at);
  ~FaultWorld();
  FaultWorld(const FaultWorld&) = delete;
  FaultWorld& operator=(const FaultWorld&) = delete;

  /// Waits for the answer; none within minutes is a failure of the test, and so is an error that is no structured one.
  Answer ask(std::string name, std::string path, const Value& body);
  Answer act(std::string name, std::string action, Value::Array args = {});
  /// Has the actor put to sleep; nothing is waited for.
  void sleep(const std::string& name);
  void advance(Millis time) { world_.advance(time); }
  std::int64_t now_ms() const { return world_.now_ms(); }

  /// Whether the call that fails had come before storage was healed.
  bool faulted() const { return faulted_; }
  /// From now on storage works.
  void heal();
  /// The process dies here, and another one starts over what it has left.
  void crash_and_restart();

  Engine& engine() { return *engine_; }
  VirtualWorld& world() { return world_; }
  std::optional<ActorId> find(const std::string& name);

  /// Runs a task until it ends or minutes have passed.
  template <class T>
  std::optional<T> run(Task<T> task) {
    auto result = std::make_shared<std::optional<T>>();
    boost::asio::co_spawn(world_.context(), std::move(task), [result](std::exception_ptr thrown, T value) {
      if (thrown) std::rethrow_exception(thrown);
      result->emplace(std::move(value));
    });
    wait_until([result] { return result->has_value(); });
    return std::move(*result);
  }

 private:
  void start();
  void stop();
  void wait_until(const std::function<bool()>& over);

  VirtualWorld world_;
  TemporaryDirectory directory_;
  std::shared_ptr<const Registry> registry_;
  EngineSettings settings_;
  std::unique_ptr<Store> rows_ = make_memory_store();
  std::shared_ptr<FaultPlan> plan_;
  bool faulted_ = false;
  std::unique_ptr<Store> store_;
  std::unique_ptr<ActorStore> actors_;
  std::unique_ptr<Engine> engine_;
  NamespaceId ns_;
};

/// Runs `scenario` with a fault at the first call on the store, at the second, and so on, until it runs to its end
/// before the fault comes. For each kind of fault.
void at_every_call(const std::function<void(Registry&)>& actors, const std::function<void(FaultWorld&)>& scenario);

}  // namespace troupe::faults
