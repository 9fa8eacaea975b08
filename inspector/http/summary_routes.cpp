#include "inspector/http/inspector_routes.h"

namespace troupe {

Task<InspectorAnswer> inspect_summary(ActorInspection& actor, const InspectorRequest& request) {
  const auto state = state_json(actor, request);
  if (!state) co_return inspector_error(state.error());
  const auto connections = connections_json(actor, request);
  if (!connections) co_return inspector_error(connections.error());
  const auto queue = co_await actor.queue().inspect(0);
  if (!queue) co_return inspector_error(queue.error());
  InspectorAnswer answer;
  answer.body = "{";
  if (*state) answer.body += "\"state\":" + **state + ",";
  answer.body += "\"connections\":" + *connections;
  answer.body += ",\"rpcs\":" + rpcs_json(*request.definition);
  answer.body += ",\"queueSize\":" + std::to_string(queue->size);
  answer.body += ",\"isStateEnabled\":";
  answer.body += *state ? "true" : "false";
  answer.body += R"(,"isDatabaseEnabled":true,"isWorkflowEnabled":false,"workflowState":null,"workflowHistory":null})";
  co_return answer;
}

}  // namespace troupe
