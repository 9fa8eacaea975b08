#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/strand.hpp>
#include <filesystem>
#include <map>

#include "engine/base/errors.h"
#include "engine/base/virtual_ports.h"
#include "engine/runtime/actor_instance.h"
#include "engine/runtime/state/inspector_token.h"
#include "engine/storage/open.h"
#include "src/demo/demo.h"
#include "tests/unit/sdk/values.h"
#include "troupe/actor.h"

namespace troupe::test {

/// A directory that goes away with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    auto pattern = (std::filesystem::temp_directory_path() / "troupe-sdk-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Events and the close of a client.
class ClientSink final : public ConnectionSink {
 public:
  void event(const std::string& name, const Bytes& args) override { events.emplace_back(name, value_of(args)); }
  void close(std::uint16_t code, std::string reason) override { closed = std::to_string(code) + " " + reason; }
  Events events;
  std::string closed;
};

/// The client's end of a raw WebSocket.
class SocketSink final : public RelayedSocket {
 public:
  SocketId id() const override { return {}; }
  void ack(std::uint16_t) override {}
  void hibernate() override {}
  bool send(WebSocketMessage message) override {
    sent.push_back((message.binary ? "binary " : "text ") + to_string(BytesView(message.data)));
    return true;
  }
  std::size_t buffered_bytes() const override { return 0; }
  Task<void> wait_drained() override { co_return; }
  void close(std::uint16_t code, std::string reason) override { closed = std::to_string(code) + " " + reason; }
  std::vector<std::string> sent;
  std::string closed;
};

/// The demo actors under the real runtime, in virtual time, with records in memory and SQLite in a temporary directory.
class Stage {
 public:
  class Actor;

  Stage() {
    StorageSettings settings;
    store_ = make_memory_store();
    actors_ = make_actor_store(world.ports(), *store_, directory_.path() / "sqlite", settings);
    register_demo_actors(registry_);
  }
  /// Actors are stopped before they are let go of: what still runs in them keeps them alive.
  ~Stage();

  /// One more kind of actor, or another one instead of a demo actor.
  void add(ActorDefinition definition) { registry_.add(std::move(definition)); }
  /// The running actor of that name and key, started if need be.
  Actor& actor(const std::string& name, std::vector<std::string> key = {"k"},
               std::optional<Value> input = std::nullopt);

  VirtualWorld world;

 private:
  friend class Actor;
  TemporaryDirectory directory_;
  Registry registry_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<ActorStore> actors_;
  std::uint8_t next_id_ = 1;
  std::map<std::string, std::unique_ptr<Actor>> running_;
};

class Stage::Actor {
 public:
  /// What the actor asks of the world; calls reach the other actors of the stage.
  class Host final : public InstanceHost {
   public:
    explicit Host(Stage& stage) : stage_(stage) {}
    void sleep_intent() override { ++sleep_intents; }
    void destroy_intent() override { ++destroy_intents; }
    void crashed(std::string) override {}
    Task<Result<void>> set_alarm(std::optional<std::int64_t>, Ack) override { co_return Result<void>(); }
    Task<Result<Bytes>> call(ActorAddress to, std::string action, Bytes args, CallOrigin origin) override {
      auto& other = *stage_.running_.at(to.name + "/" + to.key.at(0));
      return other.instance->called_action(std::move(origin), std::move(action), std::move(args));
    }
    Task<Result<QueueSent>> send(ActorAddress to, QueueSend message) override {
      auto& other = *stage_.running_.at(to.name + "/" + to.key.at(0));
      return other.instance->queue_send({}, std::move(message));
    }
    int sleep_intents = 0, destroy_intents = 0;

   private:
    Stage& stage_;
  };

  Actor(Stage& stage, std::string name, std::vector<std::string> key, std::optional<Value> input)
      : stage_(stage), host(std::make_shared<Host>(stage)) {
    std::array<std::uint8_t, Id::kSize> id{};
    id[0] = 1;
    id[1] = stage.next_id_++;
    config_.id = Id(id);
    config_.info = {config_.id.text(), 0, name, std::move(key), ""};
    if (input) config_.input = encode_cbor(*input);
    wake();
  }

  void wake() {
    ActorInstance::Config config{.ports = stage_.world.ports(),
                                 .store = stage_.actors_.get(),
                                 .definition = stage_.registry_.find(config_.info.name),
                                 .info = config_.info,
                                 .id = config_.id,
                                 .input = config_.input,
                                 .executor = boost::asio::make_strand(stage_.world.context()),
                                 .host = host};
    config.info.generation = ++config_.info.generation;
    stage_.actors_->set_generation(config_.id, config.info.generation);
    instance = ActorInstance::make(std::move(config));
    run(instance->start()).value();
  }
  void sleep() { stage_.world.run(instance->stop(StopReason::sleep_intent)); }

  /// Of its inspector, as the store has it.
  std::string token() {
    return to_string(run(stage_.actors_->load_row(inspector_token_key(config_.id))).value().value());
  }

  template <class T>
  T run(Task<T> task) {
    return stage_.world.run(std::move(task));
  }

  /// An HTTP action: its connection lives for the call.
  template <class... A>
  Result<Value> call(std::string action, const A&... args) {
    return call_with(nullptr, std::move(action), args...);
  }
  template <class... A>
  Result<Value> call_with(const Value& params, std::string action, const A&... args) {
    ActorInstance::Connect connect{encode_cbor(params), {}, false};
    return decoded(
        run(instance->transient_action(std::move(connect), std::move(action), detail::encode_arguments(args...))));
  }
  /// An HTTP queue send.
  Result<QueueSent> send(std::string queue, const Value& body, bool wait = false) {
    return run(instance->queue_send({}, {std::move(queue), encode_cbor(body), wait, std::nullopt}));
  }
  /// An action over a connection, or with none, as another actor calls.
  template <class... A>
  Result<Value> call_on(std::shared_ptr<Connection> conn, std::string action, const A&... args) {
    return decoded(run(instance->action(std::move(conn), std::move(action), detail::encode_arguments(args...))));
  }
  Result<std::shared_ptr<Connection>> connect(const Value& params, std::shared_ptr<ConnectionSink> sink) {
    ActorInstance::Connect connect{encode_cbor(params), {}, true};
    return run(instance->connect(std::move(connect), std::move(sink)));
  }

 private:
  static Result<Value> decoded(Result<Bytes> output) {
    if (!output) return output.error();
    return value_of(*output);
  }

  struct {
    ActorId id;
    ActorInfo info;
    std::optional<Bytes> input;
  } config_;
  Stage& stage_;

 public:
  std::shared_ptr<Host> host;
  std::shared_ptr<ActorInstance> instance;
};

inline Stage::~Stage() {
  for (auto& [name, actor] : running_)
    boost::asio::co_spawn(world.context(), actor->instance->stop(StopReason::sleep_intent), boost::asio::detached);
  world.advance(std::chrono::minutes(1));
}

inline Stage::Actor& Stage::actor(const std::string& name, std::vector<std::string> key, std::optional<Value> input) {
  auto& slot = running_[name + "/" + key.at(0)];
  if (!slot) slot = std::make_unique<Actor>(*this, name, std::move(key), std::move(input));
  return *slot;
}

}  // namespace troupe::test
