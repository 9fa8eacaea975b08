#pragma once

#include <functional>
#include <optional>
#include <tuple>
#include <utility>

#include "troupe/context.h"

/// Turns callables of a typed actor into the hooks and actions of its Definition.
namespace troupe::detail {

template <class T>
Bytes encode_output(const T& value) {
  if constexpr (std::is_same_v<T, Raw>)
    return value.cbor;
  else if constexpr (std::is_same_v<T, Undefined>)
    return {};
  else
    return encode(value);
}

template <class S, class C, class V>
struct Binding {
  using Typed = TypedInstance<S, C, V>;
  using Ctx = Context<S, C, V>;
  template <class F>
  using HandlerOf = Handler<F, S, Ctx>;

  static Typed& typed(Instance& instance) { return static_cast<Typed&>(instance); }

  /// Runs a handler to its value, whatever form its result has.
  template <class F, class Tuple>
  static Task<Result<typename HandlerOf<F>::Value>> complete(const F& f, Typed& self, ConnectionPtr conn,
                                                             CallScopePtr scope, Tuple args) {
    using H = HandlerOf<F>;
    using Out = Result<typename H::Value>;
    constexpr bool kWrites = H::kAccess == StateAccess::write;
    Ctx context(self, std::move(conn), kWrites, std::move(scope));
    Instance::Turn turn(self, kWrites);
    std::optional<Out> out;
    try {
      if constexpr (H::kTask && std::is_void_v<typename H::Value> && !H::kResult) {
        co_await H::call(f, self.state, context, args);
        out.emplace();
      } else if constexpr (H::kTask) {
        auto value = co_await H::call(f, self.state, context, args);
        out.emplace(std::move(value));
      } else if constexpr (std::is_void_v<typename H::Value> && !H::kResult) {
        H::call(f, self.state, context, args);
        out.emplace();
      } else {
        out.emplace(H::call(f, self.state, context, args));
      }
    } catch (...) {
      out.emplace(error_of_current_exception());
    }
    auto settled = turn.finish();
    if (*out && !settled) out.emplace(std::move(settled).error());
    co_return std::move(*out);
  }

  // -- actions --------------------------------------------------------------------------------------------------------

  template <class F>
  class TypedAction final : public Action {
    using H = HandlerOf<F>;
    using Value = typename H::Value;
    static constexpr bool kWrites = H::kAccess == StateAccess::write;

   public:
    explicit TypedAction(F f) : Action(H::kTask, kWrites), f_(std::move(f)) {}

    Result<Bytes> run(Instance& instance, const ActionCall& call) const final {
      if constexpr (H::kTask) {
        return internal_error("a coroutine cannot be run at once");
      } else {
        auto& self = typed(instance);
        typename H::Tuple args;
        TROUPE_CHECK(decode_arguments(call, args));
        Ctx context(self, call.conn, false, call.scope);
        if constexpr (std::is_void_v<Value> && !H::kResult) {
          H::call(f_, self.state, context, args);
          return Bytes();
        } else if constexpr (H::kResult) {
          return output(H::call(f_, self.state, context, args));
        } else {
          return encode_output<Value>(H::call(f_, self.state, context, args));
        }
      }
    }

    Task<Result<Bytes>> start(Instance& instance, ActionCall call) const final {
      if constexpr (!H::kTask) {
        co_return run(instance, call);
      } else {
        auto& self = typed(instance);
        typename H::Tuple args;
        if (auto decoded = decode_arguments(call, args); !decoded) co_return std::move(decoded).error();
        Ctx context(self, call.conn, kWrites, call.scope);
        Instance::Turn turn(self, kWrites);
        Result<Bytes> out = Bytes();
        try {
          if constexpr (std::is_void_v<Value> && !H::kResult) {
            co_await H::call(f_, self.state, context, args);
          } else if constexpr (H::kResult) {
            auto value = co_await H::call(f_, self.state, context, args);
            out = output(std::move(value));
          } else {
            auto value = co_await H::call(f_, self.state, context, args);
            out = encode_output<Value>(value);
          }
        } catch (...) {
          out = error_of_current_exception();
        }
        auto settled = turn.finish();
        if (out && !settled) out = std::move(settled).error();
        co_return out;
      }
    }

