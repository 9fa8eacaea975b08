#include <algorithm>

#include "engine/runtime/instance/instance.h"

namespace troupe {
namespace {

/// A message from outside, with a connection of its own.
class QueueRun final : public Call<QueueSent> {
 public:
  QueueRun(std::shared_ptr<Instance> actor, std::shared_ptr<ActorConnection> conn, bool* began, QueueSend message)
      : Call(std::move(actor), Traffic::call, "queue_send", began), message_(std::move(message)) {
    temporary_ = std::move(conn);
  }

  Task<void> run(std::shared_ptr<CallBase> self) override;
  void fail(Error error) override {
    const auto id = std::exchange(waits_for_, std::nullopt);
    if (id && error.is("actor", "dropped_reply")) {
      error = make_error("queue", "completion_waiter_dropped", Value::object({{"message_id", Value(*id)}}));
    }
    Call::fail(std::move(error));
    if (id) actor().queue().replies().drop(*id);
  }

 private:
  bool is_declared() const {
    const auto& names = actor_definition().queues;
    return std::find(names.begin(), names.end(), message_.name) != names.end();
  }
  const ActorDefinition& actor_definition() const { return shared_actor()->definition(); }
  Task<Result<void>> admit();
  Task<Result<void>> check_publish(std::shared_ptr<CallBase> self);
  Task<Result<QueueSent>> put();

  QueueSend message_;
  /// The message whose completion is waited for.
  std::optional<std::uint64_t> waits_for_;
};

Task<void> QueueRun::run(std::shared_ptr<CallBase> self) {
  co_await skip_final_post();
  limit(actor().options().action_timeout);
  Result<QueueSent> sent = QueueSent();
  auto conn = temporary_;
  auto admitted = co_await admit();
  if (admitted && is_declared()) {
    admitted = co_await check_publish(self);
    if (admitted && !answered()) sent = co_await put();
  }
  if (!admitted) sent = admitted.error();
  if (answered()) co_return actor().drop(conn);
  unlimit();
  actor().drop(std::exchange(temporary_, nullptr));
  if (actor().unsettled(ack())) {
    auto saved = co_await actor().saver().commit(ack());
    if (sent && !saved) sent = saved.error();
  }
  actor().gate().settle();
  answer(std::move(sent));
}

Task<Result<void>> QueueRun::admit() {
  auto& instance = actor();
  if (!instance.admission_runs_code()) {
    instance.insert(temporary_);
    co_return Result<void>();
  }
  mark_began();
  auto conn = temporary_;
  auto admitted = co_await instance.admit(std::move(conn));
  co_return admitted;
}

Task<Result<void>> QueueRun::check_publish(std::shared_ptr<CallBase> self) {
  auto& instance = actor();
  if (!instance.hooks().can_publish) co_return Result<void>();
  mark_began();
  auto* behavior = &instance.behavior();
  auto conn = temporary_;
  // `self` keeps the message as long as the hook runs.
  auto make = [behavior, conn, message = &message_] {
    return behavior->can_publish(conn, message->name, message->body);
  };
  const auto limit_of_hook = instance.options().on_before_connect_timeout;
  auto allowed = co_await instance.hook<bool>("canPublish", limit_of_hook, std::move(self), std::move(make));
  if (!allowed) co_return allowed.error();
  if (!*allowed) co_return make_error("auth", "forbidden");
  co_return Result<void>();
}

Task<Result<QueueSent>> QueueRun::put() {
  auto& instance = actor();
  // The next generation receives it sooner: the run handler of this one has been told to end.
  if (instance.lifecycle().stopping()) {
    mark_unbegun();
    co_return make_error("actor", "stopping");
  }
  mark_began();
  auto name = std::move(message_.name);
  auto body = std::move(message_.body);
  TROUPE_CO_TRY(const auto message, co_await instance.queue().add(std::move(name), std::move(body)));
  if (!message_.wait || answered()) co_return QueueSent();
  waits_for_ = message.id;
  change_work(Work::queue_reply);
  auto reply = co_await instance.queue().replies().wait(message.id, message_.timeout, message_.abort);
  waits_for_.reset();
  if (!reply) co_return reply.error();
  if (*reply) co_return std::move(**reply);
  QueueSent timed_out;
  timed_out.completed = false;
  co_return timed_out;
}

}  // namespace

Task<Result<QueueSent>> Instance::queue_send(Connect connect, QueueSend message) {
  auto* began = std::exchange(connect.began, nullptr);
  auto conn = make_connection(ActorConnection::Kind::temporary, std::move(connect), nullptr);
  std::shared_ptr<Call<QueueSent>> call =
      std::make_shared<QueueRun>(self(), std::move(conn), began, std::move(message));
  return submit(std::move(call));
}

}  // namespace troupe
