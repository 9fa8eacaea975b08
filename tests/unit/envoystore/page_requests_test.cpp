#include "envoystore_world.h"

namespace troupe {
namespace {

using namespace envoyproto;

class PageRequestsTest : public EnvoyStoreTest {
 protected:
  SqliteGetPagesRequest read_of(std::vector<std::uint32_t> pgnos) {
    SqliteGetPagesRequest request;
    request.actor_id = id_.text();
    request.pgnos = std::move(pgnos);
    request.expected_generation = 1;
    return request;
  }
  SqliteCommitRequest commit_of(std::size_t pages) {
    SqliteCommitRequest request;
    request.actor_id = id_.text();
    for (std::uint32_t pgno = 1; pgno <= pages; ++pgno) request.dirty_pages.push_back({pgno, page_of(pgno, 1)});
    request.db_size_pages = static_cast<std::uint32_t>(pages);
    request.expected_generation = 1;
    return request;
  }
};

TEST_F(PageRequestsTest, ADatabaseIsWrittenAndReadBack) {
  EXPECT_EQ(outcome(ask(read_of({1, 2}))),
            "depot.database_not_found: transaction failed: sqlite database was not found in this bucket branch");
  SqliteCommitOk committed;
  committed.head_txid = 1;
  EXPECT_EQ(std::get<SqliteCommitOk>(ask(commit_of(2))), committed);
  SqliteGetPagesOk expected;
  expected.head_txid = 1;
  expected.pages = {{3, std::nullopt}, {2, page_of(2, 1)}};
  EXPECT_EQ(std::get<SqliteGetPagesOk>(ask(read_of({3, 2}))), expected);
  expected.pages.clear();
  EXPECT_EQ(std::get<SqliteGetPagesOk>(ask(read_of({}))), expected);
}

TEST_F(PageRequestsTest, EveryRequestNeedsAGeneration) {
  auto read = read_of({1});
  read.expected_generation.reset();
  EXPECT_EQ(outcome(ask(read)), "sqlite.invalid_request: sqlite get_pages missing expectedGeneration");
  auto commit = commit_of(1);
  commit.expected_generation.reset();
  EXPECT_EQ(outcome(ask(commit)), "sqlite.invalid_request: sqlite commit missing expectedGeneration");
  const std::string staged = "sqlite.invalid_request: sqlite staged commit missing expectedGeneration";
  EXPECT_EQ(outcome(ask(SqliteCommitStageBeginRequest())), staged);
  EXPECT_EQ(outcome(ask(SqliteCommitStageSegmentRequest())), staged);
  EXPECT_EQ(outcome(ask(SqliteCommitFinalizeRequest())), staged);
}

TEST_F(PageRequestsTest, OtherGenerationsAndActorsDoNotExist) {
  const std::string gone = "core.internal_error: actor does not exist";
  for (const std::uint64_t generation : {std::uint64_t{0}, std::uint64_t{2}, std::uint64_t{1} << 32 | 1}) {
    auto read = read_of({1});
    read.expected_generation = generation;
    EXPECT_EQ(outcome(ask(read)), gone);
    auto commit = commit_of(1);
    commit.expected_generation = generation;
    EXPECT_EQ(outcome(ask(commit)), gone);
    SqliteCommitStageBeginRequest begin;
    begin.actor_id = id_.text();
    begin.expected_generation = generation;
    EXPECT_EQ(outcome(ask(begin)), gone);
  }
  auto unknown = read_of({1});
  unknown.actor_id = world_.make_id().text();
  EXPECT_EQ(outcome(ask(unknown)), gone);
  unknown.actor_id = std::string(30, '-');
  EXPECT_EQ(outcome(ask(unknown)).substr(0, 29), "core.internal_error: invalid ");
  const auto other = world_.run(directory_->create_namespace("other", "Other")).value();
  peer_ = envoys_->connect(other.id, other.name);
  EXPECT_EQ(outcome(ask(commit_of(1))), gone);
}

TEST_F(PageRequestsTest, AStoppedActorIsNotWrittenAndADestroyedOneLeavesNothing) {
  ASSERT_EQ(outcome(ask(commit_of(3))), "ok");
  actors_->forget_generation(id_, 1);
  EXPECT_EQ(outcome(ask(commit_of(3))), "core.internal_error: actor does not exist");
  destroy(id_);
  EXPECT_EQ(outcome(ask(read_of({1}))), "core.internal_error: actor does not exist");
  const keys::Range all = keys::actor_data(id_);
  EXPECT_TRUE(world_.run(store_->scan(all.begin, all.end)).value().empty());
}

TEST_F(PageRequestsTest, TheHeadIsAFenceOfReadsAndCommits) {
  ASSERT_EQ(outcome(ask(commit_of(1))), "ok");
  auto read = read_of({1});
  read.expected_head_txid = 1;
  EXPECT_EQ(outcome(ask(read)), "ok");
  read.expected_head_txid = 2;
  EXPECT_EQ(outcome(ask(read)),
            "depot.head_fence_mismatch: transaction failed: sqlite head fence mismatch: expected head txid 2, current "
            "head txid 1");
  auto commit = commit_of(1);
  commit.expected_head_txid = 0;
  EXPECT_EQ(outcome(ask(commit)),
            "depot.head_fence_mismatch: transaction failed: sqlite head fence mismatch: expected head txid 0, current "
            "head txid 1");
  commit.expected_head_txid = 1;
  EXPECT_EQ(outcome(ask(commit)), "ok");
}

TEST_F(PageRequestsTest, LimitsHoldAndOneBeyondIsRefusedWithItsText) {
  EXPECT_EQ(outcome(ask(commit_of(320))), "ok");
  EXPECT_EQ(outcome(ask(commit_of(321))),
            "depot.commit_too_large: sqlite commit too large: actual_size_bytes=1314816, max_size_bytes=1310720");
  EXPECT_EQ(outcome(ask(read_of(range_of(1, 8'193)))), "ok");
  EXPECT_EQ(outcome(ask(read_of(range_of(1, 8'194)))),
            "sqlite.invalid_request: sqlite get_pages requested 8193 pages, exceeding limit 8192");
  EXPECT_EQ(outcome(ask(read_of({1, 0}))), "core.internal_error: get_pages does not accept page 0");
  auto commit = commit_of(1);
  commit.dirty_pages[0].pgno = 0;
  EXPECT_EQ(outcome(ask(commit)), "core.internal_error: sqlite commit does not accept page 0");
  commit = commit_of(1);
  commit.dirty_pages[0].bytes.pop_back();
  EXPECT_EQ(outcome(ask(commit)), "core.internal_error: sqlite commit page 1 had 4095 bytes, expected 4096");
  commit = commit_of(2);
  commit.dirty_pages[0].pgno = 2;
  EXPECT_EQ(outcome(ask(commit)), "core.internal_error: sqlite commit duplicated page 2 in a single request");
  commit = commit_of(1);
  commit.db_size_pages = 2'621'441;
  EXPECT_EQ(outcome(ask(commit)).substr(0, 20), "depot.quota_exceeded");
}

TEST_F(PageRequestsTest, ALargeTransactionComesInSegments) {
  SqliteCommitStageBeginRequest begin;
  begin.actor_id = id_.text();
  begin.expected_generation = 1;
  begin.expected_head_txid = 0;
  SqliteCommitStageBeginOk begun;
  begun.txid = 1;
  EXPECT_EQ(std::get<SqliteCommitStageBeginOk>(ask(begin)), begun);
  SqliteCommitFinalizeRequest end;
  end.actor_id = id_.text();
  end.expected_generation = 1;
  end.txid = 1;
  end.new_db_size_pages = 735;
  for (std::uint32_t first : {0u, 320u, 640u}) {
    SqliteCommitStageSegmentRequest segment;
    segment.actor_id = id_.text();
    segment.expected_generation = 1;
    segment.txid = 1;
    segment.first_pgno = first;
    for (const std::uint32_t pgno : range_of(std::max(first, 1u), std::min(first + 320, 736u))) {
      segment.dirty_pages.push_back({pgno, page_of(pgno, 4)});
    }
    const auto staged = ask(segment);
    EXPECT_GT(std::get<SqliteCommitStageSegmentOk>(staged).staged_bytes, 0u);
    end.segment_first_pgnos.push_back(first);
  }
  SqliteCommitFinalizeOk finished;
  finished.head_txid = 1;
  EXPECT_EQ(std::get<SqliteCommitFinalizeOk>(ask(end)), finished);
  const auto read = std::get<SqliteGetPagesOk>(ask(read_of(range_of(1, 737))));
  for (std::uint32_t pgno = 1; pgno <= 735; ++pgno) EXPECT_EQ(read.pages[pgno - 1].bytes, page_of(pgno, 4)) << pgno;
  EXPECT_FALSE(read.pages[735].bytes);
}

TEST_F(PageRequestsTest, AnEnvoyThatIsGoneWritesNothing) {
  envoys_->disconnect(peer_);
  EXPECT_NE(outcome(ask(commit_of(1))), "ok");
}

}  // namespace
}  // namespace troupe
