#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "engine/engine.h"
#include "engine/storage/actors/actor_store.h"
#include "engine/storage/store.h"
#include "gateway/http/server.h"
#include "gateway/management/management_api.h"
#include "src/node/background_timers.h"
#include "src/node/data_directory.h"
#include "src/node/io_pool.h"
#include "src/node/settings.h"

namespace troupe::node {

/// What the owner of a node wants to hear of; both may be empty. Threads: any. Must not block.
struct NodeObservers {
  /// Every answer of the management API.
  std::function<void(const ApiAnswer&)> on_answer;
  /// A handler that has held an I/O thread for longer than `stall_threshold`.
  std::function<void(const CodeLabel& code, std::chrono::nanoseconds held)> on_stall;
};

/// The parts of one engine, put together: threads, storage, engine, and the public port. The daemon is one with signals
/// and metrics around it; a program that embeds the engine holds one, too.
///
/// Life: `start` once, then `stop`, then `close`. After a failed `start` only `close`.
/// Threads: `start` and `close` block and belong to a thread that is not one of the node's.
class Node {
 public:
  Node(NodeSettings settings, NodeObservers observers);

  /// Errors: of storage, `server.port_in_use`, `server.listen_failed`.
  Result<void> start(std::shared_ptr<const Registry> registry);
  /// Two stages: nothing new comes in while the actors go to sleep, then the sockets are closed.
  Task<void> stop();
  /// Closes the store, whatever is left of the clients. True when nothing was left and everything has been freed;
  /// otherwise what is still suspended refers to the engine and never runs again.
  bool close();

  Executor executor() { return io_.executor(); }
  /// Runs a task on the node's threads and waits for it.
  template <class T>
  T run_to_end(Task<T> task);

  /// Between `start` and `close`.
  Engine& engine() { return *engine_; }
  /// As `Store::release_memory` and `Directory::release_memory`. Between `start` and `close`.
  void release_memory();
  /// Logs handlers that hold an I/O thread and do not come to an end, each once. To be called now and then from a
  /// thread that is not one of the node's.
  void find_stuck() const;
  /// Null when the settings ask for no socket.
  Server* server() { return server_.get(); }

 private:
  Result<void> open_port();
  Task<Result<void>> stop_engine();

  NodeSettings settings_;
  NodeObservers observers_;
  std::unique_ptr<Clock> clock_;
  std::unique_ptr<Timers> timers_;
  BackgroundTimers background_;
  std::unique_ptr<Random> random_;
  IoPool io_;
  boost::asio::thread_pool storage_pool_;
  Ports ports_;
  /// With timers that do not keep the node from closing.
  Ports storage_ports_;
  // Each uses those before it.
  std::optional<DataDirectory> data_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<ActorStore> actors_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<ManagementApi> management_;
  std::unique_ptr<Server> server_;
};

}  // namespace troupe::node
