#pragma once

#include <memory>

#include "engine/hosts/envoy/envoy_tunnel.h"
#include "engine/hosts/envoy/tunnel/context.h"

namespace troupe {

/// Lifetime: shared; keeps itself alive while something of it runs.
std::shared_ptr<EnvoyTunnel> make_envoy_tunnel(const Ports& ports, const TunnelSettings& settings);

}  // namespace troupe
