#pragma once

#include "engine/envoystore/actor_lookup.h"
#include "engine/envoystore/envoy_store.h"
#include "engine/envoystore/remote/databases.h"

namespace troupe {

/// What statement requests need, copied into every task. Lifetime: what it refers to outlives every task.
struct RemoteScope {
  std::shared_ptr<remote::Databases> databases;
  ActorLookup& actors;
};

Task<envoyproto::SqliteExecResponse> handle_remote(RemoteScope scope, EnvoyStore::Peer peer,
                                                   envoyproto::SqliteExecRequest request);
Task<envoyproto::SqliteExecuteResponse> handle_remote(RemoteScope scope, EnvoyStore::Peer peer,
                                                      envoyproto::SqliteExecuteRequest request);
Task<envoyproto::SqliteExecuteBatchResponse> handle_remote(RemoteScope scope, EnvoyStore::Peer peer,
                                                           envoyproto::SqliteExecuteBatchRequest request);

}  // namespace troupe
