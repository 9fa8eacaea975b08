#pragma once

#include <cstddef>

#include "engine/envoyproto/messages/kv.h"
#include "engine/envoyproto/messages/sqlite_pages.h"
#include "engine/envoyproto/messages/sqlite_remote.h"

namespace troupe {

/// About how many bytes of memory a request and its answer take while they are worked on. Pure functions.
std::size_t cost_of(const envoyproto::KvRequestData& request);
std::size_t cost_of(const envoyproto::SqliteGetPagesRequest& request);
std::size_t cost_of(const envoyproto::SqliteCommitRequest& request);
std::size_t cost_of(const envoyproto::SqliteCommitStageBeginRequest& request);
std::size_t cost_of(const envoyproto::SqliteCommitStageSegmentRequest& request);
std::size_t cost_of(const envoyproto::SqliteCommitFinalizeRequest& request);
std::size_t cost_of(const envoyproto::SqliteExecRequest& request);
std::size_t cost_of(const envoyproto::SqliteExecuteRequest& request);
std::size_t cost_of(const envoyproto::SqliteExecuteBatchRequest& request);

}  // namespace troupe
