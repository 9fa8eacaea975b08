#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "troupe/abort.h"
#include "troupe/detail/instance.h"

/// The typed form of Queue (troupe/queue.h), as `c.queue()` gives it.
namespace troupe {

namespace detail {

/// What one handler has received and not completed yet.
class OpenMessages {
 public:
  bool any();
  void add(std::shared_ptr<QueueCompletion> completion) { open_.push_back(std::move(completion)); }

 private:
  std::vector<std::shared_ptr<QueueCompletion>> open_;
};

}  // namespace detail

/// A received message. Cheap to copy but for its body.
template <class Body = Raw>
class Message {
 public:
  Message(detail::Instance& instance, QueueMessage message, Body decoded)
      : body(std::move(decoded)), instance_(&instance), message_(std::move(message)) {}

  Body body;

  std::uint64_t id() const { return message_.id; }
  const std::string& name() const { return message_.name; }
  std::int64_t created_at_ms() const { return message_.created_at_ms; }
  bool completable() const { return message_.completion != nullptr; }

  /// Removes the message; what the handler has changed up to here is committed with it, in one. Errors:
  /// `queue.already_completed`, `queue.complete_not_configured` when it was not received as completable.
  Task<Result<void>> complete() const { return finish(std::nullopt); }
  /// The same with an answer for a sender that waits.
  template <class R>
  Task<Result<void>> complete(const R& response) const {
    return finish(encode(response));
  }

 private:
  Task<Result<void>> finish(std::optional<Bytes> response) const {
    instance_->before_wait();
    return complete_message(message_, std::move(response));
  }
  static Task<Result<void>> complete_message(QueueMessage message, std::optional<Bytes> response) {
    if (!message.completion) {
      auto name = Value::object({{"name", message.name}});
      co_return queue_error("complete_not_configured", std::move(name));
    }
    co_return co_await message.completion->complete(std::move(response));
  }
  static Error queue_error(const char* code, Value metadata);

  detail::Instance* instance_;
  QueueMessage message_;
};

Error make_queue_error(const char* code, std::optional<Value> metadata = std::nullopt);

template <class Body>
Error Message<Body>::queue_error(const char* code, Value metadata) {
  return make_queue_error(code, std::move(metadata));
}

/// The messages of the actor. Names need no declaration here; a declaration lets others send. While a handler has a
/// completable message that is not completed, its next receive fails with `queue.previous_message_not_completed`.
/// A body that is no Body is `actor.validation_error`; receive it as Raw where that can happen. Among several that were
/// taken for good only the others are given, and the log names it.
/// Limits, durability and other errors: Queue. Threads: the actor's executor only.
class MessageQueue {
 public:
  using ms = std::chrono::milliseconds;

  MessageQueue(detail::Instance& instance, bool writes, std::shared_ptr<detail::OpenMessages> open,
               CallScopePtr scope = nullptr)
      : instance_(&instance), writes_(writes), open_(std::move(open)), scope_(std::move(scope)) {}

  /// Adds a message with the other changes of this turn; gives its id.
  template <class B>
  Task<Result<std::uint64_t>> send(std::string name, const B& body) const {
    return id_of(raw().send(std::move(name), encode(body)));
  }
  /// Adds a message, commits it and waits until it is completed. No time: as long as the actor runs. Errors:
  /// `queue.timed_out`.
  template <class R, class B>
  Task<Result<std::optional<R>>> send_and_wait(std::string name, const B& body,
                                               std::optional<ms> timeout = std::nullopt,
                                               std::shared_ptr<AbortSignal> abort = nullptr) const {
    return reply<R>(instance_, writes_, raw().send_and_wait(std::move(name), encode(body), timeout, std::move(abort)));
  }

  /// The oldest message of `wanted.names`, or of all; waits for one. Nothing when the time is over. Errors:
  /// `actor.aborted` when the actor stops, or nobody waits for the answer of the call that receives any more.
  template <class Body = Raw>
  Task<Result<std::optional<Message<Body>>>> next(QueueReceive wanted = {}) const {
    return one<Body>(*this, std::move(wanted));
  }
  /// The same without a wait.
  template <class Body = Raw>
  Task<Result<std::optional<Message<Body>>>> try_next(QueueReceive wanted = {}) const {
    wanted.timeout = ms(0);
    return one<Body>(*this, std::move(wanted));
  }
  /// Up to `wanted.count` messages, as many as there are; waits for the first one.
  template <class Body = Raw>
  Task<Result<std::vector<Message<Body>>>> next_batch(QueueReceive wanted) const {
    return batch<Body>(*this, std::move(wanted));
  }
  /// As `next`, but the end of the time is `queue.timed_out`.
  template <class Body = Raw>
  Task<Result<Message<Body>>> wait_for_names(std::vector<std::string> names, QueueReceive wanted = {}) const {
    wanted.names = std::move(names);
    return surely<Body>(*this, std::move(wanted));
  }
  /// Waits until there is a message of these names and leaves it. Errors: `queue.timed_out`, `actor.aborted`.
  Task<Result<void>> wait_for_names_available(std::vector<std::string> names, std::optional<ms> timeout = std::nullopt,
                                              std::shared_ptr<AbortSignal> abort = nullptr) const;

