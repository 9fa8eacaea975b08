#pragma once

#include <string>

#include "engine/directory/records.h"
#include "engine/pools/pool_error.h"
#include "gateway/management/http/api_call.h"

namespace troupe::management {

/// The actor object of the API.
Json actor_json(const ActorRecord& actor, const ApiCall& call);
/// The `error` of an actor: a bare text, or an object with one member. `pool_error`: that of its pool, which says more
/// than that there is no host.
Json failure_json(const ActorFailure& failure, const std::optional<PoolError>& pool_error = std::nullopt);
Json namespace_json(const NamespaceRecord& record);

}  // namespace troupe::management
