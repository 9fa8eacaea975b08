#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/running_code.h"
#include "troupe/behavior.h"

namespace troupe {

/// The labels of everything that actors of one kind run. Immutable; shared by their instances.
class HandlerLabels {
 public:
  HandlerLabels(const ActorDefinition& definition, const std::shared_ptr<const StallWatch>& watch);

  /// An action or hook; what is no action of the actor has the label "other".
  const CodeLabel* find(std::string_view handler) const;

 private:
  std::map<std::string, CodeLabel, std::less<>> labels_;
};

}  // namespace troupe
