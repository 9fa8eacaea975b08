#include "inspector/http/inspector_routes.h"

/// Actors of this process have no workflows and no traces: the answers of the reference for such actors.
namespace troupe {

Task<InspectorAnswer> inspect_traces(ActorInspection&, const InspectorRequest&) {
  co_return InspectorAnswer{200, R"({"otlp":[],"clamped":false})"};
}

Task<InspectorAnswer> inspect_workflow(ActorInspection&, const InspectorRequest&) {
  co_return InspectorAnswer{200, R"({"history":null,"workflowState":null,"isWorkflowEnabled":false})"};
}

Task<InspectorAnswer> replay_workflow(ActorInspection& actor, const InspectorRequest& request) {
  const auto body = json_body(request);
  if (!body) co_return inspector_error(body.error());
  co_return co_await inspect_workflow(actor, request);
}

}  // namespace troupe
