#include "engine/hosts/local/local_actor.h"
#include "engine/runtime/instance/handler_labels.h"

namespace troupe {

std::shared_ptr<Host> make_local_host(Ports ports, ActorStore& store, std::shared_ptr<const Registry> registry,
                                      ActorCaller call, std::shared_ptr<LocalInspector> inspector,
                                      std::shared_ptr<const StallWatch> watch) {
  LocalWorld world{ports, store, std::move(registry), std::move(call), &ActorInstance::make, std::move(inspector)};
  if (watch)
    for (const auto& [name, definition] : world.registry->all())
      world.labels[name] = std::make_shared<const HandlerLabels>(*definition, watch);
  return make_local_host(std::make_shared<const LocalWorld>(std::move(world)));
}

}  // namespace troupe
