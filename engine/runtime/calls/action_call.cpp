#include "engine/runtime/instance/instance.h"

namespace troupe {
namespace {

/// An action; with a connection of its own when it came by HTTP.
class ActionRun final : public Call<Bytes> {
 public:
  ActionRun(std::shared_ptr<Instance> actor, std::shared_ptr<ActorConnection> conn, bool transient, bool* began,
            std::string name, Bytes args)
      : Call(std::move(actor), Traffic::call, "action", began),
        conn_(std::move(conn)),
        name_(std::move(name)),
        args_(std::move(args)) {
    if (transient) temporary_ = conn_;
    set_ack(this->actor().ack_of_action(name_));
  }

  Task<void> run(std::shared_ptr<CallBase> self) override;

 private:
  std::shared_ptr<ActorConnection> conn_;
  std::string name_;
  Bytes args_;
};

Task<void> ActionRun::run(std::shared_ptr<CallBase>) {
  co_await skip_final_post();
  auto& instance = actor();
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
  if (!instance.has_action(name_)) {
    auto metadata = Value::object({{"name", name_}});
    co_return answer(make_error("actor", "action_not_found", std::move(metadata)));
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
  Result<Bytes> result;
  mark_began();
  limit(instance.options().action_timeout);
  try {
    auto task = instance.behavior().action(std::move(action));
    result = co_await std::move(task);
    if (filtered && result && !answered()) {
      // A budget of its own.
      limit(instance.options().action_timeout);
      auto filtering =
          instance.behavior().on_before_action_response(std::move(name_), std::move(args_), std::move(*result));
      result = co_await std::move(filtering);
    }
  } catch (...) {
    result = instance.escaped("an action");
  }
  if (answered()) co_return;
  unlimit();
  if (temporary_) instance.drop(std::exchange(temporary_, nullptr));
  if (instance.unsettled(ack())) {
    auto saved = co_await instance.saver().commit(ack(), instance.calls_queued());
    if (result && !saved) result = saved.error();
  }
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

Task<Result<Bytes>> Instance::transient_action(Connect connect, std::string name, Bytes args) {
  auto* began = std::exchange(connect.began, nullptr);
  auto conn = make_connection(ActorConnection::Kind::temporary, std::move(connect), nullptr);
  std::shared_ptr<Call<Bytes>> call =
      std::make_shared<ActionRun>(self(), std::move(conn), true, began, std::move(name), std::move(args));
  return submit(std::move(call));
}

}  // namespace troupe
