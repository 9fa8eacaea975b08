#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "troupe/behavior.h"
#include "troupe/codec.h"
#include "troupe/user_error.h"

/// The part of a typed actor that does not depend on its types: dispatch, errors, and noticing changes of state.
namespace troupe::detail {

class Instance;

/// One action of a definition, shared by all instances. A plain function runs inside the frame that dispatches it; a
/// coroutine brings its own.
class Action {
 public:
  Action(bool suspends, bool writes) : suspends_(suspends), writes_(writes) {}
  virtual ~Action() = default;
  bool suspends() const { return suspends_; }
  bool writes() const { return writes_; }
  /// When it does not suspend. May throw.
  virtual Result<Bytes> run(Instance& instance, const ActionCall& call) const = 0;
  /// When it suspends. Does not throw.
  virtual Task<Result<Bytes>> start(Instance& instance, ActionCall call) const = 0;

 private:
  const bool suspends_, writes_;
};

using ConnectionPtr = std::shared_ptr<Connection>;

/// Everything of an actor kind; immutable once instances exist.
struct Definition {
  template <class T, class... A>
  using Hook = std::function<Task<Result<T>>(Instance&, A...)>;

  std::string name;
  ActorOptions options;
  std::map<std::string, std::shared_ptr<const Action>, std::less<>> actions;
  std::map<std::string, Durability, std::less<>> durability;
  bool has_state = false;

  Hook<void, bool> on_migrate;
  Hook<Bytes, std::optional<Bytes>> create_state;
  Hook<void, std::optional<Bytes>> on_create;
  Hook<void> create_vars, on_wake, on_before_actor_start, run, on_sleep, on_destroy;
  Hook<void, Bytes, const HttpRequest&> on_before_connect;
  Hook<Bytes, Bytes, const HttpRequest&> create_conn_state;
  Hook<void, ConnectionPtr> on_connect, on_disconnect;
  Hook<bool, ConnectionPtr, std::string> can_subscribe;
  struct QueueDeclaration {
    /// Whether a body has the declared form. May be empty.
    std::function<Result<void>(const std::string& queue, const Bytes& body)> check;
    Hook<bool, ConnectionPtr> can_publish;
  };
  std::map<std::string, QueueDeclaration, std::less<>> queues;
  Hook<Bytes, std::string, Raw, Raw> on_before_action_response;
  Hook<HttpResponse, HttpRequest, ConnectionPtr, CallScopePtr> on_request;
  Hook<void, std::shared_ptr<ActorWebSocket>, ConnectionPtr> on_websocket;
  std::function<void(Instance&)> on_state_change;

  std::function<std::unique_ptr<Behavior>(std::shared_ptr<const Definition>, ActorContext&)> make;
};

/// How the runtime sees the definition.
ActorDefinition to_actor_definition(Definition definition);

/// Behavior of one generation. Threads: the actor's executor only.
///
/// The state counts as changed when its serialised form differs from the last one seen. That is checked at the end of
/// every handler that could write, and, while such a handler waits, at each call it makes through its context.
class Instance : public Behavior {
 public:
  Instance(std::shared_ptr<const Definition> definition, ActorContext& context)
      : definition_(std::move(definition)), context_(context) {}

  ActorContext& context() { return context_; }
  const Definition& definition() const { return *definition_; }

  /// The code is about to wait: changes so far become visible and get saved.
  void before_wait();
  /// Somebody got write access outside the parameters of a handler. Throws BadResult with
  /// `actor.state_mutation_reentrant` inside on_state_change.
  void touch();
  void refuse_inside_state_change() const;

  /// A handler at work. `finish` looks for a change and returns the error of on_state_change.
  class Turn {
   public:
    Turn(Instance& instance, bool writes) : instance_(instance), writes_(writes), touches_(instance.touches_) {
      if (writes_) ++instance_.writers_;
    }
    Turn(const Turn&) = delete;
    ~Turn() {
      if (writes_) --instance_.writers_;
    }
    Result<void> finish();

   private:
    Instance& instance_;
    const bool writes_;
    const std::uint32_t touches_;
  };

  /// A handler that waits for something that others make happen: it changes nothing meanwhile.
  class Parked {
   public:
    Parked(Instance& instance, bool writes) : instance_(instance), writes_(writes) {
      if (writes_) --instance_.writers_;
    }
    Parked(const Parked&) = delete;
    ~Parked() {
      if (writes_) ++instance_.writers_;
    }

