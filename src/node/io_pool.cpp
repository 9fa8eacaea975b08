#include "src/node/io_pool.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <string>

namespace troupe::node {

IoPool::IoPool(unsigned threads)
    : context_(static_cast<int>(threads)), work_(context_.get_executor()), running_(threads) {
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { run(); });
    ::pthread_setname_np(threads_.back().native_handle(), ("io-" + std::to_string(i)).c_str());
  }
}

IoPool::~IoPool() { stop(); }

void IoPool::run() {
  while (true) {
    try {
      context_.run();
      break;
    } catch (const std::exception& exception) {
      spdlog::error("an exception reached an I/O thread: {}", exception.what());
    } catch (...) {
      spdlog::error("an unknown exception reached an I/O thread");
    }
  }
  const std::lock_guard lock(mutex_);
  --running_;
  ended_.notify_all();
}

bool IoPool::drain(std::chrono::milliseconds limit) {
  work_.reset();
  std::unique_lock lock(mutex_);
  return ended_.wait_for(lock, limit, [this] { return running_ == 0; });
}

void IoPool::stop() {
  context_.stop();
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

}  // namespace troupe::node
