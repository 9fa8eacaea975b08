#include "engine/hosts/local/local_actor.h"

namespace troupe {

std::shared_ptr<Host> make_local_host(Ports ports, ActorStore& store, std::shared_ptr<const Registry> registry,
                                      ActorCaller call, std::shared_ptr<LocalInspector> inspector) {
  return make_local_host(std::make_shared<const LocalWorld>(
      LocalWorld{ports, store, std::move(registry), std::move(call), &ActorInstance::make, std::move(inspector)}));
}

}  // namespace troupe
