#include "engine/hosts/envoy/envoy_engine.h"

#include <utility>

#include "engine/hosts/envoy/envoy_host.h"
#include "engine/hosts/envoy/tunnel/tunnel.h"
#include "engine/hosts/local/local_host.h"

namespace troupe {

std::unique_ptr<Engine> make_envoy_engine(Ports ports, EngineSettings settings, Store& store, ActorStore& actors,
                                          std::shared_ptr<const Registry> registry, EnvoyOptions options,
                                          std::shared_ptr<HttpClient> http, std::shared_ptr<LocalInspector> inspector) {
  options.envoys.lost_threshold = settings.envoy_lost_threshold;
  options.envoys.actor_stop_threshold = settings.actor_stop_threshold;
  auto make_hosts = [ports, &store, &actors, registry, options = std::move(options), inspector = std::move(inspector),
                     watch = settings.stall_watch](HostParts parts) {
    EnvoyHostParts envoys{ports,
                          options.envoys,
                          parts.directory,
                          parts.pools,
                          parts.names,
                          parts.pool_errors,
                          make_envoy_store(ports, parts.directory, store, actors, options.storage),
                          make_envoy_tunnel(ports, options.tunnel),
                          &parts.serverless};
    std::vector<std::shared_ptr<Host>> hosts;
    hosts.push_back(make_local_host(ports, actors, registry, std::move(parts.call), inspector, watch));
    hosts.push_back(make_envoy_host(std::move(envoys)));
    return hosts;
  };
  return make_engine_over(ports, std::move(settings), store, actors, registry, std::move(make_hosts), std::move(http));
}

}  // namespace troupe
