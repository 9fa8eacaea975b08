#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "engine/base/id.h"
#include "troupe/bytes.h"
#include "troupe/error.h"

namespace troupe {

/// An actor named by namespace, name and key, as the `rvt-*` parameters carry it.
struct ActorQuery {
  enum class Method { get, get_or_create };
  enum class CrashPolicy { restart, sleep, destroy };

  Method method = Method::get;
  std::string namespace_name;
  std::string name;
  /// Serialised; "/" for the empty key.
  std::string key;
  std::string pool;
  /// CBOR, checked to be one.
  std::optional<Bytes> input;
  /// A datacenter name.
  std::optional<std::string> region;
  CrashPolicy crash_policy = CrashPolicy::sleep;
};

/// A request for an actor. `path` is what the actor sees: path and query, starting with '/'.
struct ActorTarget {
  std::variant<ActorId, ActorQuery> actor;
  std::string path;
  bool skip_ready_wait = false;

  /// Whether it is for the actor's own code (`/request…`), whose bodies have no bound.
  bool is_raw_request() const {
    constexpr std::string_view kRaw = "/request";
    if (!path.starts_with(kRaw)) return false;
    return path.size() == kRaw.size() || path[kRaw.size()] == '/' || path[kRaw.size()] == '?';
  }
  /// Whether the actor's end hears when the client goes before it has its answer. An action does not: it runs to its
  /// end, as in RivetKit.
  bool ends_with_client() const { return is_raw_request() || path.starts_with("/queue/"); }
};

/// The engine's own API; also everything that no other rule wants.
struct ManagementTarget {};

/// `/health/ws`: answers `ping` with `pong`.
struct HealthSocketTarget {};

/// A process that wants to run actors connects.
struct HostConnectTarget {
  enum class Protocol { envoy, runner };
  Protocol protocol = Protocol::envoy;
};

/// A CORS preflight of an actor route; answered without looking at the actor.
struct PreflightTarget {};

/// A request that is answered with an error. Answers of actor routes carry CORS headers.
struct Refusal {
  Error error;
  bool actor_route = false;
};

using Target =
    std::variant<ManagementTarget, ActorTarget, HealthSocketTarget, HostConnectTarget, PreflightTarget, Refusal>;

}  // namespace troupe
