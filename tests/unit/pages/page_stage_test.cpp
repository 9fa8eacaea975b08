#include "pages_world.h"

namespace troupe {
namespace {

class PageStageTest : public PagesTest {
 protected:
  std::string reason(const Result<std::uint64_t>& result) { return result ? "ok" : result.error().message(); }
};

TEST_F(PageStageTest, NothingIsSeenBeforeTheEndAndEverythingAfterIt) {
  const ActorId id = awake();
  ASSERT_EQ(commit(id, {1, 2}, 1, 2), "ok 1");
  ASSERT_EQ(begin(id, 1), "ok 2");
  ASSERT_EQ(segment(id, 2, 0, range_of(1, 320), 2), "ok");
  ASSERT_EQ(segment(id, 2, 320, range_of(320, 640), 2), "ok");
  ASSERT_EQ(segment(id, 2, 640, {700}, 2), "ok");
  EXPECT_EQ(read(id, {1, 2, 3}), "1/2: 1 1 -");
  ASSERT_EQ(finish(id, 2, 700, {0, 320, 640}), "ok 2");
  EXPECT_EQ(read(id, {1, 319, 320, 639, 640, 700, 701}), "2/700: 2 2 2 2 0 2 -");
  wait_until_folded(id);
  EXPECT_EQ(read(id, {1, 319, 320, 639, 640, 700, 701}), "2/700: 2 2 2 2 0 2 -");
  EXPECT_EQ(rows(keys::staged(id, 2)), 0u);
  EXPECT_EQ(rows(keys::pages_from(id, 0)), 640u);
}

TEST_F(PageStageTest, ItMayBeTheFirstCommitOfADatabase) {
  const ActorId id = awake();
  ASSERT_EQ(begin(id), "ok 1");
  EXPECT_EQ(read(id, {1}), "depot.meta_missing");
  ASSERT_EQ(segment(id, 1, 0, {1, 2}, 1), "ok");
  EXPECT_EQ(read(id, {1}), "depot.meta_missing");
  ASSERT_EQ(finish(id, 1, 2, {0}), "ok 1");
  EXPECT_EQ(read(id, {1, 2, 3}), "1/2: 1 1 -");
}

TEST_F(PageStageTest, BeginningAgainStartsOver) {
  const ActorId id = awake();
  ASSERT_EQ(begin(id), "ok 1");
  ASSERT_EQ(segment(id, 1, 0, {1, 2}, 1), "ok");
  ASSERT_EQ(begin(id), "ok 1");
  ASSERT_EQ(segment(id, 1, 0, {1}, 2), "ok");
  ASSERT_EQ(finish(id, 1, 2, {0}), "ok 1");
  EXPECT_EQ(read(id, {1, 2}), "1/2: 2 0");
}

TEST_F(PageStageTest, ACommitBetweenEndsTheStage) {
  const ActorId id = awake();
  ASSERT_EQ(begin(id), "ok 1");
  ASSERT_EQ(segment(id, 1, 0, {1, 2}, 1), "ok");
  ASSERT_EQ(commit(id, {1}, 9, 1, 0), "ok 1");
  EXPECT_EQ(rows(keys::staged(id, 1)), 0u);
  EXPECT_EQ(segment(id, 1, 320, {320}, 1), "depot.head_fence_mismatch");
  EXPECT_EQ(finish(id, 1, 2, {0}), "depot.head_fence_mismatch");
  EXPECT_EQ(read(id, {1}), "1/1: 9");
}

TEST_F(PageStageTest, TheHeadIsAFence) {
  const ActorId id = awake();
  ASSERT_EQ(commit(id, {1}, 1, 1), "ok 1");
  EXPECT_EQ(begin(id, 0), "depot.head_fence_mismatch");
  EXPECT_EQ(begin(id, 2), "depot.head_fence_mismatch");
  ASSERT_EQ(begin(id, 1), "ok 2");
  EXPECT_EQ(segment(id, 1, 0, {1}, 1), "depot.head_fence_mismatch");
  EXPECT_EQ(segment(id, 3, 0, {1}, 1), "depot.head_fence_mismatch");
  EXPECT_EQ(finish(id, 3, 1, {0}), "depot.head_fence_mismatch");
}

TEST_F(PageStageTest, WhatAGenerationThatIsOverHasStagedIsGone) {
  const ActorId id = awake(1);
  ASSERT_EQ(begin(id), "ok 1");
  ASSERT_EQ(segment(id, 1, 0, {1, 2}, 1), "ok");
  actors_->set_generation(id, 2);
  EXPECT_EQ(segment(id, 1, 320, {320}, 1), "actor.fenced");
  EXPECT_EQ(finish(id, 1, 2, {0}), "actor.fenced");
  EXPECT_EQ(read(id, {1}, 2), "depot.database_not_found");
  EXPECT_EQ(finish(id, 1, 2, {0}, 2), "depot.stage_segment_invalid");
  ASSERT_EQ(segment(id, 1, 320, {320}, 2, 2), "ok");
  EXPECT_EQ(finish(id, 1, 400, {0, 320}, 2), "depot.stage_segment_invalid");
  ASSERT_EQ(finish(id, 1, 400, {320}, 2), "ok 1");
  EXPECT_EQ(read(id, {1, 2, 320}, 2), "1/400: 0 0 2");
}

TEST_F(PageStageTest, SegmentsHaveToFit) {
  const ActorId id = awake();
  ASSERT_EQ(begin(id), "ok 1");
  const auto stage = [&](std::uint32_t first, std::vector<std::uint32_t> pgnos) {
    std::vector<Page> dirty;
    for (const std::uint32_t pgno : pgnos) dirty.push_back({pgno, page_of(pgno, 1)});
    return reason(world_.run(pages().stage_segment(id, 1, 1, first, std::move(dirty))));
  };
  EXPECT_EQ(stage(1, {1}), "transaction failed: StageSegmentInvalid: first page 1 is not shard-aligned");
  EXPECT_EQ(stage(64, {}), "transaction failed: StageSegmentInvalid: segment has no pages");
  EXPECT_EQ(stage(64, {63}), "transaction failed: StageSegmentInvalid: page 63 sits below the segment start 64");
  EXPECT_EQ(stage(64, {384}), "transaction failed: StageSegmentInvalid: page 384 sits past the segment's 5-shard span");
  EXPECT_EQ(stage(64, {383, 64}), "ok");
  EXPECT_EQ(stage(64, {65}),
            "transaction failed: StageSegmentInvalid: segment 64 overlaps the span of the segment at 64");
  EXPECT_EQ(stage(320, {400}),
            "transaction failed: StageSegmentInvalid: segment 320 overlaps the span of the segment at 64");
  EXPECT_EQ(stage(0, {1}), "transaction failed: StageSegmentInvalid: segment 0 overlaps the span of the segment at 64");
  EXPECT_EQ(stage(384, {384}), "ok");
}

TEST_F(PageStageTest, TheEndHasToNameWhatWasStaged) {
  const ActorId id = awake();
  const auto end = [&](std::vector<std::uint32_t> segments) {
    StagedFinish finish;
    finish.txid = 1;
    finish.size_pages = 1'000;
    finish.segments = std::move(segments);
    return reason(world_.run(pages().finish_stage(id, 1, std::move(finish))));
  };
  EXPECT_EQ(end({0}), "transaction failed: StageSegmentInvalid: finalize claimed 1 segments but 0 were staged");
  ASSERT_EQ(begin(id), "ok 1");
  ASSERT_EQ(segment(id, 1, 0, {1}, 1), "ok");
  ASSERT_EQ(segment(id, 1, 320, {320}, 1), "ok");
  EXPECT_EQ(end({0}), "transaction failed: StageSegmentInvalid: finalize claimed 1 segments but 2 were staged");
  EXPECT_EQ(end({320, 0}), "transaction failed: StageSegmentInvalid: finalize claimed 2 segments but 2 were staged");
  EXPECT_EQ(end({0, 640}), "transaction failed: StageNotFound: no staged segment at page 640 for txid 1");
  EXPECT_EQ(end({0, 320}), "ok");
}

TEST_F(PageStageTest, AStageSurvivesReopeningAndCanBeEndedThen) {
  const ActorId id = awake();
  ASSERT_EQ(begin(id), "ok 1");
  ASSERT_EQ(segment(id, 1, 0, {1, 2}, 1), "ok");
  reopen();
  actors_->set_generation(id, 1);
  ASSERT_EQ(segment(id, 1, 320, {320}, 1), "ok");
  ASSERT_EQ(finish(id, 1, 320, {0, 320}), "ok 1");
  EXPECT_EQ(read(id, {1, 2, 3, 320}), "1/320: 1 1 0 1");
}

TEST_F(PageStageTest, FoldingGoesOnAfterReopening) {
  const ActorId id = awake();
  ASSERT_EQ(begin(id), "ok 1");
  std::vector<std::uint32_t> segments;
  for (std::uint32_t first = 0; first < 3'200; first += 320) {
    ASSERT_EQ(segment(id, 1, first, range_of(std::max(first, 1u), first + 320), 3), "ok");
    segments.push_back(first);
  }
  ASSERT_EQ(finish(id, 1, 3'199, segments), "ok 1");
  reopen();
  actors_->set_generation(id, 1);
  EXPECT_EQ(read(id, {1, 1'000, 3'199, 3'200}), "1/3199: 3 3 3 -");
  wait_until_folded(id);
  EXPECT_EQ(read(id, {1, 1'000, 3'199, 3'200}), "1/3199: 3 3 3 -");
  EXPECT_EQ(rows(keys::pages_from(id, 0)), 3'199u);
  EXPECT_EQ(rows(keys::staged(id, 1)), 0u);
}

TEST_F(PageStageTest, CommitsWhileFoldingAreNotOverwritten) {
  const ActorId id = awake();
  ASSERT_EQ(begin(id), "ok 1");
  std::vector<std::uint32_t> segments;
  for (std::uint32_t first = 0; first < 3'200; first += 320) {
    ASSERT_EQ(segment(id, 1, first, range_of(std::max(first, 1u), first + 320), 1), "ok");
    segments.push_back(first);
  }
  ASSERT_EQ(finish(id, 1, 3'199, segments), "ok 1");
  for (std::uint32_t i = 0; i < 60; ++i) {
    ASSERT_EQ(commit(id, {3'199 - i * 50}, 2, 3'199, i + 1), "ok " + std::to_string(i + 2));
  }
  // Shrinks below pages that may still lie among the staged ones, and grows again.
  ASSERT_EQ(commit(id, {1}, 3, 3'000), "ok 62");
  ASSERT_EQ(commit(id, {1}, 4, 3'100), "ok 63");
  EXPECT_EQ(read(id, {1, 2'999, 2'998, 3'050, 3'099}), "63/3100: 4 2 1 0 0");
  wait_until_folded(id);
  EXPECT_EQ(read(id, {1, 2'999, 2'998, 3'050, 3'099}), "63/3100: 4 2 1 0 0");
}

TEST_F(PageStageTest, ASecondStagedCommitMayFollowAtOnce) {
  const ActorId id = awake();
  for (std::uint32_t txid = 1; txid <= 3; ++txid) {
    ASSERT_EQ(begin(id), "ok " + std::to_string(txid));
    std::vector<std::uint32_t> segments;
    for (std::uint32_t first = 0; first < 1'600; first += 320) {
      ASSERT_EQ(segment(id, txid, first, {first + txid, first + 10}, txid), "ok");
      segments.push_back(first);
    }
    ASSERT_EQ(finish(id, txid, 1'600, segments), "ok " + std::to_string(txid));
    EXPECT_EQ(read(id, {10, 1'290}),
              std::to_string(txid) + "/1600: " + std::to_string(txid) + " " + std::to_string(txid));
  }
  EXPECT_EQ(read(id, {1, 2, 3, 4, 10}), "3/1600: 1 2 3 0 3");
  wait_until_folded(id);
  EXPECT_EQ(read(id, {1, 2, 3, 4, 10}), "3/1600: 1 2 3 0 3");
}

TEST_F(PageStageTest, AStagedCommitMayShrink) {
  const ActorId id = awake();
  ASSERT_EQ(commit(id, range_of(1, 301), 1, 300), "ok 1");
  ASSERT_EQ(begin(id), "ok 2");
  ASSERT_EQ(segment(id, 2, 0, {1, 5, 250}, 2), "ok");
  ASSERT_EQ(finish(id, 2, 10, {0}), "ok 2");
  ASSERT_EQ(commit(id, {2}, 3, 300), "ok 3");
  EXPECT_EQ(read(id, {1, 2, 3, 5, 11, 250}), "3/300: 2 3 1 2 0 0");
}

}  // namespace
}  // namespace troupe
