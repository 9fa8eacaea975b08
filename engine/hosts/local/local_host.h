#pragma once

#include <functional>
#include <memory>

#include "engine/base/ports.h"
#include "engine/hosts/host.h"
#include "engine/storage/actors/actor_store.h"
#include "troupe/behavior.h"

namespace troupe {

/// Runs the actors of `registry` in this process. `call` reaches other actors (ActorContext::call).
using ActorCaller = std::function<Task<Result<Bytes>>(NamespaceId ns, ActorAddress to, std::string action, Bytes args)>;

std::shared_ptr<Host> make_local_host(Ports ports, ActorStore& store, std::shared_ptr<const Registry> registry,
                                      ActorCaller call);

}  // namespace troupe
