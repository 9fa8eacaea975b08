#include <algorithm>

#include "engine/runtime/calls/action_scope.h"
#include "engine/runtime/instance/instance.h"

namespace troupe {
namespace {

/// An action: of a client, with a connection of its own when it came by HTTP, or of another actor.
class ActionRun final : public Call<Bytes>, public ActionScope {
 public:
  ActionRun(std::shared_ptr<Instance> actor, std::shared_ptr<ActorConnection> conn, bool transient, bool* began,
            std::string name, Bytes args)
      : Call(std::move(actor), Traffic::call, "action", began),
        ActionScope(this->actor()),
        conn_(std::move(conn)),
        name_(std::move(name)),
        args_(std::move(args)) {
    if (transient) temporary_ = conn_;
    set_ack(this->actor().ack_of_action(name_));
  }
  ActionRun(std::shared_ptr<Instance> actor, CallOrigin origin, std::string name, Bytes args)
      : ActionRun(std::move(actor), nullptr, false, nullptr, std::move(name), std::move(args)) {
    origin_ = std::move(origin);
    called_ = true;
  }

  Task<void> run(std::shared_ptr<CallBase> self) override;
  void suspended() override;
  std::string_view handler() const override { return known_ ? *known_ : name_; }
  void fail(Error error) override;

 private:
  std::shared_ptr<const CallFrame> caller() const override { return origin_.path; }
  std::optional<std::chrono::nanoseconds> latest_end() const override { return ends_at(); }
  /// Why it is not begun at all.
  std::optional<Error> refusal() const;
  /// The time that the actor's options and the caller leave.
  Millis time_limit() const;
  Error named(Error error) const { return called_ ? error.from_actor(actor().error_origin()) : error; }

