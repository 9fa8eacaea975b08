#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/base/executors.h"

namespace troupe::node {

/// The threads on which sockets, timers and actors run. An exception that reaches a thread is logged and the thread
/// goes on.
class IoPool {
 public:
  explicit IoPool(unsigned threads);
  /// Stops what still runs and joins. Handlers that never ran are destroyed with the pool.
  ~IoPool();

  IoExecutor executor() { return context_.get_executor(); }
  /// Waits until there is nothing left to do. False when that takes longer than `limit`.
  bool drain(std::chrono::milliseconds limit);
  /// Ends the threads after the handlers that run now. Blocks. Idempotent.
  void stop();

 private:
  void run();

  boost::asio::io_context context_;
  boost::asio::executor_work_guard<IoExecutor> work_;
  std::mutex mutex_;
  std::condition_variable ended_;
  unsigned running_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace troupe::node
