#include "troupe/message_queue.h"

#include <algorithm>
#include <array>

#include "engine/base/errors.h"
#include "troupe/client.h"
#include "troupe/context.h"

namespace troupe {

bool detail::OpenMessages::any() {
  std::erase_if(open_, [](const auto& completion) { return completion->completed(); });
  return !open_.empty();
}

Error make_queue_error(const char* code, std::optional<Value> metadata) {
  return make_error("queue", code, std::move(metadata));
}

namespace {

/// What ends a wait for messages: the signal of its own, and nobody waiting for the call that it belongs to.
class EndOfWait {
 public:
  EndOfWait(std::shared_ptr<AbortSignal> own, const CallScope* scope) : signal_(std::move(own)) {
    auto of_call = scope ? scope->signal() : nullptr;
    if (!of_call) return;
    if (!signal_) {
      signal_ = std::move(of_call);
      return;
    }
    const auto both = std::make_shared<AbortSignal>();
    auto either = [both] { both->abort(); };
    heard_ = {signal_->on_abort(either), of_call->on_abort(either)};
    signal_ = both;
  }

  const std::shared_ptr<AbortSignal>& signal() const { return signal_; }

 private:
  std::shared_ptr<AbortSignal> signal_;
  std::array<AbortSignal::Subscription, 2> heard_;
};

}  // namespace

Task<Result<std::uint64_t>> MessageQueue::id_of(Task<Result<QueueMessage>> sending) {
  auto sent = co_await std::move(sending);
  if (!sent) co_return std::move(sent).error();
  co_return sent->id;
}

Task<Result<std::vector<QueueMessage>>> MessageQueue::receive(MessageQueue self, QueueReceive wanted) {
  if (self.open_->any()) co_return make_queue_error("previous_message_not_completed");
  const EndOfWait end(wanted.abort, self.scope_.get());
  wanted.abort = end.signal();
  auto receiving = self.raw().receive(std::move(wanted));
  const detail::Instance::Parked parked(*self.instance_, self.writes_);
  auto received = co_await std::move(receiving);
  if (!received) co_return std::move(received).error();
  for (const auto& message : *received)
    if (message.completion) self.open_->add(message.completion);
  co_return std::move(*received);
}

void MessageQueue::log_unreadable(const QueueMessage& message, const Error& error) const {
  const auto text = "message " + std::to_string(message.id) + " of the queue " + message.name +
                    " is removed and not given to the actor: " + error.message();
  instance_->context().log(static_cast<int>(LogLevel::error), text);
}

Task<Result<void>> MessageQueue::wait_for_names_available(std::vector<std::string> names, std::optional<ms> timeout,
                                                          std::shared_ptr<AbortSignal> abort) const {
  QueueReceive wanted;
  wanted.names = std::move(names);
  wanted.timeout = timeout;
  wanted.abort = std::move(abort);
  return wait_available(*this, std::move(wanted));
}

Task<Result<void>> MessageQueue::wait_available(MessageQueue self, QueueReceive wanted) {
  const EndOfWait end(wanted.abort, self.scope_.get());
  wanted.abort = end.signal();
  auto waiting = self.raw().wait_available(std::move(wanted));
  co_return co_await std::move(waiting);
}

Task<Result<void>> ActorRef::delivered(Task<Result<QueueSent>> sending) {
  auto sent = co_await std::move(sending);
  if (!sent) co_return std::move(sent).error();
  co_return Result<void>();
}

}  // namespace troupe
