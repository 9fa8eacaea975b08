#include "engine/runtime/calls/action_scope.h"
#include "engine/runtime/instance/instance.h"

namespace troupe {
namespace {

/// An action that the actor has scheduled itself: no connection, and no bound on its admission, which is that of the
/// schedules. What it has changed is committed by whoever awaits it.
class ScheduledRun final : public Call<Bytes>, public ActionScope {
 public:
  ScheduledRun(std::shared_ptr<Instance> actor, ActionCall call)
      : Call(std::move(actor), Traffic::call, "scheduled action", nullptr),
        ActionScope(this->actor()),
        call_(std::move(call)) {
    set_ack(this->actor().ack_of_action(call_.name));
  }

  Task<void> run(std::shared_ptr<CallBase> self) override;
  void fail(Error error) override;

 private:
  std::optional<std::chrono::nanoseconds> latest_end() const override { return ends_at(); }
  /// Whoever has scheduled it logs every failure.
  void log_hidden(const Error&) const override {}

  ActionCall call_;
};

/// The code may still be running; what it waits for and has asked of others ends with the call.
void ScheduledRun::fail(Error error) {
  if (answered()) return;
  const auto self = shared_from_this();
  mark_aborted();
  Call::fail(std::move(error));
  give_up();
}

Task<void> ScheduledRun::run(std::shared_ptr<CallBase> self) {
  co_await skip_final_post();
  auto& instance = actor();
  if (!instance.find_action(call_.name)) {
    auto metadata = Value::object({{"name", call_.name}});
    co_return answer(make_error("actor", "action_not_found", std::move(metadata)));
  }
  limit(instance.options().action_timeout);
  call_.scope = CallScopePtr(self, this);
  Result<Bytes> result;
  try {
    auto task = instance.behavior().action(std::move(call_));
    result = co_await std::move(task);
  } catch (...) {
    result = Instance::thrown("a scheduled action");
  }
  if (answered()) {
    if (!result) instance.log_hidden("a scheduled action", result.error());
    co_return;
  }
  answer(std::move(result));
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
