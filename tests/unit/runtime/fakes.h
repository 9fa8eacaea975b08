#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/async.h"
#include "engine/base/errors.h"
#include "engine/base/virtual_ports.h"
#include "engine/runtime/actor_instance.h"
#include "engine/storage/open.h"

namespace troupe {

using Log = std::vector<std::string>;

/// Something that a script waits for until the test opens it.
class Gate {
 public:
  Task<void> wait();
  void open() {
    open_ = true;
    signal_.notify_all();
  }

 private:
  bool open_ = false;
  Signal signal_;
};

/// Actors' data in memory. Records every save, and fails or holds them when told to.
class FakeActorStore final : public ActorStore {
 public:
  struct Save {
    /// Empty when the save had none.
    Bytes state;
    Ack ack;
    /// Changes of rows that came with it.
    std::size_t rows = 0;
  };

  Task<Result<std::optional<Bytes>>> load_state(ActorId) override;
  Task<Result<void>> save(ActorId id, std::uint32_t generation, ActorSave save, Ack ack) override;
  Task<Result<std::vector<ActorSave::ConnectionRow>>> load_connections(ActorId) override;
  Task<Result<std::optional<Bytes>>> load_row(Bytes key) override { return rows->get(std::move(key)); }
  Task<Result<std::vector<StoreEntry>>> load_rows(keys::Range range, ScanOptions options) override {
    return rows->scan(std::move(range.begin), std::move(range.end), options);
  }
  std::unique_ptr<KeyValue> key_value(ActorId, std::uint32_t) override;
  std::unique_ptr<Database> database(ActorId, std::uint32_t, Executor) override;
  Task<void> close_database(ActorId, std::uint32_t) override;
  void set_generation(ActorId, std::uint32_t) override {}
  void forget_generation(ActorId, std::uint32_t) override {}
  void erase_all(ActorId, WriteBatch&) override {}
  Task<void> remove_files(ActorId) override { co_return; }

  std::optional<Bytes> stored;
  std::optional<Error> load_failure;
  std::optional<Error> save_failure;
  /// Of saves that are written all the same.
  std::optional<Error> sync_failure;
  std::shared_ptr<Gate> hold_saves;
  std::shared_ptr<Gate> hold_close;
  std::vector<Save> saves;
  int saves_running = 0;
  int saves_overlapped = 0;
  int databases_opened = 0;
  int databases_closed = 0;
  std::map<std::string, Bytes> entries;
  /// Queue, schedule and the like.
  std::unique_ptr<Store> rows = make_memory_store();
};

/// What the actor's code does, hook by hook. An empty function does nothing; `hooks_of` tells which are set.
struct Script {
  std::function<Task<Result<void>>(bool is_new)> on_migrate;
  std::function<Task<Result<Bytes>>(std::optional<Bytes>)> create_state;
  std::function<Result<void>(Bytes)> load_state;
  std::function<Task<Result<void>>(std::optional<Bytes>)> on_create;
  std::function<Task<Result<void>>()> create_vars, on_wake, on_before_actor_start, run, on_sleep, on_destroy;
  std::function<Task<Result<void>>(Bytes, std::string)> on_before_connect;
  std::function<Task<Result<Bytes>>(Bytes)> create_conn_state;
  std::function<Task<Result<void>>(std::shared_ptr<Connection>)> on_connect, on_disconnect;
  std::function<Task<Result<bool>>(std::shared_ptr<Connection>, std::string)> can_subscribe, can_publish;
  std::function<Task<Result<Bytes>>(ActionCall)> action;
  std::function<Task<Result<Bytes>>(std::string, Bytes, Bytes)> on_before_action_response;
  std::function<Task<Result<HttpResponse>>(HttpRequest, std::shared_ptr<Connection>)> on_request;
  std::function<Task<Result<void>>(std::shared_ptr<ActorWebSocket>, std::shared_ptr<Connection>)> on_websocket;
  std::function<Result<Bytes>()> serialize_state;

  /// Changes of the state that the context has not been told of.
  bool untold = false;

  /// Of the newest instance.
  ActorContext* context = nullptr;
  /// Of the newest request.
  CallScopePtr request_scope;
  /// What `serialize_state` gives unless the script has its own.
  Bytes state{0x01};
  Log log;
};

BehaviorHooks hooks_of(const Script& script);
std::unique_ptr<Behavior> make_scripted(std::shared_ptr<Script> script, ActorContext& context);

class FakeHost final : public InstanceHost {
 public:
  void sleep_intent() override { ++sleep_intents; }
  void destroy_intent() override { ++destroy_intents; }
  void crashed(std::string failure) override { crashes.push_back(std::move(failure)); }
  Task<Result<Bytes>> call(ActorAddress to, std::string action, Bytes, CallOrigin origin) override;
  Task<Result<QueueSent>> send(ActorAddress to, QueueSend message) override;
  std::function<void()> on_call;
  CallOrigin last_origin;
  Task<Result<void>> set_alarm(std::optional<std::int64_t> at_ms, Ack) override;
  std::vector<std::optional<std::int64_t>> alarms;
  std::optional<Error> alarm_failure;
  int sleep_intents = 0;
  int destroy_intents = 0;
  Log crashes;
};

class FakeSink final : public ConnectionSink {
 public:
  void event(const std::string& name, const Bytes& args) override {
    events.push_back(name + ":" + to_string(args));
    if (on_event) on_event();
  }
  void close(std::uint16_t code, std::string reason) override { closes.push_back(std::to_string(code) + " " + reason); }
  Log events, closes;
  std::function<void()> on_event;
};

class FakeClientSocket final : public RelayedSocket {
 public:
  SocketId id() const override { return socket_id; }
  void ack(std::uint16_t index) override { acks.push_back(index); }
  void hibernate() override { ++hibernations; }
  bool send(WebSocketMessage message) override {
    sent.push_back(to_string(message.data));
    return true;
  }
  std::size_t buffered_bytes() const override { return 0; }
  Task<void> wait_drained() override { co_return; }
  void close(std::uint16_t code, std::string reason) override { closes.push_back(std::to_string(code) + " " + reason); }
  Log sent, closes;
  SocketId socket_id{};
  std::vector<std::uint16_t> acks;
  int hibernations = 0;
};

Task<Result<void>> succeed();
Task<Result<void>> fail(Error error);
/// Waits for something that never comes.
Task<Result<void>> never();

}  // namespace troupe
