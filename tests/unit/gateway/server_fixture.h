#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <condition_variable>
#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "engine/base/async.h"
#include "engine/base/real_ports.h"
#include "gateway/http/server.h"
#include "tests/unit/gateway/gateway_fakes.h"
#include "tests/unit/gateway/raw_client.h"

namespace troupe {

/// A value that one thread waits for and another sets.
template <class T>
class Awaited {
 public:
  void set(T value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
    changed_.notify_all();
  }
  std::optional<T> wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return value_.has_value(); });
    return value_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<T> value_;
};

/// A server on a port of its own, with two I/O threads.
class ServerTest : public ::testing::Test {
 protected:
  static constexpr const char* kActor = "/gateway/hkay2d8eub5p74v1pfgpr7isbeal00";

  /// Waits until the test is over.
  Task<void> forever() {
    co_await suspend<Done>([this](Continuation<Done> waiter) {
      const std::lock_guard lock(mutex_);
      waiting_forever_.push_back(std::move(waiter));
    });
  }

  void TearDown() override {
    server_.reset();
    work_.reset();
    context_.stop();
    for (auto& thread : threads_) thread.join();
    waiting_forever_.clear();
  }

  void start() {
    settings.host = "127.0.0.1";
    settings.port = 0;
    server_ = make_server(ports(), settings, engine, management);
    ASSERT_TRUE(server_->listen());
    for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { context_.run(); });
  }

  Ports ports() { return {*clock_, *timers_, *random_, context_.get_executor(), context_.get_executor()}; }
  Server& server() { return *server_; }
  RawClient connect(int receive_buffer = 0) { return RawClient(server_->port(), receive_buffer); }

  template <class T>
  std::future<T> spawn(Task<T> task) {
    return boost::asio::co_spawn(context_, std::move(task), boost::asio::use_future);
  }

  ClientResponse get(const std::string& target, const std::string& headers = "", const std::string& method = "GET") {
    RawClient client = connect();
    client.send(method + " " + target + " HTTP/1.1\r\nhost: h:1\r\nconnection: close\r\n" + headers + "\r\n");
    return client.response(method == "HEAD").value_or(ClientResponse{});
  }

  ServerSettings settings;
  FakeEngine engine;
  FakeManagement management;

 private:
  boost::asio::io_context context_;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_{
      context_.get_executor()};
  std::unique_ptr<Clock> clock_ = make_system_clock();
  std::unique_ptr<Timers> timers_ = make_asio_timers();
  std::unique_ptr<Random> random_ = make_system_random();
  std::unique_ptr<Server> server_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::vector<Continuation<Done>> waiting_forever_;
};

}  // namespace troupe
