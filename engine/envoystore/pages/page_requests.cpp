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

}  // namespace

Task<SqliteGetPagesResponse> handle_pages(PageScope scope, EnvoyStore::Peer peer, SqliteGetPagesRequest request) {
  if (auto refused = page_limits::check(request)) co_return *std::move(refused);
  const auto actor = co_await find(scope, peer, std::move(request.actor_id), *request.expected_generation);
  if (!actor) co_return to_wire(actor.error());
  auto read = co_await scope.pages.read(actor->id, actor->generation, request.pgnos);
  if (!read) co_return to_wire(read.error());
  const std::uint64_t txid = read->head.txid;
  if (request.expected_head_txid && *request.expected_head_txid != txid) {
    co_return to_wire(head_mismatch(*request.expected_head_txid, txid));
  }
  SqliteGetPagesOk response;
  response.head_txid = txid;
  response.pages.reserve(request.pgnos.size());
  for (std::size_t i = 0; i < request.pgnos.size(); ++i) {
    response.pages.push_back({request.pgnos[i], std::move(read->pages[i])});
  }
  co_return response;
}

Task<SqliteCommitResponse> handle_pages(PageScope scope, EnvoyStore::Peer peer, SqliteCommitRequest request) {
  if (auto refused = page_limits::check(request)) co_return *std::move(refused);
  const auto actor = co_await find(scope, peer, std::move(request.actor_id), *request.expected_generation);
  if (!actor) co_return to_wire(actor.error());
  PageCommit commit;
  commit.pages = to_pages(std::move(request.dirty_pages));
  commit.size_pages = request.db_size_pages;
  commit.expected_txid = request.expected_head_txid;
  const auto txid = co_await scope.pages.commit(actor->id, actor->generation, std::move(commit));
  if (!txid) co_return to_wire(txid.error());
  SqliteCommitOk response;
  response.head_txid = *txid;
  co_return response;
}

Task<SqliteCommitStageBeginResponse> handle_pages(PageScope scope, EnvoyStore::Peer peer,
                                                  SqliteCommitStageBeginRequest request) {
  if (auto refused = page_limits::check(request)) co_return *std::move(refused);
  const auto actor = co_await find(scope, peer, std::move(request.actor_id), *request.expected_generation);
  if (!actor) co_return to_wire(actor.error());
  const auto txid = co_await scope.pages.begin_stage(actor->id, actor->generation, request.expected_head_txid);
  if (!txid) co_return to_wire(txid.error());
  SqliteCommitStageBeginOk response;
  response.txid = *txid;
  co_return response;
}

Task<SqliteCommitStageSegmentResponse> handle_pages(PageScope scope, EnvoyStore::Peer peer,
                                                    SqliteCommitStageSegmentRequest request) {
  if (auto refused = page_limits::check(request)) co_return *std::move(refused);
  const auto actor = co_await find(scope, peer, std::move(request.actor_id), *request.expected_generation);
  if (!actor) co_return to_wire(actor.error());
  const auto bytes = co_await scope.pages.stage_segment(actor->id, actor->generation, request.txid, request.first_pgno,
                                                        to_pages(std::move(request.dirty_pages)));
  if (!bytes) co_return to_wire(bytes.error());
  SqliteCommitStageSegmentOk response;
  response.staged_bytes = *bytes;
  co_return response;
}

Task<SqliteCommitFinalizeResponse> handle_pages(PageScope scope, EnvoyStore::Peer peer,
                                                SqliteCommitFinalizeRequest request) {
  if (auto refused = page_limits::check(request)) co_return *std::move(refused);
  const auto actor = co_await find(scope, peer, std::move(request.actor_id), *request.expected_generation);
  if (!actor) co_return to_wire(actor.error());
  StagedFinish finish;
  finish.txid = request.txid;
  finish.size_pages = request.new_db_size_pages;
  finish.segments = std::move(request.segment_first_pgnos);
  const auto txid = co_await scope.pages.finish_stage(actor->id, actor->generation, std::move(finish));
  if (!txid) co_return to_wire(txid.error());
  SqliteCommitFinalizeOk response;
  response.head_txid = *txid;
  co_return response;
}

}  // namespace troupe
