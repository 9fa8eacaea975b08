#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/engine.h"
#include "engine/hosts/local/local_host.h"

namespace troupe {

/// What an engine has for its hosts. Lifetime: the engine's.
struct HostParts {
  /// How their actors reach other actors.
  ActorCaller call;
  Directory& directory;
  PoolDirectory& pools;
  ActorNames& names;
  PoolErrors& pool_errors;
  ServerlessDriver& serverless;
};

/// Makes the hosts of an engine, in order of preference.
using MakeHosts = std::function<std::vector<std::shared_ptr<Host>>(HostParts parts)>;

/// An engine over any hosts. `registry` supplies the names that are announced.
std::unique_ptr<Engine> make_engine_over(Ports ports, EngineSettings settings, Store& store, ActorStore& actors,
                                         std::shared_ptr<const Registry> registry, MakeHosts make_hosts,
                                         std::shared_ptr<HttpClient> http = nullptr);

}  // namespace troupe
