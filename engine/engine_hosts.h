#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/engine.h"
#include "engine/hosts/local/local_host.h"

namespace troupe {

/// Makes the hosts of an engine, in order of preference; `call` is how their actors reach other actors.
using MakeHosts = std::function<std::vector<std::shared_ptr<Host>>(ActorCaller call)>;

/// An engine over any hosts. `registry` supplies the names that are announced.
std::unique_ptr<Engine> make_engine_over(Ports ports, EngineSettings settings, Store& store, ActorStore& actors,
                                         std::shared_ptr<const Registry> registry, MakeHosts make_hosts);

}  // namespace troupe
