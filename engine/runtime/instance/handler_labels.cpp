#include "engine/runtime/instance/handler_labels.h"

namespace troupe {
namespace {

constexpr std::string_view kOther = "other";
/// Names that the runtime gives to what is no action.
constexpr std::string_view kRuntimeNames[] = {
    "onMigrate",          "createState", "onCreate",  "createVars",   "onWake",
    "onBeforeActorStart", "onSleep",     "onDestroy", "onDisconnect", "onBeforeConnect",
    "createConnState",    "onConnect",   "connect",   "subscribe",    "request",
    "websocket",          "run",         "spawn",     kOther};

}  // namespace

HandlerLabels::HandlerLabels(const ActorDefinition& definition, const std::shared_ptr<const StallWatch>& watch) {
  for (const auto name : kRuntimeNames) labels_.emplace(name, CodeLabel{definition.name, std::string(name), watch});
  for (const auto& name : definition.actions) labels_.insert_or_assign(name, CodeLabel{definition.name, name, watch});
}

const CodeLabel* HandlerLabels::find(std::string_view handler) const {
  auto found = labels_.find(handler);
  if (found == labels_.end()) found = labels_.find(kOther);
  return &found->second;
}

}  // namespace troupe
