#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/base/http_client.h"
#include "engine/directory/directory.h"
#include "engine/pools/pool.h"
#include "engine/pools/pool_errors.h"

namespace troupe {

/// How the engine introduces itself to the endpoints of serverless pools.
struct ServerlessIdentity {
  /// Where their envoys connect to: URL with a trailing slash.
  std::string public_url;
  /// What they authenticate with; empty = not asked for.
  std::string token;
};

/// What becomes of one start. Threads: any. Blocks: never.
class ServerlessEvents {
 public:
  virtual ~ServerlessEvents() = default;
  /// The endpoint has refused or the connection to it broke: the generation counts as lost at once.
  virtual void lost() = 0;
  /// The lifespan of the request ends, or the engine stops: the actor has to move on.
  virtual void going_away() = 0;
};

/// One actor for an endpoint to host.
struct ServerlessStart {
  /// Serverless.
  PoolPtr pool;
  ActorId actor;
  std::uint32_t generation = 0;
  /// u16 little-endian version of the envoy protocol, then a frame with the start command.
  Bytes payload;
};

/// Asks endpoints to host actors: `POST {url}/start` for each generation, kept open while it runs there.
/// The actor's host then connects by itself, as any envoy does. Threads: any. Lifetime: shared.
class ServerlessDriver {
 public:
  virtual ~ServerlessDriver() = default;
  /// The allocation counts as acknowledged when this returns.
  virtual void start(ServerlessStart start, std::shared_ptr<ServerlessEvents> events) = 0;
  /// The engine stops: every actor is asked to move on. Later starts are refused as lost.
  virtual void drain_all() = 0;
  /// Cuts what is left.
  virtual void close_all() = 0;
  /// Requests that are open now.
  virtual std::size_t open_requests() const = 0;
};

/// Lifetime: what is passed by reference outlives the driver and its requests.
std::shared_ptr<ServerlessDriver> make_serverless_driver(Ports ports, ServerlessIdentity identity, HttpClient& http,
                                                         const Directory& directory, PoolErrors& errors);

}  // namespace troupe