   private:
    Instance& instance_;
    const bool writes_;
  };

  /// Changes made before this point are no changes: the state has just been made or loaded.
  void take_snapshot();
  /// Looks for a change now. Errors: those of on_state_change.
  Result<void> settle_state();
  /// Counts the changes that were seen.
  std::uint64_t changes() const { return changes_; }

  Task<Result<void>> on_migrate(bool is_new) final;
  Task<Result<Bytes>> create_state(std::optional<Bytes> input) final;
  Result<void> load_state(Bytes cbor) final;
  Result<void> replace_state(Bytes cbor) final;
  Task<Result<void>> on_create(std::optional<Bytes> input) final;
  Task<Result<void>> create_vars() final;
  Task<Result<void>> on_wake() final;
  Task<Result<void>> on_before_actor_start() final;
  Task<Result<void>> run() final;
  Task<Result<void>> on_sleep() final;
  Task<Result<void>> on_destroy() final;
  Task<Result<void>> on_before_connect(const Bytes& params, const HttpRequest& request) final;
  Task<Result<Bytes>> create_conn_state(const Bytes& params, const HttpRequest& request) final;
  Task<Result<void>> on_connect(ConnectionPtr conn) final;
  Task<Result<void>> on_disconnect(ConnectionPtr conn) final;
  Task<Result<bool>> can_subscribe(ConnectionPtr conn, std::string event) final;
  Task<Result<Bytes>> action(ActionCall call) final;
  Task<Result<Bytes>> on_before_action_response(std::string name, Bytes args, Bytes output) final;
  Task<Result<HttpResponse>> on_request(HttpRequest request, ConnectionPtr conn, CallScopePtr scope) final;
  Task<Result<void>> on_websocket(std::shared_ptr<ActorWebSocket> socket, ConnectionPtr conn) final;
  Task<Result<bool>> can_publish(ConnectionPtr conn, std::string queue, const Bytes& body) final;
  Result<Bytes> serialize_state() final;
  bool may_have_changed() const final;
  void note_changes() final;

 protected:
  virtual void encode_state(Bytes& out) const = 0;
  virtual Result<void> decode_state(BytesView cbor) = 0;

 private:
  Task<Result<Bytes>> run_now(const Action& action, ActionCall call);
  /// Of a state whose last form had more than `compare_max` bytes it is assumed that it has changed.
  void look_for_changes(std::size_t compare_max);

  std::shared_ptr<const Definition> definition_;
  ActorContext& context_;
  /// Last serialised state seen.
  Bytes snapshot_;
  std::uint32_t writers_ = 0;
  std::uint32_t touches_ = 0, touches_seen_ = 0;
  std::uint64_t changes_ = 0;
  bool in_state_change_ = false;
};

Error argument_error(const std::string& action, std::size_t index, const Decoder& decoder);
/// The number of arguments, or why it does not fit.
Result<std::size_t> open_arguments(Decoder& from, const std::string& action, std::size_t least);

/// Reads the arguments of an action into a tuple. Missing trailing ones are allowed where the type accepts it; what a
/// caller gives beyond the tuple is ignored, as JavaScript does.
template <class Tuple>
Result<void> decode_arguments(const ActionCall& call, Tuple& args) {
  return [&]<std::size_t... I>(std::index_sequence<I...>)->Result<void> {
    constexpr std::size_t kMost = sizeof...(I);
    std::size_t least = 0;
    ((kAcceptsMissing<std::tuple_element_t<I, Tuple>> ? void() : void(least = I + 1)), ...);
    Decoder from(call.args);
    TROUPE_TRY(const auto count, open_arguments(from, call.name, least));
    std::size_t failed = kMost;
    ((I < count && from.ok() ? (from.item(I, count, std::get<I>(args), true), failed = from.ok() ? failed : I) : 0),
     ...);
    if (!from.ok()) return argument_error(call.name, failed, from);
    return {};
  }
  (std::make_index_sequence<std::tuple_size_v<Tuple>>());
}

/// Arguments as one CBOR array.
template <class... A>
Bytes encode_arguments(const A&... args) {
  Bytes out;
  Encoder(out).tuple(args...);
  return out;
}

}  // namespace troupe::detail
