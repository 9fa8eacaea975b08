#pragma once

#include <functional>
#include <memory>

#include "engine/base/ports.h"
#include "engine/hosts/host.h"
#include "engine/hosts/local/inspector_port.h"
#include "engine/storage/actors/actor_store.h"
#include "troupe/behavior.h"

namespace troupe {

/// Reaches other actors (ActorContext::call).
using ActorCaller = std::function<Task<Result<Bytes>>(NamespaceId ns, ActorAddress to, std::string action, Bytes args)>;

/// Runs the actors of `registry` in this process. Without an inspector nobody may inspect them.
std::shared_ptr<Host> make_local_host(Ports ports, ActorStore& store, std::shared_ptr<const Registry> registry,
                                      ActorCaller call, std::shared_ptr<LocalInspector> inspector = nullptr);

}  // namespace troupe
