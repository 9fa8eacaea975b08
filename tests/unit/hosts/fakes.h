#pragma once

#include <deque>

#include "engine/base/async.h"
#include "engine/base/codec/json.h"
#include "engine/base/errors.h"
#include "engine/base/virtual_ports.h"
#include "engine/runtime/actor_instance.h"

namespace troupe {

class FakeConnection final : public Connection {
 public:
  FakeConnection(std::string id, ActorInstance::Connect connect, std::shared_ptr<ConnectionSink> sink)
      : id_(std::move(id)), connect_(std::move(connect)), sink_(std::move(sink)) {}

  const std::string& id() const override { return id_; }
  const Bytes& params() const override { return connect_.params; }
  const Bytes& state() const override { return state_; }
  void set_state(Bytes cbor) override { state_ = std::move(cbor); }
  bool hibernatable() const override { return connect_.hibernatable; }
  const HttpRequest& request() const override { return connect_.request; }
  void send(const std::string& event, const Bytes& args) override { sink_->event(event, args); }
  void disconnect(std::string reason) override { sink_->close(1000, std::move(reason)); }

 private:
  std::string id_;
  ActorInstance::Connect connect_;
  std::shared_ptr<ConnectionSink> sink_;
  Bytes state_;
};

/// An instance whose answers a test writes down. Unscripted calls succeed with nothing.
class FakeActor final : public ActorInstance {
 public:
  explicit FakeActor(Executor executor) : executor_(std::move(executor)) {
    info_.actor_id = "92b8glxz44e4mbci1ksehb7tq8dl00";
    info_.generation = 3;
    info_.name = "counter";
    info_.key = {"a", "b"};
  }

  struct Disconnect {
    std::string conn_id, reason;
  };

  std::function<Task<Result<std::shared_ptr<Connection>>>(Connect, std::shared_ptr<ConnectionSink>)> on_connect;
  std::function<Task<Result<void>>(std::string, bool)> on_subscribe;
  std::function<Task<Result<Bytes>>(std::shared_ptr<Connection>, std::string, Bytes)> on_action;
  std::function<Task<Result<Bytes>>(Connect, std::string, Bytes)> on_transient_action;
  std::function<Task<Result<QueueSent>>(Connect, QueueSend)> on_queue_send;
  std::function<Task<Result<HttpResponse>>(Connect, HttpRequest)> on_request;
  std::function<Task<Result<std::shared_ptr<ActorSocket>>>(Connect, std::shared_ptr<RelayedSocket>)> on_websocket;
  bool letting_go = false;
  std::function<Task<Result<void>>()> on_start;
  std::function<Task<void>(StopReason)> on_stop;
  std::vector<Disconnect> disconnects;
  ActorInfo info_;
  ActorDefinition definition_;

