#include "engine/runtime/queue/queue_waits.h"

#include "engine/base/errors.h"

namespace troupe {

// -- receivers --------------------------------------------------------------------------------------------------------

void QueueReceivers::Waiting::end(Outcome outcome) {
  unlink();
  deadline.cancel();
  waiter.post(outcome);
}

Task<QueueReceivers::Outcome> QueueReceivers::wait(std::vector<std::string> names, std::optional<Millis> time,
                                                   std::shared_ptr<AbortSignal> abort) {
  auto waiting = std::make_shared<Waiting>();
  waiting->names = std::move(names);
  if (abort) {
    auto aborted = [executor = executor_, weak = std::weak_ptr<Waiting>(waiting)] {
      boost::asio::post(executor, [weak] {
        auto one = weak.lock();
        if (one && one->is_linked()) one->end(Outcome::aborted);
      });
    };
    waiting->subscription = abort->on_abort(std::move(aborted));
  }
  // This frame keeps `waiting`, and the stop of the actor ends every wait before its parts go.
  auto start = [this, waiting, time](Continuation<Outcome> waiter) {
    waiting->waiter = std::move(waiter);
    waiting_.push_back(*waiting);
    if (time) deadlines_.arm(waiting->deadline, *time, [one = waiting.get()] { one->end(Outcome::timed_out); });
  };
  co_return co_await suspend<Outcome>(std::move(start));
}

void QueueReceivers::wake(const std::function<bool(const std::vector<std::string>&)>& has_message) {
  auto one = waiting_.begin();
  while (one != waiting_.end()) {
    auto& waiting = *one++;
    if (has_message(waiting.names)) waiting.end(Outcome::woken);
  }
}

void QueueReceivers::abort_all() {
  while (!waiting_.empty()) waiting_.front().end(Outcome::aborted);
}

// -- replies ----------------------------------------------------------------------------------------------------------

Task<QueueReplies::Reply> QueueReplies::wait(std::uint64_t id, std::optional<Millis> time,
                                             std::shared_ptr<AbortSignal> abort) {
  auto waiting = std::make_shared<Waiting>();
  waiting_[id] = waiting;
  if (abort) {
    auto aborted = [this, executor = executor_, id, weak = std::weak_ptr<Waiting>(waiting)] {
      boost::asio::post(executor, [this, id, weak] {
        if (weak.lock()) end(id, make_error("actor", "aborted"));
      });
    };
    waiting->subscription = abort->on_abort(std::move(aborted));
  }
  auto start = [this, waiting, id, time](Continuation<Reply> waiter) {
    waiting->waiter = std::move(waiter);
    auto over = [this, id] { end(id, std::optional<QueueSent>()); };
    if (time) deadlines_.arm(waiting->deadline, *time, std::move(over));
  };
  co_return co_await suspend<Reply>(std::move(start));
}

void QueueReplies::end(std::uint64_t id, Reply reply) {
  auto node = waiting_.extract(id);
  if (node.empty()) return;
  node.mapped()->deadline.cancel();
  node.mapped()->waiter.post(std::move(reply));
}

void QueueReplies::complete(std::uint64_t id, std::optional<Bytes> response) {
  QueueSent sent;
  sent.response = std::move(response);
  end(id, std::optional<QueueSent>(std::move(sent)));
}

void QueueReplies::drop(std::uint64_t id) {
  end(id, make_error("queue", "completion_waiter_dropped", Value::object({{"message_id", Value(id)}})));
}

void QueueReplies::drop_all() {
  while (!waiting_.empty()) drop(waiting_.begin()->first);
}

}  // namespace troupe
