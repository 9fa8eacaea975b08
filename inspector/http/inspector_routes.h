#pragma once

#include <optional>
#include <string>

#include "engine/runtime/inspection.h"
#include "inspector/http/inspector_answer.h"
#include "inspector/http/inspector_route.h"

/// One function for each route. They run on the actor's executor, as work of `ActorInstance::inspect`.
namespace troupe {

/// Lifetime: the request, until its route's function has ended.
struct InspectorRequest {
  InspectorRoute route;
  std::string target;
  Bytes body;
  const ActorDefinition* definition = nullptr;
  std::size_t answer_bytes_max = 0;
};

/// The body as JSON. Errors: `actor.invalid_request`.
Result<Value> json_body(const InspectorRequest& request);

Task<InspectorAnswer> inspect_summary(ActorInspection& actor, const InspectorRequest& request);
Task<InspectorAnswer> inspect_state(ActorInspection& actor, const InspectorRequest& request);
Task<InspectorAnswer> patch_state(ActorInspection& actor, const InspectorRequest& request);
Task<InspectorAnswer> inspect_connections(ActorInspection& actor, const InspectorRequest& request);
Task<InspectorAnswer> inspect_rpcs(ActorInspection& actor, const InspectorRequest& request);
Task<InspectorAnswer> run_action(ActorInspection& actor, const InspectorRequest& request);
Task<InspectorAnswer> inspect_queue(ActorInspection& actor, const InspectorRequest& request);
Task<InspectorAnswer> enqueue(ActorInspection& actor, const InspectorRequest& request);
Task<InspectorAnswer> reset_queue(ActorInspection& actor, const InspectorRequest& request);
Task<InspectorAnswer> inspect_database_schema(ActorInspection& actor, const InspectorRequest& request);
Task<InspectorAnswer> inspect_database_rows(ActorInspection& actor, const InspectorRequest& request);
Task<InspectorAnswer> execute_sql(ActorInspection& actor, const InspectorRequest& request);
Task<InspectorAnswer> inspect_traces(ActorInspection& actor, const InspectorRequest& request);
Task<InspectorAnswer> inspect_workflow(ActorInspection& actor, const InspectorRequest& request);
Task<InspectorAnswer> replay_workflow(ActorInspection& actor, const InspectorRequest& request);

/// The JSON of the state; nothing when the actor has none. Errors: those of the actor's code.
Result<std::optional<std::string>> state_json(ActorInspection& actor, const InspectorRequest& request);
Result<std::string> connections_json(ActorInspection& actor, const InspectorRequest& request);
std::string rpcs_json(const ActorDefinition& definition);

}  // namespace troupe
