#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "troupe/actor.h"

/// Tests of actors: a whole engine in memory, in which time passes only when the test says so. Works with any test
/// framework; link `troupe::testing` of the CMake package. The guide is docs/guides/testing-actors.md.
namespace troupe::testing {

/// Thrown when a test asks for what cannot be: an answer that needs time to pass, say.
class Misuse : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

struct EngineOptions {
  /// The same seed gives the same run: ids, order, everything.
  std::uint64_t seed = 1;
  /// Wall clock at the start, ms since the epoch.
  std::int64_t start_ms = 1'700'000'000'000;
};

/// An event as a client got it.
struct Event {
  std::string name;
  /// An array.
  Value args;
};

namespace detail {

struct World;

/// An answer that may not be there yet.
struct PendingAnswer {
  std::optional<Result<Bytes>> answer;
};

/// The same of a message that was sent with a wait.
struct PendingMessage {
  std::optional<Result<QueueSent>> outcome;
};

template <class R>
Result<R> typed_answer(Result<Bytes> output) {
  if (!output) return std::move(output).error();
  if constexpr (std::is_void_v<R>)
    return {};
  else
    return decode<R>(*output, "result");
}

}  // namespace detail

/// A call that has been made and whose answer may need time to pass.
template <class R>
class Pending {
 public:
  explicit Pending(std::shared_ptr<detail::PendingAnswer> state) : state_(std::move(state)) {}

  bool done() const { return state_->answer.has_value(); }
  /// Throws Misuse before it is done.
  Result<R> result() const {
    if (!done()) throw Misuse("the call has not been answered yet: advance the time first");
    return detail::typed_answer<R>(*state_->answer);
  }

 private:
  std::shared_ptr<detail::PendingAnswer> state_;
};

/// A message that has been sent and whose completion may need time to pass.
template <class R>
class PendingMessage {
 public:
  explicit PendingMessage(std::shared_ptr<detail::PendingMessage> state) : state_(std::move(state)) {}

  bool done() const { return state_->outcome.has_value(); }
  /// What it was completed with, or that the time was over. Throws Misuse before it is done.
  Result<Sent<R>> result() const {
    if (!done()) throw Misuse("the message has not been completed yet: advance the time first");
    const auto& outcome = *state_->outcome;
    if (!outcome) return outcome.error();
    Sent<R> sent;
    sent.completed = outcome->completed;
    if (outcome->response) {
      TROUPE_TRY(sent.response, decode<R>(*outcome->response, "completion response"));
    }
    return sent;
  }

 private:
  std::shared_ptr<detail::PendingMessage> state_;
};

/// A client's connection, as `client.actor.connect()` makes one. Lifetime: closes when destroyed; must not outlive the
/// Engine.
class Connection {
 public:
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  /// Why the actor refused or ended the connection, "code reason"; empty while it is open.
  std::string closed() const;
  /// Given by the actor; empty when it was refused.
  std::string id() const;

  void subscribe(std::string event);
  void unsubscribe(std::string event);
  /// What has arrived since the last call, in order.
  std::vector<Event> take_events();

  /// An action over this connection; its answer without any passing of time. Throws Misuse when it needs time.
  template <class R = void, class... A>
  Result<R> call(std::string action, const A&... args) {
    auto pending = start<R>(action, args...);
    if (!pending.done()) throw Misuse("action `" + action + "` waits for time to pass: use start() and advance()");
    return pending.result();
  }
  template <class R = void, class... A>
  Pending<R> start(std::string action, const A&... args) {
    return Pending<R>(begin(std::move(action), troupe::detail::encode_arguments(args...)));
  }

  void close();

 private:
  friend class Actor;
  struct State;
  explicit Connection(std::shared_ptr<State> state);
  std::shared_ptr<detail::PendingAnswer> begin(std::string action, Bytes args);

  std::shared_ptr<State> state_;
};

/// An actor, by name and key. Cheap to copy; must not outlive the Engine.
class Actor {
 public:
  /// Creates the actor with this input, if there is none yet. Errors: as a client gets them.
  template <class Input>
  Result<void> create(const Input& input) {
    return create_with(encode(input));
  }
  Result<void> create() { return create_with(std::nullopt); }

