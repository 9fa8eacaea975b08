#include "inspector/http_inspector.h"

#include <array>

#include "engine/base/errors.h"
#include "engine/hosts/local/front_answer.h"
#include "inspector/http/inspector_auth.h"
#include "inspector/http/inspector_routes.h"
#include "troupe/web.h"

namespace troupe {
namespace {

using Kind = InspectorRoute::Kind;
using RouteFunction = Task<InspectorAnswer> (*)(ActorInspection&, const InspectorRequest&);

RouteFunction function_of(Kind kind) {
  switch (kind) {
    case Kind::summary:
      return inspect_summary;
    case Kind::state:
      return inspect_state;
    case Kind::patch_state:
      return patch_state;
    case Kind::connections:
      return inspect_connections;
    case Kind::rpcs:
      return inspect_rpcs;
    case Kind::action:
      return run_action;
    case Kind::queue:
      return inspect_queue;
    case Kind::enqueue:
      return enqueue;
    case Kind::reset_queue:
      return reset_queue;
    case Kind::traces:
      return inspect_traces;
    case Kind::workflow_history:
      return inspect_workflow;
    case Kind::workflow_replay:
      return replay_workflow;
    case Kind::database_schema:
      return inspect_database_schema;
    case Kind::database_rows:
      return inspect_database_rows;
    case Kind::database_execute:
      return execute_sql;
    case Kind::ui_asset:
    case Kind::custom_tab_asset:
    case Kind::unknown:
      break;
  }
  return nullptr;
}

HttpResponse to_response(const ActorInfo& actor, InspectorAnswer answer) {
  HttpResponse response = text_answer(actor, answer.status, "application/json", answer.body);
  if (answer.no_referrer) response.headers.set("referrer-policy", "no-referrer");
  return response;
}

/// Answers that need no token, because there is nothing to see.
std::optional<InspectorAnswer> public_answer(Kind kind) {
  if (kind == Kind::ui_asset) {
    auto answer = inspector_error(make_error("inspector", "ui_asset_not_found"));
    answer.no_referrer = true;
    return answer;
  }
  if (kind == Kind::custom_tab_asset) {
    auto answer = inspector_error(make_error("inspector", "custom_tab_not_found"));
    answer.no_referrer = true;
    return answer;
  }
  return std::nullopt;
}

/// What one request brings along and takes away; outlives the work on the actor.
struct Visit {
  InspectorRequest request;
  std::optional<std::string> presented;
  std::string token_override;
  bool began = false;
  InspectorAnswer answer;
};

Task<Result<bool>> may_enter(ActorInspection& actor, const Visit& visit) {
  if (!visit.presented) co_return false;
  if (!visit.token_override.empty()) co_return same_token(*visit.presented, visit.token_override);
  TROUPE_CO_TRY(const auto token, co_await actor.token());
  co_return token&& same_token(*visit.presented, *token);
}

Task<Result<Bytes>> perform(std::shared_ptr<Visit> visit, ActorInspection& actor) {
  visit->began = true;
  const auto entered = co_await may_enter(actor, *visit);
  if (!entered) {
    visit->answer = inspector_error(entered.error());
  } else if (!*entered) {
    visit->answer = inspector_error(make_error("inspector", "unauthorized"));
  } else if (const auto function = function_of(visit->request.route.kind)) {
    visit->answer = co_await function(actor, visit->request);
    if (visit->answer.body.size() > visit->request.answer_bytes_max)
      visit->answer = inspector_error(make_error("message", "outgoing_too_long"));
  } else {
    visit->answer = inspector_error(Error("actor", "not_found", "Inspector route was not found"));
  }
  co_return Bytes();
}

class HttpInspector final : public LocalInspector {
 public:
  explicit HttpInspector(InspectorSettings settings) : settings_(std::move(settings)) {}

  Task<Result<HttpResponse>> fetch(std::shared_ptr<ActorInstance> actor, HttpRequest request) override {
    auto visit = std::make_shared<Visit>();
    visit->request.route = parse_inspector_route(request.method, request.target);
    if (auto open = public_answer(visit->request.route.kind)) co_return to_response(actor->info(), *std::move(open));
    visit->request.target = request.target;
    visit->request.definition = &actor->definition();
    visit->request.answer_bytes_max = settings_.answer_bytes_max;
    if (const auto token = presented_token(request.headers)) visit->presented = std::string(*token);
    visit->token_override = settings_.token_override;

    const bool streamed = request.stream != nullptr;
    auto body = co_await read_body(std::move(request), settings_.body_bytes_max);
    if (!body) co_return to_response(actor->info(), inspector_error(body.error()));
    visit->request.body = *std::move(body);

    InspectionWork work = [visit](ActorInspection& inspected) { return perform(visit, inspected); };
    const auto done = co_await actor->inspect(std::move(work));
    if (done) co_return to_response(actor->info(), std::move(visit->answer));
    const Error error = done.error();
    if (!visit->began && !streamed && means_no_generation(error)) co_return error;
    co_return to_response(actor->info(), inspector_error(error));
  }

 private:
  const InspectorSettings settings_;
};

}  // namespace

std::shared_ptr<LocalInspector> make_http_inspector(InspectorSettings settings) {
  return std::make_shared<HttpInspector>(std::move(settings));
}

}  // namespace troupe
