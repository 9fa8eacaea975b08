#pragma once

#include "engine/pools/envoy_info.h"
#include "engine/pools/pool.h"
#include "engine/pools/pool_error.h"
#include "engine/serverless/metadata.h"
#include "gateway/management/http/api_call.h"

namespace troupe::management {

/// A runner config as the API lists it, without what is known of its hosts.
Json pool_config_json(const PoolConfig& config);
/// Reads one. Unknown members are ignored. `path`: where it stands in the body, for messages. Errors:
/// `api.bad_request`; the rules of the engine are not checked.
Result<PoolConfig> read_pool_config(const Json& json, const std::string& path);
/// Header names to values; null counts as none. Errors: `api.bad_request`.
Result<std::map<std::string, std::string>> read_headers(const Json& json, const std::string& path);

Json metadata_problem_json(const MetadataProblem& problem);
/// A bare text, or an object with one member.
Json pool_error_json(const PoolError& error);
Json envoy_json(const EnvoyInfo& envoy, const ApiCall& call);

}  // namespace troupe::management
