#pragma once

#include <memory>
#include <string>

#include "engine/directory/directory.h"
#include "engine/envoystore/envoy_store.h"
#include "engine/hosts/envoy/envoy_gate.h"
#include "engine/hosts/envoy/envoy_settings.h"
#include "engine/hosts/envoy/envoy_tunnel.h"
#include "engine/hosts/host.h"
#include "engine/pools/actor_names.h"
#include "engine/pools/pool_directory.h"
#include "engine/pools/pool_errors.h"
#include "engine/serverless/serverless_driver.h"

namespace troupe {

/// What the host of envoys is made from. Lifetime: everything passed by reference outlives it.
struct EnvoyHostParts {
  Ports ports;
  EnvoySettings settings;
  Directory& directory;
  PoolDirectory& pools;
  ActorNames& names;
  PoolErrors& pool_errors;
  std::shared_ptr<EnvoyStore> store;
  std::shared_ptr<EnvoyTunnel> tunnel;
  /// Null: actors of serverless pools find no host.
  ServerlessDriver* serverless;
};

/// Runs actors in processes that connect as envoys. Threads: any.
class EnvoyHost : public Host, public EnvoyGate {};

std::shared_ptr<EnvoyHost> make_envoy_host(EnvoyHostParts parts);

}  // namespace troupe