   private:
    static Result<Bytes> output(Result<Value> value) {
      if (!value) return std::move(value).error();
      if constexpr (std::is_void_v<Value>)
        return Bytes();
      else
        return encode_output<Value>(*value);
    }

    F f_;
  };

  // -- hooks ----------------------------------------------------------------------------------------------------------

  /// The first entries of `all`, as many as the handler has parameters of its own.
  template <class H, class Tuple>
  static auto first_of(Tuple all) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::tuple<std::tuple_element_t<I, Tuple>...>(std::get<I>(std::move(all))...);
    }
    (std::make_index_sequence<H::Args::kCount>());
  }

  /// A hook with given extra parameters, of which the handler takes as many as it wants.
  template <class F, class... Extra>
  static auto run_hook(const F& f, Instance& instance, ConnectionPtr conn, Extra... extra) {
    return run_scoped_hook(f, instance, std::move(conn), nullptr, std::move(extra)...);
  }
  template <class F, class... Extra>
  static auto run_scoped_hook(const F& f, Instance& instance, ConnectionPtr conn, CallScopePtr scope, Extra... extra) {
    using H = HandlerOf<F>;
    static_assert(H::Args::kCount <= sizeof...(Extra), "this hook has fewer parameters");
    auto args = first_of<H>(std::tuple<Extra...>(std::move(extra)...));
    return complete<F, decltype(args)>(f, typed(instance), std::move(conn), std::move(scope), std::move(args));
  }

  /// A value from outside (input, parameters); what is absent or null is a default-constructed struct.
  template <class T>
  static Result<T> decode_or_default(const Bytes& cbor, std::string_view what) {
    if constexpr (HasFields<T>) {
      CborReader peek(cbor);
      if (cbor.empty() || (peek.take_null() && peek.at_end())) return T{};
    }
    return decode<T>(cbor, what);
  }

  /// A hook whose first own parameter is decoded; `extra` follow. A handler that starts with one of `extra` gets only
  /// these.
  template <class F, class... Extra>
  static Task<Result<typename HandlerOf<F>::Value>> run_decoded_hook(const F& f, Instance& instance, ConnectionPtr conn,
                                                                     Bytes cbor, std::string_view what,
                                                                     Extra... extra) {
    using H = HandlerOf<F>;
    if constexpr (H::Args::kCount == 0) {
      return run_hook(f, instance, std::move(conn));
    } else {
      using First = std::tuple_element_t<0, typename H::Tuple>;
      if constexpr ((std::is_same_v<First, std::remove_cvref_t<std::unwrap_reference_t<Extra>>> || ...)) {
        return run_hook(f, instance, std::move(conn), std::move(extra)...);
      } else {
        auto first = decode_or_default<First>(cbor, what);
        if (!first) return failed<typename H::Value>(std::move(first).error());
        return run_hook(f, instance, std::move(conn), std::move(*first), std::move(extra)...);
      }
    }
  }

  template <class T>
  static Task<Result<T>> failed(Error error) {
    co_return error;
  }

  /// A result of any type as CBOR.
  template <class T>
  static Task<Result<Bytes>> encoded(Task<Result<T>> running) {
    auto value = co_await std::move(running);
    if (!value) co_return std::move(value).error();
    co_return encode_output<T>(*value);
  }

  template <class F>
  static Task<Result<Bytes>> make_state(const F& f, Instance& instance, std::optional<Bytes> input) {
    auto made = co_await run_decoded_hook(f, instance, nullptr, input.value_or(Bytes()), "input");
    if (!made) co_return std::move(made).error();
    typed(instance).state = std::move(*made);
    instance.take_snapshot();
    co_return instance.serialize_state();
  }
  static Task<Result<Bytes>> make_default_state(Instance& instance) {
    typed(instance).state = S{};
    instance.take_snapshot();
    co_return instance.serialize_state();
  }

  template <class F>
  static Task<Result<void>> make_vars(const F& f, Instance& instance) {
    auto made = co_await run_hook(f, instance, nullptr);
    if (!made) co_return std::move(made).error();
    typed(instance).vars = std::move(*made);
    co_return Result<void>();
  }

  static Task<Result<Bytes>> make_default_conn_state() { co_return encode(C{}); }
};

}  // namespace troupe::detail
