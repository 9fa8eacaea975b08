#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/envoyproto/messages/sqlite_pages.h"
#include "engine/storage/pages/page_codec.h"

/// What a page request may hold. Pure functions. Source: database limits and texts of Rivet Engine 2.3.19.
namespace troupe::page_limits {

inline constexpr std::size_t kPagesPerReadMax = 8'192;
inline constexpr std::size_t kDirtyPagesMax = 320;

using Refusal = std::optional<envoyproto::SqliteErrorResponse>;

Refusal check(const envoyproto::SqliteGetPagesRequest& request);
Refusal check(const envoyproto::SqliteCommitRequest& request);
Refusal check(const envoyproto::SqliteCommitStageBeginRequest& request);
Refusal check(const envoyproto::SqliteCommitStageSegmentRequest& request);
Refusal check(const envoyproto::SqliteCommitFinalizeRequest& request);

}  // namespace troupe::page_limits
