#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "troupe/detail/binding.h"
#include "troupe/web.h"

/// Actors in C++: a state struct, a name, and callables for actions and hooks. The guide is docs/guides/cpp-actors.md.
namespace troupe {

/// Builder of an actor kind with state S, connection state C and variables V.
///
/// A handler is a plain function or a coroutine: it takes, all optional and in this order, `S&` or `const S&`, the
/// `Context<S, C, V>&`, and its own parameters, and returns T, Result<T>, Task<T> or Task<Result<T>> (T may be void).
/// Actions decode their parameters from the call and encode their result. One object of a callable serves all instances
/// and is called as const. A handler that takes `S&` may change the state: the change is noticed and saved, before the
/// answer leaves. Exceptions: UserError reaches the client, every other one is an internal error.
template <class S = None, class C = None, class V = None>
class Actor {
  using Bind = detail::Binding<S, C, V>;
  using Instance = detail::Instance;
  using ConnectionPtr = detail::ConnectionPtr;

 public:
  using Context = troupe::Context<S, C, V>;
  using State = S;

  explicit Actor(std::string name) {
    definition_.name = std::move(name);
    if constexpr (!std::is_same_v<S, None>) {
      definition_.has_state = true;
      definition_.create_state = [](Instance& self, std::optional<Bytes>) { return Bind::make_default_state(self); };
    }
    if constexpr (!std::is_same_v<C, None>)
      definition_.create_conn_state = [](Instance&, Bytes, const HttpRequest&) {
        return Bind::make_default_conn_state();
      };
    definition_.make = [](std::shared_ptr<const detail::Definition> definition, ActorContext& context) {
      return std::unique_ptr<Behavior>(new typename Bind::Typed(std::move(definition), context));
    };
  }

  /// A second action of the same name replaces the first.
  template <class F>
  Actor& action(std::string name, F f, Durability durability) {
    definition_.durability[name] = durability;
    return action(std::move(name), std::move(f));
  }
  template <class F>
  Actor& action(std::string name, F f) {
    definition_.actions[std::move(name)] = std::make_shared<typename Bind::template TypedAction<F>>(std::move(f));
    return *this;
  }

  Actor& options(ActorOptions options) {
    definition_.options = std::move(options);
    return *this;
  }
  /// Of actions that do not say it themselves, and of everything else that the actor does.
  Actor& durability(Durability durability) {
    definition_.options.durability = durability;
    return *this;
  }
  Actor& sleep_timeout(std::chrono::milliseconds time) {
    definition_.options.sleep_timeout = time;
    return *this;
  }

  // -- life of the actor; own parameters in brackets ------------------------------------------------------------------

  /// [bool is_new] Before anything else, on every start: makes tables.
  template <class F>
  Actor& on_migrate(F f) {
    definition_.on_migrate = [f](Instance& self, bool is_new) { return Bind::run_hook(f, self, nullptr, is_new); };
    return *this;
  }
  /// [Input] → S. First state of a new actor, instead of a default-constructed one.
  template <class F>
  Actor& create_state(F f) {
    static_assert(std::is_same_v<typename Bind::template HandlerOf<F>::Value, S>, "create_state returns the state");
    definition_.create_state = [f](Instance& self, std::optional<Bytes> input) {
      return Bind::make_state(f, self, std::move(input));
    };
    return *this;
  }
  /// [Input] Once, for a new actor.
  template <class F>
  Actor& on_create(F f) {
    definition_.on_create = [f](Instance& self, std::optional<Bytes> input) {
      return Bind::run_decoded_hook(f, self, nullptr, input.value_or(Bytes()), "input");
    };
    return *this;
  }
  /// → V. At every start.
  template <class F>
  Actor& create_vars(F f) {
    static_assert(std::is_same_v<typename Bind::template HandlerOf<F>::Value, V>, "create_vars returns the variables");
    definition_.create_vars = [f](Instance& self) { return Bind::make_vars(f, self); };
    return *this;
  }
  template <class F>
  Actor& on_wake(F f) {
    return plain(definition_.on_wake, std::move(f));
  }
  template <class F>
  Actor& on_before_actor_start(F f) {
    return plain(definition_.on_before_actor_start, std::move(f));
  }
  /// Runs beside the handlers from the start on, in every generation; the actor does not sleep while it runs, unless it
  /// waits for a message of the queue.
  template <class F>
  Actor& run(F f) {
    return plain(definition_.run, std::move(f));
  }
  template <class F>
  Actor& on_sleep(F f) {
    return plain(definition_.on_sleep, std::move(f));
  }
  template <class F>
  Actor& on_destroy(F f) {
    return plain(definition_.on_destroy, std::move(f));
  }
  /// (const S&, Context&), a plain function: after a change of the state, once per turn. It must not change the state.
  /// An error or exception fails the action that made the change.
  template <class F>
  Actor& on_state_change(F f) {
    using H = typename Bind::template HandlerOf<F>;
    static_assert(!H::kTask && H::kAccess != detail::StateAccess::write && H::Args::kCount == 0 &&
                      std::is_void_v<typename H::Return>,
                  "on_state_change is a plain function of (const S&, Context&)");
    definition_.on_state_change = [f](Instance& self) {
      Context context(Bind::typed(self), nullptr);
      std::tuple<> none;
      H::call(f, Bind::typed(self).state, context, none);
    };
    return *this;
  }

