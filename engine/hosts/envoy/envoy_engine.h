#pragma once

#include <memory>

#include "engine/engine_hosts.h"
#include "engine/envoystore/envoy_store.h"
#include "engine/hosts/envoy/envoy_settings.h"
#include "engine/hosts/envoy/tunnel/settings.h"

namespace troupe {

/// What an engine needs for actors in envoys.
struct EnvoyOptions {
  /// `lost_threshold` and `actor_stop_threshold` are taken from the settings of the engine.
  EnvoySettings envoys;
  TunnelSettings tunnel;
  EnvoyStoreSettings storage;
};

/// An engine whose actors run in this process when `registry` has their name, and in envoys otherwise. The rest as
/// `make_engine`.
std::unique_ptr<Engine> make_envoy_engine(Ports ports, EngineSettings settings, Store& store, ActorStore& actors,
                                          std::shared_ptr<const Registry> registry, EnvoyOptions options,
                                          std::shared_ptr<HttpClient> http = nullptr,
                                          std::shared_ptr<LocalInspector> inspector = nullptr);

}  // namespace troupe
