#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/id.h"

namespace troupe {

/// How fast the actors of a host leave it once it has announced that it stops. Source: orchestration of Rivet Engine
/// 2.3.19, eviction pacing.
struct Eviction {
  /// Seconds before the first actor goes.
  std::uint32_t delay_s = 0;
  /// Seconds over which they go; 0 = all at once.
  std::uint32_t period_s = 0;
  /// Actors per second at least.
  float rate = 1.0F;
  friend bool operator==(const Eviction&, const Eviction&) = default;
};

/// An endpoint that is asked, by an HTTP request for each start of an actor, to host that actor.
struct ServerlessEndpoint {
  /// Base, absolute: `{url}/start` and `{url}/metadata` are called.
  std::string url;
  /// Sent with every request.
  std::map<std::string, std::string> headers;
  /// Seconds that one start request may last.
  std::uint32_t request_lifespan_s = 0;
  std::uint64_t max_concurrent_actors = 1'000;
  /// Seconds, taken from the end of the lifespan, in which the actor moves on.
  std::uint32_t drain_grace_period_s = 1'800;
  /// Milliseconds between two looks at the metadata; nothing = the engine's setting.
  std::optional<std::uint64_t> metadata_poll_interval_ms;
  /// Kept for the clients that still send them; without effect.
  std::uint32_t slots_per_runner = 1, min_runners = 0, max_runners = 1'000, runners_margin = 0;
  friend bool operator==(const ServerlessEndpoint&, const ServerlessEndpoint&) = default;
};

/// What the management API calls a runner config: hosts that connect by themselves, or an endpoint that is called.
struct PoolConfig {
  bool drain_on_version_upgrade = true;
  Eviction eviction;
  /// Set: a serverless pool.
  std::optional<ServerlessEndpoint> serverless;
  /// JSON text that belongs to whoever wrote the config.
  std::optional<std::string> metadata;
  friend bool operator==(const PoolConfig&, const PoolConfig&) = default;
};

/// A named group of hosts in a namespace.
struct Pool {
  NamespaceId namespace_id;
  std::string name;
  PoolConfig config;
  /// Of the envoy protocol, as the last host that connected or the endpoint's metadata said.
  std::optional<std::uint16_t> protocol_version;

  bool is_serverless() const { return config.serverless.has_value(); }
};

/// Immutable: a change makes another one.
using PoolPtr = std::shared_ptr<const Pool>;

}  // namespace troupe