  std::shared_ptr<ActorConnection> conn_;
  std::string name_;
  /// The same once it is known to be an action; outlives `name_`.
  const std::string* known_ = nullptr;
  Bytes args_;
  CallOrigin origin_;
  AbortSignal::Subscription caller_;
  bool called_ = false;
};

std::optional<Error> ActionRun::refusal() const {
  if (origin_.abort && origin_.abort->aborted()) return make_error("actor", "aborted");
  if (origin_.deadline && *origin_.deadline <= actor().ports().clock.monotonic())
    return make_error("actor", "action_timed_out");
  return std::nullopt;
}

Millis ActionRun::time_limit() const {
  const auto own = actor().options().action_timeout;
  if (!origin_.deadline) return own;
  const auto left = *origin_.deadline - actor().ports().clock.monotonic();
  return std::clamp(std::chrono::ceil<Millis>(left), Millis(0), own);
}

void ActionRun::suspended() {
  Call::suspended();
  if (answered() || !origin_.abort) return;
  // The signal may outlive this call, and fires on the caller's thread.
  auto give_up = [weak = std::weak_ptr<CallBase>(shared_from_this()), executor = actor().executor()] {
    hand_over(executor, [weak] {
      if (const auto call = weak.lock()) call->fail(make_error("actor", "aborted"));
    });
  };
  caller_ = origin_.abort->on_abort(std::move(give_up));
}

/// The code may still be running; what it has asked of others ends with the call.
void ActionRun::fail(Error error) {
  if (answered()) return;
  const auto self = shared_from_this();
  mark_aborted();
  answer(named(std::move(error)));
  give_up();
}

Task<void> ActionRun::run(std::shared_ptr<CallBase> self) {
  co_await skip_final_post();
  auto& instance = actor();
  if (called_) {
    if (auto refused = refusal()) co_return fail(std::move(*refused));
  }
  if (temporary_) {
    if (instance.admission_runs_code()) {
      mark_began();
      auto admitted = co_await instance.admit(conn_);
      if (answered()) co_return instance.drop(conn_);
      if (!admitted) co_return answer(admitted.error());
    } else {
      instance.insert(conn_);
    }
  }
  known_ = instance.find_action(name_);
  if (!known_) {
    auto metadata = Value::object({{"name", name_}});
    co_return answer(named(make_error("actor", "action_not_found", std::move(metadata))));
  }

  const bool filtered = instance.hooks().on_before_action_response;
  ActionCall action;
  if (filtered) {
    action.name = name_;
    action.args = args_;
  } else {
    action.name = std::move(name_);
    action.args = std::move(args_);
  }
  action.conn = std::move(conn_);
  action.scope = CallScopePtr(self, this);
  Result<Bytes> result;
  mark_began();
  limit(time_limit());
  try {
    auto task = instance.behavior().action(std::move(action));
    result = co_await std::move(task);
    if (filtered && result && !answered()) {
      // A budget of its own.
      limit(time_limit());
      auto filtering =
          instance.behavior().on_before_action_response(std::move(name_), std::move(args_), std::move(*result));
      result = co_await std::move(filtering);
    }
  } catch (...) {
    result = Instance::thrown("an action");
  }
  if (answered()) {
    if (!result) log_hidden(result.error());
    co_return;
  }
  unlimit();
  if (temporary_) instance.drop(std::exchange(temporary_, nullptr));
  // Its events come first, and with a stricter call at work they wait for more than it does.
  const Ack need = instance.gate().need_of_answer(ack());
  if (instance.unsettled(need)) {
    auto saved = co_await instance.saver().commit(need, instance.calls_queued());
    if (result && !saved) result = saved.error();
  }
  if (!result && called_) result = named(result.error());
  instance.gate().settle();
  answer(std::move(result));
}

}  // namespace

Task<Result<Bytes>> Instance::action(std::shared_ptr<Connection> conn, std::string name, Bytes args) {
  auto own = std::static_pointer_cast<ActorConnection>(std::move(conn));
  std::shared_ptr<Call<Bytes>> call =
      std::make_shared<ActionRun>(self(), std::move(own), false, nullptr, std::move(name), std::move(args));
  return submit(std::move(call));
}

Task<Result<Bytes>> Instance::called_action(CallOrigin origin, std::string name, Bytes args) {
  std::shared_ptr<Call<Bytes>> call =
      std::make_shared<ActionRun>(self(), std::move(origin), std::move(name), std::move(args));
  return submit(std::move(call));
}

CallOrigin Instance::origin_of(const CallScope* scope) {
  // The only scopes but the one of background work are those that the runtime gives out itself.
  if (auto* action = dynamic_cast<ActionScope*>(const_cast<CallScope*>(scope))) return action->outgoing();
  if (scope == nullptr && lifecycle_.state() == LifecycleState::loading) {
    auto frame = std::make_shared<CallFrame>(*own_frame());
    frame->blocks_start = true;
    return {std::move(frame), std::nullopt, nullptr};
  }
  return {own_frame(), std::nullopt, nullptr};
}

const std::shared_ptr<const CallFrame>& Instance::own_frame() {
  if (!own_frame_) {
    auto frame = std::make_shared<CallFrame>();
    frame->actor = id_;
    frame->generation = info_.generation;
    frame->name = info_.name;
    frame->key = info_.key;
    own_frame_ = std::move(frame);
  }
  return own_frame_;
}

std::shared_ptr<const ErrorOrigin> Instance::error_origin() const {
  return std::make_shared<const ErrorOrigin>(ErrorOrigin{info_.actor_id, info_.generation, info_.key});
}

Task<Result<Bytes>> Instance::transient_action(Connect connect, std::string name, Bytes args) {
  auto* began = std::exchange(connect.began, nullptr);
  auto conn = make_connection(ActorConnection::Kind::temporary, std::move(connect), nullptr);
  std::shared_ptr<Call<Bytes>> call =
      std::make_shared<ActionRun>(self(), std::move(conn), true, began, std::move(name), std::move(args));
  return submit(std::move(call));
}

}  // namespace troupe
