#pragma once

#include <cstdint>
#include <vector>

#include "engine/storage/pages/page_store.h"

/// What a page store accepts. Pure functions. Source: envoy protocol of RivetKit 2.3.19, error texts included.
namespace troupe {

/// Only a change of the head makes another attempt at a write necessary, so somebody else got on each time.
inline constexpr int kPageWriteAttemptsMax = 16;

/// `depot.head_fence_mismatch`.
Error head_mismatch(std::uint64_t expected, std::uint64_t current);
/// Errors: `depot.quota_exceeded`.
Result<void> check_size(std::uint32_t size_pages);
/// A segment by itself. Errors: `depot.stage_segment_invalid`.
Result<void> check_segment(std::uint32_t first_pgno, const std::vector<Page>& pages);
/// A segment beside those in `staged` (rows of keys::staged_segments). Errors: `depot.stage_segment_invalid`,
/// `depot.quota_exceeded`.
Result<void> check_room(std::uint32_t first_pgno, std::uint64_t bytes, const std::vector<StoreEntry>& staged);
/// Whether exactly the segments that were staged are claimed. Errors: `depot.stage_segment_invalid`,
/// `depot.stage_not_found`.
Result<void> check_claim(const StagedFinish& finish, const std::vector<StoreEntry>& staged);

}  // namespace troupe
