#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <cstddef>
#include <thread>
#include <vector>

#include "engine/base/executors.h"

namespace troupe {

/// Threads of one io_context.
class IoThreads {
 public:
  explicit IoThreads(std::size_t count) : work_(context_.get_executor()) {
    for (std::size_t i = 0; i < count; ++i) threads_.emplace_back([this] { context_.run(); });
  }
  ~IoThreads() {
    context_.stop();
    join();
  }
  IoExecutor executor() { return context_.get_executor(); }
  /// Waits until there is nothing left to do.
  void join() {
    work_.reset();
    for (auto& thread : threads_)
      if (thread.joinable()) thread.join();
  }

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<IoExecutor> work_;
  std::vector<std::thread> threads_;
};

}  // namespace troupe
