#include "troupe/detail/instance.h"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "engine/base/errors.h"
#include "troupe/schedule.h"

namespace troupe {

Error error_of_current_exception() {
  try {
    throw;
  } catch (const UserError& error) {
    return error.error();
  } catch (const BadResult& bad) {
    return bad.error();
  } catch (const boost::system::system_error& error) {
    if (error.code() == boost::asio::error::operation_aborted) return make_error("actor", "aborted");
    return internal_error(error.what());
  } catch (const std::exception& error) {
    return internal_error(error.what());
  } catch (...) {
    return internal_error("an exception of unknown type");
  }
}

namespace detail {

namespace {

/// A larger state is not compared at every wait of a handler, only saved within the save interval.
constexpr std::size_t kCompareAtWaitMax = 64 * 1024;
/// A buffer that grew beyond this is given back.
constexpr std::size_t kScratchKeepMax = 1024 * 1024;

constexpr int kLogError = 4;

}  // namespace

ActorDefinition to_actor_definition(Definition from) {
  auto definition = std::make_shared<const Definition>(std::move(from));
  ActorDefinition to;
  to.name = definition->name;
  to.options = definition->options;
  auto has = [](const auto& hook) { return static_cast<bool>(hook); };
  to.hooks.on_migrate = has(definition->on_migrate);
  to.hooks.create_state = has(definition->create_state);
  to.hooks.on_create = has(definition->on_create);
  to.hooks.create_vars = has(definition->create_vars);
  to.hooks.on_wake = has(definition->on_wake);
  to.hooks.on_before_actor_start = has(definition->on_before_actor_start);
  to.hooks.run = has(definition->run);
  to.hooks.on_sleep = has(definition->on_sleep);
  to.hooks.on_destroy = has(definition->on_destroy);
  to.hooks.on_before_connect = has(definition->on_before_connect);
  to.hooks.create_conn_state = has(definition->create_conn_state);
  to.hooks.on_connect = has(definition->on_connect);
  to.hooks.on_disconnect = has(definition->on_disconnect);
  to.hooks.can_subscribe = has(definition->can_subscribe);
  to.hooks.on_before_action_response = has(definition->on_before_action_response);
  to.hooks.on_request = has(definition->on_request);
  to.hooks.on_websocket = has(definition->on_websocket);
  for (const auto& [name, queue] : definition->queues) {
    to.queues.push_back(name);
    if (queue.check || queue.can_publish) to.hooks.can_publish = true;
  }
  to.durability = definition->durability;
  for (const auto& [name, action] : definition->actions) to.actions.push_back(name);
  to.make = [definition](ActorContext& context) { return definition->make(definition, context); };
  return to;
}

Error state_conflict() { return make_error("actor", "state_transaction_conflict"); }

// -- changes of state -------------------------------------------------------------------------------------------------

void Instance::refuse_inside_state_change() const {
  if (in_state_change_) throw BadResult(make_error("actor", "state_mutation_reentrant"));
}

void Instance::touch() {
  refuse_inside_state_change();
  ++touches_;
}

bool Instance::may_have_changed() const {
  return definition_->has_state && !in_state_change_ && (writers_ > 0 || touches_ != touches_seen_);
}

void Instance::before_wait() { look_for_changes(kCompareAtWaitMax); }

/// Something is about to leave, or to be committed: a comparison is cheaper than a commit in vain.
void Instance::note_changes() { look_for_changes(SIZE_MAX); }

void Instance::look_for_changes(std::size_t compare_max) {
  if (!definition_->has_state || in_state_change_) return;
  if (writers_ == 0 && touches_ == touches_seen_) return;
  if (snapshot_.size() > compare_max) return context_.request_save();
  if (auto settled = settle_state(); !settled)
    context_.log(kLogError, "on_state_change failed: " + settled.error().id() + ": " + settled.error().detail());
}

Result<void> Instance::Turn::finish() {
  if (!writes_ && instance_.touches_ == touches_) return {};
  return instance_.settle_state();
}

void Instance::take_snapshot() {
  snapshot_.clear();
  encode_state(snapshot_);
  touches_seen_ = touches_;
}

Result<void> Instance::settle_state() {
  if (!definition_->has_state || in_state_change_) return {};
  touches_seen_ = touches_;
  thread_local Bytes scratch;
  scratch.clear();
  encode_state(scratch);
  if (scratch == snapshot_) return {};
  ++changes_;
  snapshot_.assign(scratch.begin(), scratch.end());
  if (scratch.capacity() > kScratchKeepMax) Bytes().swap(scratch);
  context_.request_save();
  if (!definition_->on_state_change) return {};
  in_state_change_ = true;
  Result<void> result;
  try {
    definition_->on_state_change(*this);
  } catch (...) {
    result = error_of_current_exception();
  }
  in_state_change_ = false;
  return result;
}

Result<Bytes> Instance::serialize_state() {
  Bytes out;
  if (!definition_->has_state) return out;
  out.reserve(snapshot_.size());
  encode_state(out);
  return out;
}

Result<void> Instance::load_state(Bytes cbor) {
  if (!definition_->has_state) return {};
  if (!cbor.empty()) TROUPE_CHECK(decode_state(cbor));
  take_snapshot();
  return {};
}

Result<void> Instance::replace_state(Bytes cbor) {
  if (!definition_->has_state) return make_error("actor", "state_not_enabled");
  refuse_inside_state_change();
  TROUPE_CHECK(decode_state(cbor));
  return settle_state();
}

// -- actions ----------------------------------------------------------------------------------------------------------

/// The arguments with what a scheduled action is told after them.
Bytes with_fire(const Bytes& args, const ScheduledFire& fire) {
  Bytes out;
  CborReader from(args);
  const std::size_t size = from.array();
  Encoder to(out);
  to.cbor().array(size + 1);
  for (std::size_t i = 0; i < size; ++i) to.cbor().raw(from.raw());
  to.write(fire);
  return out;
}

Task<Result<Bytes>> Instance::action(ActionCall call) {
  if (call.fire) call.args = with_fire(call.args, *call.fire);
  const auto found = definition_->actions.find(call.name);
  if (found == definition_->actions.end()) return Behavior::action(std::move(call));
  const Action& action = *found->second;
  return action.suspends() ? action.start(*this, std::move(call)) : run_now(action, std::move(call));
}

Task<Result<Bytes>> Instance::run_now(const Action& action, ActionCall call) {
  const auto touches = touches_;
  Result<Bytes> out = Bytes();
  if (action.writes()) ++writers_;
  try {
    out = action.run(*this, call);
  } catch (...) {
    out = error_of_current_exception();
  }
  if (action.writes()) --writers_;
  if (action.writes() || touches_ != touches) {
    auto settled = settle_state();
    if (out && !settled) out = std::move(settled).error();
  }
  co_return out;
}

Result<std::size_t> open_arguments(Decoder& from, const std::string& action, std::size_t least) {
  const auto count = from.open_array();
  if (!count) return validation_error("action `" + action + "` arguments", from.problem());
  if (*count >= least) return *count;
  return validation_error("action `" + action + "` arguments",
                          "argument " + std::to_string(*count + 1) + " is missing");
}

Error argument_error(const std::string& action, std::size_t index, const Decoder& decoder) {
  auto problem = decoder.problem();
  const auto place = "[" + std::to_string(index) + "]";
  if (problem.starts_with(place)) problem.erase(0, place.size());
  const auto joint = problem.starts_with('.') || problem.starts_with('[') || problem.starts_with(':') ? "" : ": ";
  return validation_error("action `" + action + "` arguments",
                          "argument " + std::to_string(index + 1) + joint + problem);
}

// -- hooks ------------------------------------------------------------------------------------------------------------

Task<Result<void>> Instance::on_migrate(bool is_new) {
  return definition_->on_migrate ? definition_->on_migrate(*this, is_new) : Behavior::on_migrate(is_new);
}
Task<Result<Bytes>> Instance::create_state(std::optional<Bytes> input) {
  return definition_->create_state ? definition_->create_state(*this, std::move(input))
                                   : Behavior::create_state(std::move(input));
}
Task<Result<void>> Instance::on_create(std::optional<Bytes> input) {
  return definition_->on_create ? definition_->on_create(*this, std::move(input))
                                : Behavior::on_create(std::move(input));
}
Task<Result<void>> Instance::create_vars() {
  return definition_->create_vars ? definition_->create_vars(*this) : Behavior::create_vars();
}
Task<Result<void>> Instance::on_wake() {
  return definition_->on_wake ? definition_->on_wake(*this) : Behavior::on_wake();
}
Task<Result<void>> Instance::on_before_actor_start() {
  return definition_->on_before_actor_start ? definition_->on_before_actor_start(*this)
                                            : Behavior::on_before_actor_start();
}
Task<Result<void>> Instance::run() { return definition_->run ? definition_->run(*this) : Behavior::run(); }
Task<Result<void>> Instance::on_sleep() {
  return definition_->on_sleep ? definition_->on_sleep(*this) : Behavior::on_sleep();
}
Task<Result<void>> Instance::on_destroy() {
  return definition_->on_destroy ? definition_->on_destroy(*this) : Behavior::on_destroy();
}
Task<Result<void>> Instance::on_before_connect(const Bytes& params, const HttpRequest& request) {
  return definition_->on_before_connect ? definition_->on_before_connect(*this, params, request)
                                        : Behavior::on_before_connect(params, request);
}
Task<Result<Bytes>> Instance::create_conn_state(const Bytes& params, const HttpRequest& request) {
  return definition_->create_conn_state ? definition_->create_conn_state(*this, params, request)
                                        : Behavior::create_conn_state(params, request);
}
Task<Result<void>> Instance::on_connect(ConnectionPtr conn) {
  return definition_->on_connect ? definition_->on_connect(*this, std::move(conn))
                                 : Behavior::on_connect(std::move(conn));
}
Task<Result<void>> Instance::on_disconnect(ConnectionPtr conn) {
  return definition_->on_disconnect ? definition_->on_disconnect(*this, std::move(conn))
                                    : Behavior::on_disconnect(std::move(conn));
}
Task<Result<bool>> Instance::can_subscribe(ConnectionPtr conn, std::string event) {
  return definition_->can_subscribe ? definition_->can_subscribe(*this, std::move(conn), std::move(event))
                                    : Behavior::can_subscribe(std::move(conn), std::move(event));
}
Task<Result<bool>> Instance::can_publish(ConnectionPtr conn, std::string queue, const Bytes& body) {
  const auto found = definition_->queues.find(queue);
  if (found == definition_->queues.end()) co_return false;
  const auto& declared = found->second;
  if (declared.can_publish) {
    auto asked = declared.can_publish(*this, std::move(conn));
    auto allowed = co_await std::move(asked);
    if (!allowed || !*allowed) co_return allowed;
  }
  if (declared.check) {
    TROUPE_CO_CHECK(declared.check(queue, body));
  }
  co_return true;
}
Task<Result<Bytes>> Instance::on_before_action_response(std::string name, Bytes args, Bytes output) {
  if (!definition_->on_before_action_response)
    return Behavior::on_before_action_response(std::move(name), std::move(args), std::move(output));
  return definition_->on_before_action_response(*this, std::move(name), Raw{std::move(args)}, Raw{std::move(output)});
}
Task<Result<HttpResponse>> Instance::on_request(HttpRequest request, ConnectionPtr conn, CallScopePtr scope) {
  if (!definition_->on_request) return Behavior::on_request(std::move(request), std::move(conn), std::move(scope));
  return definition_->on_request(*this, std::move(request), std::move(conn), std::move(scope));
}
Task<Result<void>> Instance::on_websocket(std::shared_ptr<ActorWebSocket> socket, ConnectionPtr conn) {
  return definition_->on_websocket ? definition_->on_websocket(*this, std::move(socket), std::move(conn))
                                   : Behavior::on_websocket(std::move(socket), std::move(conn));
}

}  // namespace detail
}  // namespace troupe
