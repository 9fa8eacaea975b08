#include "engine/runtime/instance/instance.h"

namespace troupe {
namespace {

/// An action that the actor has scheduled itself: no connection, and no bound on its admission, which is that of the
/// schedules. What it has changed is committed by whoever awaits it.
class ScheduledRun final : public Call<Bytes> {
 public:
  ScheduledRun(std::shared_ptr<Instance> actor, ActionCall call)
      : Call(std::move(actor), Traffic::call, "scheduled action", nullptr), call_(std::move(call)) {
    set_ack(this->actor().ack_of_action(call_.name));
  }

  Task<void> run(std::shared_ptr<CallBase> self) override;

 private:
  /// Whoever has scheduled it logs every failure.
  void log_hidden(const Error&) const override {}

  ActionCall call_;
};

Task<void> ScheduledRun::run(std::shared_ptr<CallBase>) {
  co_await skip_final_post();
  auto& instance = actor();
  if (!instance.find_action(call_.name)) {
    auto metadata = Value::object({{"name", call_.name}});
    co_return answer(make_error("actor", "action_not_found", std::move(metadata)));
  }
  limit(instance.options().action_timeout);
  Result<Bytes> result;
  try {
    auto task = instance.behavior().action(std::move(call_));
    result = co_await std::move(task);
  } catch (...) {
    result = Instance::thrown("a scheduled action");
  }
  if (!answered()) answer(std::move(result));
}

}  // namespace

Task<Result<Bytes>> Instance::scheduled_action(std::string name, Bytes args, ScheduledFire fire) {
  ActionCall call{std::move(name), std::move(args), nullptr, std::move(fire)};
  auto run = std::make_shared<ScheduledRun>(self(), std::move(call));
  auto start = [run = std::move(run)](Continuation<Result<Bytes>> waiter) mutable {
    auto& actor = run->actor();
    run->wait(std::move(waiter));
    actor.reserved_.fetch_add(1, std::memory_order_relaxed);
    actor.enter(std::move(run));
  };
  return suspend<Result<Bytes>>(std::move(start));
}

}  // namespace troupe
