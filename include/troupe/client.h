#pragma once

#include <string>
#include <utility>

#include "troupe/detail/instance.h"

namespace troupe {

/// Another actor, as seen from the code of an actor. Cheap to copy; valid as long as the actor that made it.
class ActorRef {
 public:
  ActorRef(detail::Instance& instance, ActorAddress address) : instance_(&instance), address_(std::move(address)) {}

  const ActorAddress& address() const { return address_; }

  /// Calls an action and waits for its result; the actor is created if need be. Errors: what the action returned,
  /// `actor.validation_error` when the result is no R.
  template <class R = void, class... A>
  Task<Result<R>> call(std::string action, const A&... args) const {
    instance_->before_wait();
    auto reply = instance_->context().call(address_, std::move(action), detail::encode_arguments(args...));
    return read<R>(std::move(reply));
  }

 private:
  template <class R>
  static Task<Result<R>> read(Task<Result<Bytes>> reply) {
    auto output = co_await std::move(reply);
    if (!output) co_return std::move(output).error();
    if constexpr (std::is_void_v<R>)
      co_return Result<void>();
    else
      co_return decode<R>(*output, "result");
  }

  detail::Instance* instance_;
  ActorAddress address_;
};

}  // namespace troupe
