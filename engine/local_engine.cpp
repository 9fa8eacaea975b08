#include "engine/engine_hosts.h"
#include "engine/hosts/local/local_host.h"

namespace troupe {

std::unique_ptr<Engine> make_engine(Ports ports, EngineSettings settings, Store& store, ActorStore& actors,
                                    std::shared_ptr<const Registry> registry, std::shared_ptr<LocalInspector> inspector,
                                    std::shared_ptr<HttpClient> http) {
  auto make_hosts = [ports, &actors, registry, inspector = std::move(inspector),
                     watch = settings.stall_watch](HostParts parts) {
    std::vector<std::shared_ptr<Host>> hosts;
    hosts.push_back(make_local_host(ports, actors, registry, std::move(parts.call), inspector, watch));
    return hosts;
  };
  return make_engine_over(ports, std::move(settings), store, actors, registry, std::move(make_hosts), std::move(http));
}

}  // namespace troupe
