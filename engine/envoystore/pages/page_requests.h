#pragma once

#include "engine/envoystore/actor_lookup.h"
#include "engine/envoystore/envoy_store.h"
#include "engine/storage/pages/page_store.h"

namespace troupe {

/// What page requests need, copied into every task. Lifetime: what it refers to outlives every task.
struct PageScope {
  PageStore& pages;
  ActorLookup& actors;
};

Task<envoyproto::SqliteGetPagesResponse> handle_pages(PageScope scope, EnvoyStore::Peer peer,
                                                      envoyproto::SqliteGetPagesRequest request);
Task<envoyproto::SqliteCommitResponse> handle_pages(PageScope scope, EnvoyStore::Peer peer,
                                                    envoyproto::SqliteCommitRequest request);
Task<envoyproto::SqliteCommitStageBeginResponse> handle_pages(PageScope scope, EnvoyStore::Peer peer,
                                                              envoyproto::SqliteCommitStageBeginRequest request);
Task<envoyproto::SqliteCommitStageSegmentResponse> handle_pages(PageScope scope, EnvoyStore::Peer peer,
                                                                envoyproto::SqliteCommitStageSegmentRequest request);
Task<envoyproto::SqliteCommitFinalizeResponse> handle_pages(PageScope scope, EnvoyStore::Peer peer,
                                                            envoyproto::SqliteCommitFinalizeRequest request);

}  // namespace troupe
