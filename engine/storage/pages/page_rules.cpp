#include "engine/storage/pages/page_rules.h"

#include <algorithm>

#include "engine/base/errors.h"
#include "engine/storage/pages/page_keys.h"

namespace troupe {

Error head_mismatch(std::uint64_t expected, std::uint64_t current) {
  return make_error("depot", "head_fence_mismatch",
                    Value::object({{"expected", static_cast<std::int64_t>(expected)},
                                   {"current", static_cast<std::int64_t>(current)}}));
}

Result<void> check_size(std::uint32_t size_pages) {
  if (std::uint64_t{size_pages} * kPageBytes <= kPageStoreBytesMax) return {};
  return make_error("depot", "quota_exceeded");
}

namespace {

Error invalid_segment(std::string reason) {
  return make_error("depot", "stage_segment_invalid", Value::object({{"reason", std::move(reason)}}));
}

Error segment_not_found(std::uint32_t first_pgno, std::uint64_t txid) {
  std::string reason = "no staged segment at page " + std::to_string(first_pgno) + " for txid " + std::to_string(txid);
  return make_error("depot", "stage_not_found", Value::object({{"reason", std::move(reason)}}));
}

}  // namespace

Result<void> check_segment(std::uint32_t first_pgno, const std::vector<Page>& pages) {
  if (first_pgno % kSegmentAlignment != 0) {
    return invalid_segment("first page " + std::to_string(first_pgno) + " is not shard-aligned");
  }
  if (pages.empty()) return invalid_segment("segment has no pages");
  for (const Page& page : pages) {
    if (page.pgno < first_pgno) {
      return invalid_segment("page " + std::to_string(page.pgno) + " sits below the segment start " +
                             std::to_string(first_pgno));
    }
    if (page.pgno - first_pgno >= kSegmentPages) {
      return invalid_segment("page " + std::to_string(page.pgno) + " sits past the segment's " +
                             std::to_string(kSegmentPages / kSegmentAlignment) + "-shard span");
    }
  }
  return {};
}

Result<void> check_room(std::uint32_t first_pgno, std::uint64_t bytes, const std::vector<StoreEntry>& staged) {
  std::uint64_t total = bytes;
  for (const StoreEntry& segment : staged) {
    const std::uint32_t other = keys::pgno_of(segment.key);
    const std::uint32_t distance = std::max(first_pgno, other) - std::min(first_pgno, other);
    if (distance < kSegmentPages) {
      return invalid_segment("segment " + std::to_string(first_pgno) + " overlaps the span of the segment at " +
                             std::to_string(other));
    }
    TROUPE_TRY(const std::uint64_t other_bytes, decode_staged_segment(segment.value));
    total += other_bytes;
  }
  if (total > kPageStoreBytesMax) return make_error("depot", "quota_exceeded");
  return {};
}

Result<void> check_claim(const StagedFinish& finish, const std::vector<StoreEntry>& staged) {
  bool is_ascending = true;
  for (std::size_t i = 0; i < finish.segments.size(); ++i) {
    if (i > 0 && finish.segments[i] <= finish.segments[i - 1]) is_ascending = false;
  }
  if (!is_ascending || finish.segments.size() != staged.size()) {
    return invalid_segment("finalize claimed " + std::to_string(finish.segments.size()) + " segments but " +
                           std::to_string(staged.size()) + " were staged");
  }
  for (std::size_t i = 0; i < staged.size(); ++i) {
    if (keys::pgno_of(staged[i].key) != finish.segments[i]) return segment_not_found(finish.segments[i], finish.txid);
  }
  return {};
}

}  // namespace troupe
