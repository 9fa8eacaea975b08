#include "gateway/proxy/actor_proxy.h"

#include <boost/asio/this_coro.hpp>
#include <string>

#include "engine/actor_end.h"
#include "gateway/proxy/hop_by_hop.h"

namespace troupe {
namespace {

/// Doublings of the retry delay.
constexpr int kRetryDoublingsMax = 6;

bool in_phase(const Error& error, std::string_view phase) {
  if (!error.metadata()) return false;
  const Value* value = error.metadata()->find("phase");
  return value && value->as_string() == phase;
}

// Errors after which the request certainly has not run, and a later try may succeed. Time-outs of waiting for the
// actor are not among them: they have used up the patience of the client already.
bool may_retry(const Error& error) {
  if (error.is("guard", "service_unavailable")) return true;
  if (error.is("actor", "stopping") || error.is("actor", "not_ready")) return true;
  return in_phase(error, "pre_request") &&
         (error.is("guard", "actor_stopped_while_waiting") || error.is("guard", "tunnel_request_aborted"));
}

// A request for a key is one for whoever has it: when that actor has ended, the key is free for the next one.
bool is_for_the_next(const ActorTarget& target, const Error& error) {
  const auto* query = std::get_if<ActorQuery>(&target.actor);
  return query && query->method == ActorQuery::Method::get_or_create && has_ended(error);
}

bool may_open_again(const Error& error) {
  return may_retry(error) || error.is("guard", "websocket_closed_before_open") ||
         error.is("guard", "actor_stopped_while_waiting_for_websocket_open") ||
         error.is("guard", "websocket_open_timeout");
}

Error attempts_exceeded(int attempts, const Error& last) {
  return make_error("guard", "retry_attempts_exceeded",
                    Value::object({{"attempts", attempts},
                                   {"last_error_code", last.id()},
                                   {"last_status", std::to_string(gateway_http_status(last))},
                                   {"last_target_kind", "custom_serve"}}),
                    last.detail());
}

}  // namespace

ActorProxy::ActorProxy(const Ports& ports, Engine& engine, ProxySettings settings)
    : ports_(ports), engine_(engine), settings_(settings) {}

Task<Result<ActorId>> ActorProxy::resolve_query(const ActorQuery& query) {
  const EngineSettings& engine = engine_.settings();
  Directory& directory = engine_.directory();
  const auto ns = directory.find_namespace(query.namespace_name);
  if (!ns) co_return make_error("namespace", "not_found");
  if (query.region && *query.region != engine.datacenter_name) co_return make_error("datacenter", "not_found");

  const bool may_create = query.method == ActorQuery::Method::get_or_create;
  if (may_create && !engine_.pool_exists(ns->id, query.pool, query.name)) {
    Value metadata = Value::object({{"namespace", query.namespace_name}, {"pool_name", query.pool}});
    co_return make_error("actor", "no_runner_config_configured", std::move(metadata));
  }
  TROUPE_CO_TRY(auto found, co_await directory.find_by_key(ns->id, query.name, query.key));
  if (found) co_return *found;
  if (!may_create) co_return make_error("actor", "not_found");

  GetOrCreate create;
  create.namespace_id = ns->id;
  create.name = query.name;
  create.key = query.key;
  create.pool = query.pool;
  create.input = query.input;
  TROUPE_CO_TRY(auto made, co_await engine_.get_or_create(std::move(create)));
  co_return made.actor.id;
}

Task<Result<ActorId>> ActorProxy::resolve(const ActorTarget& target, ProxyObserver& observer) {
  if (const auto* query = std::get_if<ActorQuery>(&target.actor)) {
    observer.resolving();
    co_return co_await resolve_query(*query);
  }
  const ActorId id = std::get<ActorId>(target.actor);
  if (id.label() != engine_.settings().datacenter_label) co_return make_error("datacenter", "not_found");
  co_return id;
}

Task<Result<void>> ActorProxy::try_again(const ActorTarget& target, int attempt, Error error, ProxyObserver& observer) {
  const bool at_once = is_for_the_next(target, error);
  if (observer.given_up() || !(at_once || may_retry(error))) co_return error;
  if (attempt >= settings_.attempts_max) co_return attempts_exceeded(attempt, error);
  if (at_once) co_return Result<void>();
  co_await pause_before_attempt(attempt + 1);
  if (observer.given_up()) co_return error;
  co_return Result<void>();
}

Task<void> ActorProxy::pause_before_attempt(int attempt) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  const int doublings = std::min(attempt - 2, kRetryDoublingsMax);
  co_await wait_for(ports_.timers, executor, settings_.retry_delay * (1 << doublings));
}

Task<Result<HttpResponse>> ActorProxy::fetch(ActorTarget target, HttpRequest request, ProxyObserver& observer) {
  strip_hop_by_hop(request.headers);
  request.target = target.path;
  FetchOptions options;
  options.skip_ready_wait = target.skip_ready_wait;
  const auto sent = std::make_shared<const HttpRequest>(std::move(request));
  for (int attempt = 1;; ++attempt) {
    TROUPE_CO_TRY(const ActorId id, co_await resolve(target, observer));
    observer.forwarding();
    auto response = co_await engine_.fetch(id, sent, options);
    if (response) co_return response;
    TROUPE_CO_CHECK(co_await try_again(target, attempt, response.error(), observer));
  }
}

Task<Result<ActorProxy::Acquired>> ActorProxy::acquire(ActorTarget target, ProxyObserver& observer) {
  FetchOptions options;
  options.skip_ready_wait = target.skip_ready_wait;
  for (int attempt = 1;; ++attempt) {
    TROUPE_CO_TRY(const ActorId id, co_await resolve(target, observer));
    observer.forwarding();
    auto hosted = co_await engine_.acquire(id, options);
    if (hosted) co_return Acquired{id, std::move(*hosted)};
    TROUPE_CO_CHECK(co_await try_again(target, attempt, hosted.error(), observer));
  }
}

Task<Result<std::shared_ptr<ActorSocket>>> ActorProxy::open(ActorTarget target, Acquired acquired, HttpRequest upgrade,
                                                            std::shared_ptr<ClientSocket> socket,
                                                            ProxyObserver& observer) {
  upgrade.target = target.path;
  const auto last_begin = ports_.clock.monotonic() + settings_.open_time_max;
  for (int attempt = 1;; ++attempt) {
    HttpRequest sent = upgrade;
    auto opened = co_await engine_.open_websocket(acquired.id, acquired.actor, std::move(sent), socket);
    if (opened || !may_open_again(opened.error())) co_return opened;
    if (attempt >= settings_.attempts_max || observer.given_up() || ports_.clock.monotonic() >= last_begin) {
      if (opened.error().is("guard", "websocket_open_timeout")) co_return opened;
      co_return make_error("guard", "websocket_closed_before_open", std::nullopt, opened.error().id());
    }
    co_await pause_before_attempt(attempt + 1);
    acquired.actor.reset();
    TROUPE_CO_TRY(acquired, co_await acquire(target, observer));
  }
}

}  // namespace troupe
