#include "troupe/behavior.h"

#include "engine/base/errors.h"

namespace troupe {
namespace {

class BackgroundScope final : public CallScope {
 public:
  bool aborted() const override { return false; }
};

}  // namespace

CallScopePtr background_scope() {
  static const CallScopePtr scope = std::make_shared<BackgroundScope>();
  return scope;
}

std::string_view to_string(ScheduleKind kind) {
  switch (kind) {
    case ScheduleKind::at:
      return "at";
    case ScheduleKind::cron:
      return "cron";
    case ScheduleKind::every:
      break;
  }
  return "every";
}

Task<Result<void>> Behavior::on_migrate(bool) { co_return Result<void>(); }
Task<Result<Bytes>> Behavior::create_state(std::optional<Bytes>) { co_return Bytes(); }
Result<void> Behavior::load_state(Bytes) { return {}; }
Result<void> Behavior::replace_state(Bytes cbor) { return load_state(std::move(cbor)); }
Task<Result<void>> Behavior::on_create(std::optional<Bytes>) { co_return Result<void>(); }
Task<Result<void>> Behavior::create_vars() { co_return Result<void>(); }
Task<Result<void>> Behavior::on_wake() { co_return Result<void>(); }
Task<Result<void>> Behavior::on_before_actor_start() { co_return Result<void>(); }
Task<Result<void>> Behavior::run() { co_return Result<void>(); }
Task<Result<void>> Behavior::on_sleep() { co_return Result<void>(); }
Task<Result<void>> Behavior::on_destroy() { co_return Result<void>(); }

Task<Result<void>> Behavior::on_before_connect(const Bytes&, const HttpRequest&) { co_return Result<void>(); }
Task<Result<Bytes>> Behavior::create_conn_state(const Bytes&, const HttpRequest&) { co_return Bytes(); }
Task<Result<void>> Behavior::on_connect(std::shared_ptr<Connection>) { co_return Result<void>(); }
Task<Result<void>> Behavior::on_disconnect(std::shared_ptr<Connection>) { co_return Result<void>(); }
Task<Result<bool>> Behavior::can_subscribe(std::shared_ptr<Connection>, std::string) { co_return true; }

Task<Result<bool>> Behavior::can_publish(std::shared_ptr<Connection>, std::string, const Bytes&) { co_return true; }

Task<Result<Bytes>> Behavior::action(ActionCall call) {
  auto name = Value::object({{"name", std::move(call.name)}});
  co_return make_error("actor", "action_not_found", std::move(name));
}

Task<Result<Bytes>> Behavior::on_before_action_response(std::string, Bytes, Bytes output) { co_return output; }

Task<Result<HttpResponse>> Behavior::on_request(HttpRequest, std::shared_ptr<Connection>, CallScopePtr) {
  co_return internal_error("the actor has no request handler");
}

Task<Result<void>> Behavior::on_websocket(std::shared_ptr<ActorWebSocket>, std::shared_ptr<Connection>) {
  co_return internal_error("the actor has no WebSocket handler");
}

Result<Bytes> Behavior::serialize_state() { return Bytes(); }

}  // namespace troupe