  /// Gives each message to the coroutine `handle(Message<Body>)`, one after the other, until the actor stops (a
  /// success), the time of one wait is over (a success), or the handler returns an error.
  template <class Body = Raw, class F>
  Task<Result<void>> for_each(QueueReceive wanted, F handle) const {
    return loop<Body>(*this, std::move(wanted), std::move(handle));
  }

  /// Completes a message by id, as after a restart. False when no message of that id and name is there.
  Task<Result<bool>> complete_persisted(std::uint64_t id, std::string name) const {
    return raw().complete(id, std::move(name), std::nullopt);
  }
  template <class R>
  Task<Result<bool>> complete_persisted(std::uint64_t id, std::string name, const R& response) const {
    return raw().complete(id, std::move(name), encode(response));
  }

  /// Octets, inspection and reset.
  Queue& raw() const {
    instance_->before_wait();
    return instance_->context().queue();
  }

 private:
  static Task<Result<std::uint64_t>> id_of(Task<Result<QueueMessage>> sending);
  static Task<Result<std::vector<QueueMessage>>> receive(MessageQueue self, QueueReceive wanted);
  static Task<Result<void>> wait_available(MessageQueue self, QueueReceive wanted);
  void log_unreadable(const QueueMessage& message, const Error& error) const;

  template <class R>
  static Task<Result<std::optional<R>>> reply(detail::Instance* instance, bool writes,
                                              Task<Result<std::optional<Bytes>>> waiting) {
    const detail::Instance::Parked parked(*instance, writes);
    auto response = co_await std::move(waiting);
    if (!response) co_return std::move(response).error();
    if (!*response) co_return std::optional<R>();
    auto decoded = decode<R>(**response, "completion response");
    if (!decoded) co_return std::move(decoded).error();
    co_return std::optional<R>(std::move(*decoded));
  }

  template <class Body>
  static Task<Result<std::vector<Message<Body>>>> batch(MessageQueue self, QueueReceive wanted) {
    auto receiving = receive(self, std::move(wanted));
    auto received = co_await std::move(receiving);
    if (!received) co_return std::move(received).error();
    std::vector<Message<Body>> messages;
    for (auto& message : *received) {
      auto body = decode<Body>(message.body, "queue message body");
      if (body) {
        messages.emplace_back(*self.instance_, std::move(message), std::move(*body));
      } else if (message.completion || received->size() == 1) {
        co_return std::move(body).error();
      } else {
        self.log_unreadable(message, body.error());
      }
    }
    co_return messages;
  }
  template <class Body>
  static Task<Result<std::optional<Message<Body>>>> one(MessageQueue self, QueueReceive wanted) {
    wanted.count = 1;
    auto receiving = batch<Body>(self, std::move(wanted));
    auto messages = co_await std::move(receiving);
    if (!messages) co_return std::move(messages).error();
    if (messages->empty()) co_return std::optional<Message<Body>>();
    co_return std::optional<Message<Body>>(std::move(messages->front()));
  }
  template <class Body>
  static Task<Result<Message<Body>>> surely(MessageQueue self, QueueReceive wanted) {
    const auto waited = wanted.timeout.value_or(ms(0)).count();
    auto receiving = one<Body>(self, std::move(wanted));
    auto message = co_await std::move(receiving);
    if (!message) co_return std::move(message).error();
    if (!*message) co_return make_queue_error("timed_out", Value::object({{"timeout_ms", waited}}));
    co_return std::move(**message);
  }
  template <class Body, class F>
  static Task<Result<void>> loop(MessageQueue self, QueueReceive wanted, F handle) {
    while (true) {
      auto receiving = one<Body>(self, wanted);
      auto message = co_await std::move(receiving);
      if (!message && message.error().is("actor", "aborted")) co_return Result<void>();
      if (!message) co_return std::move(message).error();
      if (!*message) co_return Result<void>();
      auto handling = handle(std::move(**message));
      auto handled = co_await std::move(handling);
      if (!handled) co_return std::move(handled).error();
    }
  }

  detail::Instance* instance_;
  bool writes_;
  std::shared_ptr<detail::OpenMessages> open_;
  /// Its end is the end of a wait for messages too.
  CallScopePtr scope_;
};

}  // namespace troupe
