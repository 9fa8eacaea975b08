#include "engine/envoystore/request_cost.h"

#include "engine/envoystore/kv/kv_limits.h"
#include "engine/storage/pages/page_codec.h"

namespace troupe {
namespace {

using namespace envoyproto;

constexpr std::size_t kBase = 1u << 10;
/// What the rows and the changes of a statement are taken for: most are far smaller, a few larger.
constexpr std::size_t kUnknownAnswer = 4u << 20;
constexpr std::size_t kKvValueGuess = 4u << 10;

std::size_t bytes_of(const std::vector<Bytes>& values) {
  std::size_t bytes = 0;
  for (const Bytes& value : values) bytes += value.size();
  return bytes;
}

/// The page, its packed form, and the row that is written.
std::size_t bytes_of(const std::vector<SqliteDirtyPage>& pages) { return pages.size() * kPageBytes * 3; }

struct KvCost {
  std::size_t operator()(const KvGetRequest& get) const { return get.keys.size() * kKvValueGuess; }
  std::size_t operator()(const KvListRequest& list) const {
    constexpr std::uint64_t kEntryMax = kv_limits::kValueBytesMax + kv_limits::kEncodedKeyBytesMax;
    const std::uint64_t limit = list.limit.value_or(kv_limits::kListLimitDefault);
    if (limit >= kv_limits::kListBytesMax / kEntryMax) return kv_limits::kListBytesMax;
    return static_cast<std::size_t>(limit * kEntryMax);
  }
  std::size_t operator()(const KvPutRequest& put) const { return 2 * (bytes_of(put.keys) + bytes_of(put.values)); }
  std::size_t operator()(const KvDeleteRequest& erase) const { return 2 * bytes_of(erase.keys); }
  std::size_t operator()(const KvDeleteRangeRequest&) const { return 0; }
  std::size_t operator()(const KvDropRequest&) const { return 0; }
};

}  // namespace

std::size_t cost_of(const KvRequestData& request) { return kBase + std::visit(KvCost(), request); }
std::size_t cost_of(const SqliteGetPagesRequest& request) { return kBase + request.pgnos.size() * kPageBytes * 2; }
std::size_t cost_of(const SqliteCommitRequest& request) { return kBase + bytes_of(request.dirty_pages); }
std::size_t cost_of(const SqliteCommitStageBeginRequest&) { return kBase; }
std::size_t cost_of(const SqliteCommitStageSegmentRequest& request) { return kBase + bytes_of(request.dirty_pages); }
std::size_t cost_of(const SqliteCommitFinalizeRequest& request) {
  return kBase + request.segment_first_pgnos.size() * 64;
}
std::size_t cost_of(const SqliteExecRequest& request) { return kUnknownAnswer + request.sql.size(); }
std::size_t cost_of(const SqliteExecuteRequest& request) { return kUnknownAnswer + request.sql.size(); }
std::size_t cost_of(const SqliteExecuteBatchRequest& request) {
  std::size_t bytes = kUnknownAnswer;
  for (const SqliteBatchStatement& statement : request.statements) bytes += kBase + statement.sql.size();
  return bytes;
}

}  // namespace troupe
