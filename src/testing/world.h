#pragma once

#include <boost/asio/co_spawn.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "engine/base/virtual_ports.h"
#include "engine/engine.h"
#include "engine/storage/open.h"
#include "troupe/testing.h"

namespace troupe::testing::detail {

/// Removed with everything in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// What an engine of a test consists of. Everything happens on one thread, in `settle` and `advance`.
struct World {
  World(Registry registry, const EngineOptions& options);
  ~World();

  void open();
  /// Moves time as far as the actors need to fall asleep.
  void close();

  /// Runs a task and everything else that is ready. Nothing when it waits for time to pass.
  template <class T>
  std::optional<T> run(Task<T> task) {
    auto result = std::make_shared<std::optional<T>>();
    boost::asio::co_spawn(world.context(), std::move(task), [result](std::exception_ptr thrown, T value) {
      if (!thrown) result->emplace(std::move(value));
    });
    world.settle();
    return std::move(*result);
  }

  /// The record of a living actor.
  std::optional<ActorRecord> find(const ActorAddress& address);
  /// Creates it if need be.
  Task<Result<ActorId>> make(ActorAddress address, std::optional<Bytes> input);
  /// A message for its queue; the actor is created and started if need be.
  Task<Result<QueueSent>> send(ActorAddress to, QueueSend message);

  VirtualWorld world;
  TemporaryDirectory directory;
  std::shared_ptr<const Registry> registry;
  EngineSettings settings;
  std::unique_ptr<Store> store;
  std::unique_ptr<ActorStore> actors;
  std::unique_ptr<troupe::Engine> engine;
  NamespaceId ns;
};

}  // namespace troupe::testing::detail