  /// An action as another actor would call it: without a connection. The actor is created and woken if need be. Throws
  /// Misuse when the answer needs time to pass.
  template <class R = void, class... A>
  Result<R> call(std::string action, const A&... args) {
    auto pending = start<R>(action, args...);
    if (!pending.done()) throw Misuse("action `" + action + "` waits for time to pass: use start() and advance()");
    return pending.result();
  }
  /// The same, for actions that wait for time: `advance` the engine, then look at the result.
  template <class R = void, class... A>
  Pending<R> start(std::string action, const A&... args) {
    return Pending<R>(begin(std::move(action), troupe::detail::encode_arguments(args...)));
  }

  /// A message for a queue, as another actor would send it; durable when this returns. What the actor does not declare
  /// is dropped. Throws Misuse when the actor needs time to start.
  template <class B>
  Result<void> send(std::string queue, const B& body) {
    const auto pending = begin_send({std::move(queue), encode(body), false, std::nullopt});
    if (!pending->outcome) throw Misuse("the actor needs time to start: advance it, then send");
    if (!*pending->outcome) return pending->outcome->error();
    return {};
  }
  /// The same, and waits until the message is completed, for `timeout` at the most.
  template <class R = Value, class B>
  PendingMessage<R> send_and_wait(std::string queue, const B& body,
                                  std::optional<std::chrono::milliseconds> timeout = std::nullopt) {
    return PendingMessage<R>(begin_send({std::move(queue), encode(body), true, timeout}));
  }

  /// A client's connection with these parameters.
  template <class Params>
  Connection connect(const Params& params) {
    return connect_with(encode(params));
  }
  Connection connect() { return connect_with({0xf6}); }

  /// A raw HTTP request; `target` is the path as the actor sees it. A streamed body of the response is in `stream`.
  HttpResponse fetch(HttpRequest request);

  /// Whether it exists, and whether it is in memory.
  bool exists() const;
  bool awake() const;
  /// Empty while it does not exist.
  std::string id() const;
  /// Grows with every start; 0 while it does not exist.
  std::uint32_t generation() const;

  /// Has it put to sleep, as its idle timer would. What its work and onSleep wait for needs `advance`.
  void sleep();
  /// Starts it without calling anything.
  void wake();
  /// Destroys it with all data. False when onDestroy waits for time to pass.
  bool destroy();

 private:
  friend class Engine;
  Actor(detail::World& world, ActorAddress address) : world_(&world), address_(std::move(address)) {}
  Result<void> create_with(std::optional<Bytes> input);
  std::shared_ptr<detail::PendingAnswer> begin(std::string action, Bytes args);
  std::shared_ptr<detail::PendingMessage> begin_send(QueueSend message);
  Connection connect_with(Bytes params);

  detail::World* world_;
  ActorAddress address_;
};

/// The engine of a test. Everything runs on the calling thread, inside the calls of the test. Records are kept in
/// memory, databases in a directory that is removed with the engine.
class Engine {
 public:
  explicit Engine(Registry registry, EngineOptions options = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Actor actor(std::string name, std::vector<std::string> key) {
    return Actor(*world_, ActorAddress{std::move(name), std::move(key)});
  }
  template <std::convertible_to<std::string>... K>
  Actor actor(std::string name, K&&... key) {
    return actor(std::move(name), std::vector<std::string>{std::string(std::forward<K>(key))...});
  }

  /// Moves the clock. What falls due on the way happens in its order and at its time: delays, time limits, idle sleep,
  /// schedules and alarms, the wakes of actors included.
  void advance(std::chrono::milliseconds time);
  /// ms since the epoch, as `c.now_ms()` says.
  std::int64_t now_ms() const;
  /// Sets the wall clock forward or back without any time passing, as an operator does.
  void jump_wall_clock(std::chrono::milliseconds by);

  /// Actors in memory.
  std::size_t awake_actors() const;
  /// Stops the engine in order (actors go to sleep) and starts it again over the same data. Connections are cut.
  void restart();

 private:
  std::unique_ptr<detail::World> world_;
};

}  // namespace troupe::testing