  const ActorInfo& info() const override { return info_; }
  const ActorDefinition& definition() const override { return definition_; }
  Executor executor() const override { return executor_; }
  Task<Result<void>> start() override {
    if (on_start) co_return co_await on_start();
    co_return Result<void>();
  }
  Task<void> stop(StopReason reason) override {
    if (on_stop) co_await on_stop(reason);
  }
  Task<Result<std::shared_ptr<Connection>>> connect(Connect connect, std::shared_ptr<ConnectionSink> sink) override {
    if (on_connect) co_return co_await on_connect(std::move(connect), std::move(sink));
    std::shared_ptr<Connection> conn = std::make_shared<FakeConnection>("c1", std::move(connect), std::move(sink));
    co_return conn;
  }
  void disconnected(std::shared_ptr<Connection> conn, std::string reason) override {
    disconnects.push_back({conn->id(), std::move(reason)});
  }
  Task<Result<void>> subscribe(std::shared_ptr<Connection>, std::string event, bool on) override {
    if (on_subscribe) co_return co_await on_subscribe(std::move(event), on);
    co_return Result<void>();
  }
  Task<Result<Bytes>> action(std::shared_ptr<Connection> conn, std::string name, Bytes args) override {
    if (on_action) co_return co_await on_action(std::move(conn), std::move(name), std::move(args));
    co_return Bytes();
  }
  Task<Result<Bytes>> transient_action(Connect connect, std::string name, Bytes args) override {
    if (on_transient_action)
      co_return co_await on_transient_action(std::move(connect), std::move(name), std::move(args));
    co_return Bytes();
  }
  Task<Result<QueueSent>> queue_send(Connect connect, QueueSend message) override {
    if (on_queue_send) co_return co_await on_queue_send(std::move(connect), std::move(message));
    co_return QueueSent();
  }
  Task<Result<HttpResponse>> request(Connect connect, HttpRequest request) override {
    if (on_request) co_return co_await on_request(std::move(connect), std::move(request));
    HttpResponse none;
    none.status = 404;
    co_return none;
  }
  Task<Result<std::shared_ptr<ActorSocket>>> websocket(Connect connect,
                                                       std::shared_ptr<RelayedSocket> socket) override {
    if (on_websocket) co_return co_await on_websocket(std::move(connect), std::move(socket));
    co_return std::shared_ptr<ActorSocket>();
  }
  Task<Result<Bytes>> inspect(InspectionWork) override { co_return make_error("actor", "stopping"); }

  Task<Result<std::shared_ptr<ActorSocket>>> resume(SocketId) override {
    co_return make_error("connection", "restore_not_found");
  }
  bool lets_go() const override { return letting_go; }

 private:
  Executor executor_;
};

/// Waits until the test says go on. Single-threaded.
class Gate {
 public:
  Task<Done> wait() {
    return suspend<Done>([this](Continuation<Done> waiter) { waiter_ = std::move(waiter); });
  }
  bool waiting() const { return static_cast<bool>(waiter_); }
  void open() { waiter_.post({}); }

 private:
  Continuation<Done> waiter_;
};

class FakeClientSocket final : public RelayedSocket {
 public:
  SocketId id() const override { return socket_id; }
  void ack(std::uint16_t index) override { acks.push_back(index); }
  void hibernate() override { hibernated = true; }
  bool send(WebSocketMessage message) override {
    if (close_code != 0) return false;
    sent.push_back(std::move(message));
    return true;
  }
  std::size_t buffered_bytes() const override { return buffered; }
  Task<void> wait_drained() override {
    co_await drained.wait();
    buffered = 0;
  }
  void close(std::uint16_t code, std::string reason) override {
    if (close_code != 0) return;
    close_code = code;
    close_reason = std::move(reason);
  }

  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const auto& message : sent) all.push_back(to_string(message.data));
    return all;
  }

  std::vector<WebSocketMessage> sent;
  std::uint16_t close_code = 0;
  std::string close_reason;
  std::size_t buffered = 0;
  SocketId socket_id{};
  std::vector<std::uint16_t> acks;
  bool hibernated = false;
  Gate drained;
};

/// Runs a task in the background; `value` is set at its end.
template <class T>
struct Background {
  std::shared_ptr<std::optional<T>> value = std::make_shared<std::optional<T>>();

  Background(VirtualWorld& world, Task<T> task) {
    boost::asio::co_spawn(world.context(), std::move(task), [v = value](std::exception_ptr failed, T result) {
      if (failed) std::rethrow_exception(failed);
      *v = std::move(result);
    });
    world.settle();
  }
  bool done() const { return value->has_value(); }
};

template <>
struct Background<void> {
  std::shared_ptr<bool> ended = std::make_shared<bool>(false);

  Background(VirtualWorld& world, Task<void> task) {
    boost::asio::co_spawn(world.context(), std::move(task), [e = ended](std::exception_ptr failed) {
      if (failed) std::rethrow_exception(failed);
      *e = true;
    });
    world.settle();
  }
  bool done() const { return *ended; }
};

inline Bytes cbor(std::string_view json) { return json_to_cbor(json).value(); }

}  // namespace troupe
