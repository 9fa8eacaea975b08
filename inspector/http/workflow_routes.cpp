#include "inspector/http/inspector_routes.h"

/// Actors of this process have no workflows and no traces: the answers of the reference for such actors.
namespace troupe {

Task<InspectorAnswer> inspect_traces(ActorInspection&, const InspectorRequest&) {
  co_return InspectorAnswer{200, R"({"otlp":[],"clamped":false})"};
}

Task<InspectorAnswer> inspect_workflow(ActorInspection&, const InspectorRequest&) {
  co_return InspectorAnswer{200, R"({"history":null,"workflowState":null,"isWorkflowEnabled":false})"};
}

}  // namespace troupe
