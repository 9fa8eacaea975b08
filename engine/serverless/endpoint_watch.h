#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "engine/base/http_client.h"
#include "engine/pools/actor_names.h"
#include "engine/pools/pool_directory.h"
#include "engine/pools/pool_errors.h"
#include "engine/serverless/metadata.h"

namespace troupe {

struct EndpointWatchSettings {
  /// Of pools that do not say how often.
  Millis poll_interval{10'000};
  /// Pools that ask for more often get this.
  Millis poll_interval_min{5'000};
  /// Failures that are so long ago do not count any more.
  Millis retry_reset{600'000};
};

/// Looks at the metadata of every serverless endpoint, again and again, and keeps what they say: names of actors,
/// protocol version, errors, and which version is deployed.
/// Threads: any. Lifetime: shared; what it is made from outlives it.
class EndpointWatch {
 public:
  virtual ~EndpointWatch() = default;
  /// Begins with every serverless pool there is.
  virtual void start() = 0;
  virtual void changed(const PoolChange& change) = 0;
  /// Gives up what is under way.
  virtual void stop() = 0;

  /// Fetches, and changes nothing.
  virtual Task<MetadataResult> fetch(std::string url, std::map<std::string, std::string> headers) = 0;
  /// Fetches the metadata of a serverless pool and keeps them. Errors: storage errors.
  virtual Task<Result<MetadataResult>> refresh(PoolPtr pool) = 0;
};

struct EndpointWatchParts {
  Ports ports;
  EndpointWatchSettings settings;
  HttpClient& http;
  PoolDirectory& pools;
  ActorNames& names;
  PoolErrors& errors;
  /// Another version is deployed: hosts of older ones have to go.
  std::function<void(const NamespaceId& ns, const std::string& pool, std::uint32_t version)> evict_older;
};
std::shared_ptr<EndpointWatch> make_endpoint_watch(EndpointWatchParts parts);

}  // namespace troupe
