#include "engine/envoystore/pages/page_limits.h"

#include <algorithm>
#include <unordered_set>

#include "engine/base/errors.h"
#include "engine/envoystore/wire_errors.h"

namespace troupe::page_limits {
namespace {

using namespace envoyproto;

Refusal check_generation(const std::optional<std::uint64_t>& generation, const std::string& operation) {
  if (generation) return std::nullopt;
  return invalid_request("sqlite " + operation + " missing expectedGeneration");
}

Refusal check_pages(const std::vector<SqliteDirtyPage>& pages) {
  std::unordered_set<std::uint32_t> seen;
  for (const SqliteDirtyPage& page : pages) {
    if (page.pgno == 0) return internal_failure("sqlite commit does not accept page 0");
    if (page.bytes.size() != kPageBytes) {
      return internal_failure("sqlite commit page " + std::to_string(page.pgno) + " had " +
                              std::to_string(page.bytes.size()) + " bytes, expected " + std::to_string(kPageBytes));
    }
    if (!seen.insert(page.pgno).second) {
      return internal_failure("sqlite commit duplicated page " + std::to_string(page.pgno) + " in a single request");
    }
  }
  return std::nullopt;
}

Refusal check_size(std::size_t pages) {
  if (pages <= kDirtyPagesMax) return std::nullopt;
  const Value sizes = Value::object({{"actual_size_bytes", static_cast<std::int64_t>(pages * kPageBytes)},
                                     {"max_size_bytes", static_cast<std::int64_t>(kDirtyPagesMax * kPageBytes)}});
  return to_wire(make_error("depot", "commit_too_large", sizes));
}

}  // namespace

Refusal check(const SqliteGetPagesRequest& request) {
  if (auto refused = check_generation(request.expected_generation, "get_pages")) return refused;
  if (request.pgnos.size() > kPagesPerReadMax) {
    return invalid_request("sqlite get_pages requested " + std::to_string(request.pgnos.size()) +
                           " pages, exceeding limit " + std::to_string(kPagesPerReadMax));
  }
  if (std::find(request.pgnos.begin(), request.pgnos.end(), 0u) == request.pgnos.end()) return std::nullopt;
  return internal_failure("get_pages does not accept page 0");
}

Refusal check(const SqliteCommitRequest& request) {
  if (auto refused = check_generation(request.expected_generation, "commit")) return refused;
  if (auto refused = check_pages(request.dirty_pages)) return refused;
  return check_size(request.dirty_pages.size());
}

Refusal check(const SqliteCommitStageBeginRequest& request) {
  return check_generation(request.expected_generation, "staged commit");
}

Refusal check(const SqliteCommitStageSegmentRequest& request) {
  if (auto refused = check_generation(request.expected_generation, "staged commit")) return refused;
  return check_pages(request.dirty_pages);
}

Refusal check(const SqliteCommitFinalizeRequest& request) {
  return check_generation(request.expected_generation, "staged commit");
}

}  // namespace troupe::page_limits
