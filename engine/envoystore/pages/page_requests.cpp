#include "engine/envoystore/pages/page_requests.h"

#include <limits>

#include "engine/base/errors.h"
#include "engine/envoystore/pages/page_limits.h"
#include "engine/envoystore/peer.h"
#include "engine/envoystore/wire_errors.h"
#include "engine/storage/pages/page_rules.h"

namespace troupe {
namespace {

using namespace envoyproto;

/// The part of a generation's actor that a request may touch.
struct Fenced {
  ActorId id;
  std::uint32_t generation = 0;
};

/// `generation` has been checked to be there.
Task<Result<Fenced>> find(PageScope scope, EnvoyStore::Peer peer, std::string actor_id, std::uint64_t generation) {
  if (peer->disconnected) co_return make_error("storage", "unavailable");
  TROUPE_CO_TRY(const ActorId id, co_await scope.actors.find_fenced(peer->namespace_id, std::move(actor_id)));
  if (generation > std::numeric_limits<std::uint32_t>::max()) co_return make_error("actor", "fenced");
  Fenced actor;
  actor.id = id;
  actor.generation = static_cast<std::uint32_t>(generation);
  co_return actor;
}

std::vector<Page> to_pages(std::vector<SqliteDirtyPage> dirty) {
  std::vector<Page> pages;
  pages.reserve(dirty.size());
  for (SqliteDirtyPage& page : dirty) pages.push_back({page.pgno, std::move(page.bytes)});
  return pages;
}

/// The frame of all requests: what `act(actor, request)` makes of a request that is within the limits, for an actor
/// that the peer may touch. `Request` is taken by value, as it has to last as long as the task.
template <class Response, class Request, class Act>
Task<Response> answer(PageScope scope, EnvoyStore::Peer peer, Request request, Act act) {
  if (auto refused = page_limits::check(request)) co_return *std::move(refused);
  const auto actor = co_await find(scope, peer, std::move(request.actor_id), *request.expected_generation);
  if (!actor) co_return to_wire(actor.error());
  auto done = co_await act(*actor, request);
  if (!done) co_return to_wire(done.error());
  co_return *std::move(done);
}

}  // namespace

Task<SqliteGetPagesResponse> handle_pages(PageScope scope, EnvoyStore::Peer peer, SqliteGetPagesRequest request) {
  auto act = [scope](const Fenced& actor, SqliteGetPagesRequest& wanted) -> Task<Result<SqliteGetPagesOk>> {
    TROUPE_CO_TRY(auto read, co_await scope.pages.read(actor.id, actor.generation, wanted.pgnos));
    SqliteGetPagesOk response;
    response.head_txid = read.head.txid;
    if (wanted.expected_head_txid && *wanted.expected_head_txid != read.head.txid)
      co_return head_mismatch(*wanted.expected_head_txid, read.head.txid);
    response.pages.reserve(wanted.pgnos.size());
    for (std::size_t i = 0; i < wanted.pgnos.size(); ++i)
      response.pages.push_back({wanted.pgnos[i], std::move(read.pages[i])});
    co_return response;
  };
  return answer<SqliteGetPagesResponse>(scope, std::move(peer), std::move(request), std::move(act));
}

Task<SqliteCommitResponse> handle_pages(PageScope scope, EnvoyStore::Peer peer, SqliteCommitRequest request) {
  auto act = [scope](const Fenced& actor, SqliteCommitRequest& wanted) -> Task<Result<SqliteCommitOk>> {
    PageCommit commit;
    commit.pages = to_pages(std::move(wanted.dirty_pages));
    commit.size_pages = wanted.db_size_pages;
    commit.expected_txid = wanted.expected_head_txid;
    SqliteCommitOk response;
    TROUPE_CO_TRY(response.head_txid, co_await scope.pages.commit(actor.id, actor.generation, std::move(commit)));
    co_return response;
  };
  return answer<SqliteCommitResponse>(scope, std::move(peer), std::move(request), std::move(act));
}

Task<SqliteCommitStageBeginResponse> handle_pages(PageScope scope, EnvoyStore::Peer peer,
                                                  SqliteCommitStageBeginRequest request) {
  auto act = [scope](const Fenced& actor,
                     SqliteCommitStageBeginRequest& wanted) -> Task<Result<SqliteCommitStageBeginOk>> {
    SqliteCommitStageBeginOk response;
    TROUPE_CO_TRY(response.txid,
                  co_await scope.pages.begin_stage(actor.id, actor.generation, wanted.expected_head_txid));
    co_return response;
  };
  return answer<SqliteCommitStageBeginResponse>(scope, std::move(peer), std::move(request), std::move(act));
}

Task<SqliteCommitStageSegmentResponse> handle_pages(PageScope scope, EnvoyStore::Peer peer,
                                                    SqliteCommitStageSegmentRequest request) {
  auto act = [scope](const Fenced& actor,
                     SqliteCommitStageSegmentRequest& wanted) -> Task<Result<SqliteCommitStageSegmentOk>> {
    auto pages = to_pages(std::move(wanted.dirty_pages));
    SqliteCommitStageSegmentOk response;
    TROUPE_CO_TRY(response.staged_bytes, co_await scope.pages.stage_segment(actor.id, actor.generation, wanted.txid,
                                                                            wanted.first_pgno, std::move(pages)));
    co_return response;
  };
  return answer<SqliteCommitStageSegmentResponse>(scope, std::move(peer), std::move(request), std::move(act));
}

Task<SqliteCommitFinalizeResponse> handle_pages(PageScope scope, EnvoyStore::Peer peer,
                                                SqliteCommitFinalizeRequest request) {
  auto act = [scope](const Fenced& actor, SqliteCommitFinalizeRequest& wanted) -> Task<Result<SqliteCommitFinalizeOk>> {
    StagedFinish finish;
    finish.txid = wanted.txid;
    finish.size_pages = wanted.new_db_size_pages;
    finish.segments = std::move(wanted.segment_first_pgnos);
    SqliteCommitFinalizeOk response;
    TROUPE_CO_TRY(response.head_txid, co_await scope.pages.finish_stage(actor.id, actor.generation, std::move(finish)));
    co_return response;
  };
  return answer<SqliteCommitFinalizeResponse>(scope, std::move(peer), std::move(request), std::move(act));
}

}  // namespace troupe