  // -- connections ----------------------------------------------------------------------------------------------------

  /// [Params, const HttpRequest&] Throw or return an error to refuse the connection.
  template <class F>
  Actor& on_before_connect(F f) {
    definition_.on_before_connect = [f](Instance& self, Bytes params, const HttpRequest& request) {
      return Bind::run_decoded_hook(f, self, nullptr, std::move(params), kParams, std::cref(request));
    };
    return *this;
  }
  /// [Params, const HttpRequest&] → C.
  template <class F>
  Actor& create_conn_state(F f) {
    static_assert(std::is_same_v<typename Bind::template HandlerOf<F>::Value, C>,
                  "create_conn_state returns the connection state");
    definition_.create_conn_state = [f](Instance& self, Bytes params, const HttpRequest& request) {
      return Bind::encoded(Bind::run_decoded_hook(f, self, nullptr, std::move(params), kParams, std::cref(request)));
    };
    return *this;
  }
  /// The connection is `c.conn()`, here and below.
  template <class F>
  Actor& on_connect(F f) {
    definition_.on_connect = [f](Instance& self, ConnectionPtr conn) {
      return Bind::run_hook(f, self, std::move(conn));
    };
    return *this;
  }
  template <class F>
  Actor& on_disconnect(F f) {
    definition_.on_disconnect = [f](Instance& self, ConnectionPtr conn) {
      return Bind::run_hook(f, self, std::move(conn));
    };
    return *this;
  }
  /// [std::string event] → bool.
  template <class F>
  Actor& can_subscribe(F f) {
    definition_.can_subscribe = [f](Instance& self, ConnectionPtr conn, std::string event) {
      return Bind::run_hook(f, self, std::move(conn), std::move(event));
    };
    return *this;
  }

  // -- queues ---------------------------------------------------------------------------------------------------------

  /// Takes messages from clients and other actors under this name. A body that is no Body is refused
  /// (`actor.validation_error`).
  template <class Body = Raw>
  Actor& queue(std::string name) {
    auto& declared = definition_.queues[std::move(name)];
    if constexpr (!std::is_same_v<Body, Raw>) {
      declared.check = [](const std::string& queue, const Bytes& body) -> Result<void> {
        TROUPE_CHECK(decode<Body>(body, "body for queue `" + queue + "`"));
        return {};
      };
    }
    return *this;
  }
  /// `can_publish` → bool, asked before each message; the sender's connection is `c.conn()`. False: `auth.forbidden`.
  template <class Body = Raw, class F>
  Actor& queue(std::string name, F can_publish) {
    queue<Body>(name);
    definition_.queues[std::move(name)].can_publish = [f = std::move(can_publish)](Instance& self, ConnectionPtr conn) {
      return Bind::run_hook(f, self, std::move(conn));
    };
    return *this;
  }

  // -- traffic --------------------------------------------------------------------------------------------------------

  /// [std::string action, Raw args, Raw output] → what the client gets instead.
  template <class F>
  Actor& on_before_action_response(F f) {
    definition_.on_before_action_response = [f](Instance& self, std::string action, Raw args, Raw output) {
      return Bind::encoded(Bind::run_hook(f, self, nullptr, std::move(action), std::move(args), std::move(output)));
    };
    return *this;
  }
  /// [HttpRequest] → HttpResponse.
  template <class F>
  Actor& on_request(F f) {
    definition_.on_request = [f](Instance& self, HttpRequest request, ConnectionPtr conn, CallScopePtr scope) {
      return Bind::run_scoped_hook(f, self, std::move(conn), std::move(scope), std::move(request));
    };
    return *this;
  }
  /// [std::shared_ptr<ActorWebSocket>]
  template <class F>
  Actor& on_websocket(F f) {
    definition_.on_websocket = [f](Instance& self, std::shared_ptr<ActorWebSocket> socket, ConnectionPtr conn) {
      return Bind::run_hook(f, self, std::move(conn), std::move(socket));
    };
    return *this;
  }

  /// For `registry.add(actor)`.
  operator ActorDefinition() const { return detail::to_actor_definition(definition_); }

 private:
  static constexpr std::string_view kParams = "connection parameters";

  template <class F>
  Actor& plain(detail::Definition::Hook<void>& hook, F f) {
    hook = [f = std::move(f)](Instance& self) { return Bind::run_hook(f, self, nullptr); };
    return *this;
  }

  detail::Definition definition_;
};

template <class S = None, class C = None, class V = None>
Actor<S, C, V> actor(std::string name) {
  return Actor<S, C, V>(std::move(name));
}

}  // namespace troupe
