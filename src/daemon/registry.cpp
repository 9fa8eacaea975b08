#include "src/daemon/registry.h"

#include "src/daemon/actor_libraries.h"
#include "src/demo/demo.h"

namespace troupe::daemon {

Result<std::shared_ptr<const Registry>> make_registry(const Settings& settings) {
  auto registry = std::make_shared<Registry>();
  if (settings.demo) register_demo_actors(*registry);
  for (const auto& path : settings.actor_libraries) TROUPE_CHECK(load_actor_library(path, *registry));
  return std::shared_ptr<const Registry>(std::move(registry));
}

}  // namespace troupe::daemon
