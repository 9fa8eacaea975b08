#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "troupe/detail/instance.h"

namespace troupe {

/// What became of a message that was sent with a wait.
template <class R>
struct Sent {
  /// False: the time was over before somebody completed it; the message stays in the queue.
  bool completed = true;
  std::optional<R> response;
};

/// Another actor, as seen from the code of an actor. Cheap to copy; valid as long as the actor that made it.
class ActorRef {
 public:
  ActorRef(detail::Instance& instance, ActorAddress address, CallScopePtr scope = nullptr)
      : instance_(&instance), address_(std::move(address)), scope_(std::move(scope)) {}

  const ActorAddress& address() const { return address_; }

  /// Calls an action and waits for its result; the actor is created if need be. Errors: what the action returned,
  /// `actor.validation_error` when the result is no R, `actor.action_timed_out`, `actor.aborted` when nobody waits for
  /// this actor's own answer any more, `actor.call_deadlock`.
  template <class R = void, class... A>
  Task<Result<R>> call(std::string action, const A&... args) const {
    instance_->before_wait();
    auto reply = instance_->context().call(address_, std::move(action), detail::encode_arguments(args...), scope_);
    return read<R>(std::move(reply));
  }

  /// Puts a message into a queue that the actor declares (else it is dropped); returns when it is durable there.
  /// Errors: those of Queue, `auth.forbidden`.
  template <class B>
  Task<Result<void>> send(std::string queue, const B& body) const {
    instance_->before_wait();
    return delivered(instance_->context().send(address_, {std::move(queue), encode(body), false, std::nullopt}));
  }
  /// The same, and waits until the message is completed. `actor.aborted` when nobody waits for this actor's own answer
  /// any more; the message stays.
  template <class R, class B>
  Task<Result<Sent<R>>> send_and_wait(std::string queue, const B& body,
                                      std::optional<std::chrono::milliseconds> timeout = std::nullopt) const {
    instance_->before_wait();
    QueueSend message{std::move(queue), encode(body), true, timeout, scope_ ? scope_->signal() : nullptr};
    return answered<R>(instance_->context().send(address_, std::move(message)));
  }

 private:
  static Task<Result<void>> delivered(Task<Result<QueueSent>> sending);
  template <class R>
  static Task<Result<Sent<R>>> answered(Task<Result<QueueSent>> sending) {
    auto sent = co_await std::move(sending);
    if (!sent) co_return std::move(sent).error();
    Sent<R> out;
    out.completed = sent->completed;
    if (sent->response) {
      TROUPE_CO_TRY(out.response, decode<R>(*sent->response, "completion response"));
    }
    co_return out;
  }

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
  CallScopePtr scope_;
};

}  // namespace troupe
