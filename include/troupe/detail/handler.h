#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "troupe/result.h"

/// What a callable asks for, deduced from its signature: optionally the state, optionally the context, then the rest.
namespace troupe::detail {

enum class StateAccess { none, read, write };

// -- signature --------------------------------------------------------------------------------------------------------

template <class R, class... P>
struct Signature {};

template <class F>
struct SignatureOf : SignatureOf<decltype(&F::operator())> {};

template <class R, class... P>
struct SignatureOf<R (*)(P...)> {
  using type = Signature<R, P...>;
};
template <class R, class... P>
struct SignatureOf<R (*)(P...) noexcept> : SignatureOf<R (*)(P...)> {};

/// Member functions of the state take it as their first parameter; those of a closure do not.
template <class R, class C, class... P>
struct SignatureOf<R (C::*)(P...)> {
  using type = Signature<R, P...>;
  using method = Signature<R, C&, P...>;
};
template <class R, class C, class... P>
struct SignatureOf<R (C::*)(P...) const> {
  using type = Signature<R, P...>;
  using method = Signature<R, const C&, P...>;
};
template <class R, class C, class... P>
struct SignatureOf<R (C::*)(P...) noexcept> : SignatureOf<R (C::*)(P...)> {};
template <class R, class C, class... P>
struct SignatureOf<R (C::*)(P...) const noexcept> : SignatureOf<R (C::*)(P...) const> {};

template <class F>
struct FullSignatureOf : SignatureOf<F> {};
template <class F>
requires std::is_member_function_pointer_v<F>
struct FullSignatureOf<F> {
  using type = typename SignatureOf<F>::method;
};

// -- result -----------------------------------------------------------------------------------------------------------

/// R is T, Result<T>, Task<T> or Task<Result<T>>; the value is T.
template <class R>
struct Outcome {
  using Value = R;
  static constexpr bool kTask = false, kResult = false;
};
template <class T>
struct Outcome<Result<T>> {
  using Value = T;
  static constexpr bool kTask = false, kResult = true;
};
template <class R>
struct Outcome<Task<R>> : Outcome<R> {
  static constexpr bool kTask = true;
};

// -- parameters -------------------------------------------------------------------------------------------------------

template <class... P>
struct Params {};

template <class S, class P>
struct StripState {
  static constexpr StateAccess kAccess = StateAccess::none;
  using Rest = P;
};
template <class S, class... P>
struct StripState<S, Params<S&, P...>> {
  static constexpr StateAccess kAccess = StateAccess::write;
  using Rest = Params<P...>;
};
template <class S, class... P>
struct StripState<S, Params<const S&, P...>> {
  static constexpr StateAccess kAccess = StateAccess::read;
  using Rest = Params<P...>;
};

template <class C, class P>
struct StripContext {
  static constexpr bool kTakes = false;
  using Rest = P;
};
template <class C, class First, class... P>
requires std::is_same_v<std::remove_cvref_t<First>, C>
struct StripContext<C, Params<First, P...>> {
  static constexpr bool kTakes = true;
  using Rest = Params<P...>;
};

template <class Rest>
struct Remaining;
template <class... P>
struct Remaining<Params<P...>> {
  using Tuple = std::tuple<std::remove_cvref_t<P>...>;
  static constexpr std::size_t kCount = sizeof...(P);

  template <class F, class Args, class... Head>
  static decltype(auto) apply(const F& f, Args& args, Head&... head) {
    return [&]<std::size_t... I>(std::index_sequence<I...>)->decltype(auto) {
      return std::invoke(f, head..., pass<P>(std::get<I>(args))...);
    }
    (std::index_sequence_for<P...>());
  }

 private:
  template <class To, class From>
  static decltype(auto) pass(From& from) {
    if constexpr (std::is_lvalue_reference_v<To>)
      return (from);
    else
      return std::move(from);
  }
};

/// A callable of an actor with state S and context C.
template <class F, class S, class C>
struct Handler {
  template <class X>
  struct Split;
  template <class R, class... P>
  struct Split<Signature<R, P...>> {
    using Return = R;
    using State = StripState<S, Params<P...>>;
    using Context = StripContext<C, typename State::Rest>;
  };
  using Parts = Split<typename FullSignatureOf<F>::type>;
  using Return = typename Parts::Return;
  using Args = Remaining<typename Parts::Context::Rest>;
  using Tuple = typename Args::Tuple;
  using Value = typename Outcome<Return>::Value;

  static constexpr StateAccess kAccess = Parts::State::kAccess;
  static constexpr bool kContext = Parts::Context::kTakes;
  static constexpr bool kTask = Outcome<Return>::kTask;
  static constexpr bool kResult = Outcome<Return>::kResult;

  /// `args` is a tuple with one entry per remaining parameter, convertible to it.
  template <class Tuple>
  static Return call(const F& f, S& state, C& context, Tuple& args) {
    if constexpr (kAccess != StateAccess::none && kContext)
      return Args::apply(f, args, state, context);
    else if constexpr (kAccess != StateAccess::none)
      return Args::apply(f, args, state);
    else if constexpr (kContext)
      return Args::apply(f, args, context);
    else
      return Args::apply(f, args);
  }
};

}  // namespace troupe::detail
