#include "engine/storage/pages/page_store.h"

#include "pages_world.h"

namespace troupe {
namespace {

class PageStoreTest : public PagesTest {};

TEST_F(PageStoreTest, ADatabaseThatWasNeverWrittenIsNotFound) {
  EXPECT_EQ(read(awake(), {1, 2}), "depot.database_not_found");
  EXPECT_EQ(read(awake(), {}), "depot.database_not_found");
}

TEST_F(PageStoreTest, EachCommitRaisesTheTxidAndReadsAreInTheOrderOfTheRequest) {
  const ActorId id = awake();
  EXPECT_EQ(commit(id, {1, 2}, 1, 2, 0), "ok 1");
  EXPECT_EQ(commit(id, {2, 3}, 2, 4, 1), "ok 2");
  EXPECT_EQ(read(id, {4, 3, 2, 1, 2, 5}), "2/4: 0 2 2 1 2 -");
  EXPECT_EQ(read(id, {}), "2/4:");
}

TEST_F(PageStoreTest, ManyPagesAreReadAndWrittenInOneRequest) {
  const ActorId id = awake();
  ASSERT_EQ(commit(id, range_of(1, 321), 1, 320), "ok 1");
  std::string expected = "1/320:";
  for (int i = 0; i < 320; ++i) expected += " 1";
  EXPECT_EQ(read(id, range_of(1, 323)), expected + " - -");
}

TEST_F(PageStoreTest, ACommitWithoutPagesChangesTheSizeOnly) {
  const ActorId id = awake();
  ASSERT_EQ(commit(id, {}, 0, 3), "ok 1");
  EXPECT_EQ(read(id, {1, 3, 4}), "1/3: 0 0 -");
}

TEST_F(PageStoreTest, AnExpectedHeadIsAFence) {
  const ActorId id = awake();
  EXPECT_EQ(commit(id, {1}, 1, 1, 1), "depot.head_fence_mismatch");
  EXPECT_EQ(read(id, {1}), "depot.database_not_found");
  ASSERT_EQ(commit(id, {1}, 1, 1, 0), "ok 1");
  EXPECT_EQ(commit(id, {1}, 2, 1, 0), "depot.head_fence_mismatch");
  EXPECT_EQ(commit(id, {1}, 2, 1, 2), "depot.head_fence_mismatch");
  EXPECT_EQ(read(id, {1}), "1/1: 1");
  PageCommit stale;
  stale.expected_txid = 7;
  EXPECT_EQ(world_.run(pages().commit(id, 1, std::move(stale))).error().message(),
            "transaction failed: sqlite head fence mismatch: expected head txid 7, current head txid 1");
}

TEST_F(PageStoreTest, OnlyTheGenerationThatIsSetReadsAndWrites) {
  const ActorId id = awake(2);
  EXPECT_EQ(commit(id, {1}, 1, 1, {}, 1), "actor.fenced");
  ASSERT_EQ(commit(id, {1}, 1, 1, {}, 2), "ok 1");
  EXPECT_EQ(read(id, {1}, 3), "actor.fenced");
  actors_->set_generation(id, 3);
  EXPECT_EQ(commit(id, {1}, 2, 1, {}, 2), "actor.fenced");
  EXPECT_EQ(read(id, {1}, 2), "actor.fenced");
  EXPECT_EQ(read(id, {1}, 3), "1/1: 1");
  actors_->forget_generation(id, 3);
  EXPECT_EQ(read(id, {1}, 3), "actor.fenced");
}

TEST_F(PageStoreTest, OfTwoCommitsOnOneHeadOneWins) {
  const ActorId id = awake();
  PageCommit first, second;
  first.pages = {{1, page_of(1, 1)}};
  second.pages = {{1, page_of(1, 2)}};
  first.size_pages = second.size_pages = 1;
  first.expected_txid = second.expected_txid = 0;
  auto one = world_.start(pages().commit(id, 1, std::move(first)));
  auto two = world_.start(pages().commit(id, 1, std::move(second)));
  const std::string results = text(world_.wait(one)) + ", " + text(world_.wait(two));
  EXPECT_EQ(results, "ok 1, depot.head_fence_mismatch");
  EXPECT_EQ(read(id, {1}), "1/1: 1");
}

TEST_F(PageStoreTest, CommitsWithoutAFenceThatMeetAreAllApplied) {
  const ActorId id = awake();
  std::vector<Pending<Result<std::uint64_t>>> pending;
  for (std::uint32_t pgno = 1; pgno <= 20; ++pgno) {
    PageCommit commit;
    commit.pages = {{pgno, page_of(pgno, 5)}};
    commit.size_pages = 20;
    pending.push_back(world_.start(pages().commit(id, 1, std::move(commit))));
  }
  for (auto& one : pending) EXPECT_TRUE(world_.wait(one));
  std::string expected = "20/20:";
  for (int i = 0; i < 20; ++i) expected += " 5";
  EXPECT_EQ(read(id, range_of(1, 21)), expected);
}

TEST_F(PageStoreTest, ShrinkingDiscardsPagesForGood) {
  const ActorId id = awake();
  ASSERT_EQ(commit(id, range_of(1, 301), 1, 300), "ok 1");
  ASSERT_EQ(commit(id, {1}, 2, 2), "ok 2");
  EXPECT_EQ(read(id, {1, 2, 3}), "2/2: 2 1 -");
  EXPECT_EQ(rows(keys::pages_from(id, 0)), 2u);
  ASSERT_EQ(commit(id, {1}, 3, 4), "ok 3");
  EXPECT_EQ(read(id, {1, 2, 3, 4, 5}), "3/4: 3 1 0 0 -");
}

TEST_F(PageStoreTest, PagesBeyondTheEndAreDropped) {
  const ActorId id = awake();
  ASSERT_EQ(commit(id, {1, 9}, 1, 1), "ok 1");
  ASSERT_EQ(commit(id, {1}, 2, 9), "ok 2");
  EXPECT_EQ(read(id, {1, 9}), "2/9: 2 0");
}

TEST_F(PageStoreTest, ADatabaseMayHaveTenGibibytesAndNotAPageMore) {
  const ActorId id = awake();
  constexpr std::uint32_t kMax = kPageStoreBytesMax / kPageBytes;
  EXPECT_EQ(commit(id, {1}, 1, kMax + 1), "depot.quota_exceeded");
  EXPECT_EQ(commit(id, {1, kMax}, 1, kMax), "ok 1");
  EXPECT_EQ(read(id, {kMax, kMax - 1}), "1/2621440: 1 0");
}

TEST_F(PageStoreTest, WhatIsCommittedIsThereAfterReopening) {
  const ActorId id = awake();
  for (std::uint32_t version = 1; version <= 100; ++version) {
    ASSERT_EQ(commit(id, {version % 7 + 1, version % 31 + 8}, version, 40, version - 1),
              "ok " + std::to_string(version));
  }
  const std::string before = read(id, range_of(1, 41));
  reopen();
  actors_->set_generation(id, 1);
  EXPECT_EQ(read(id, range_of(1, 41)), before);
}

TEST_F(PageStoreTest, ErasingAnActorErasesItsDatabase) {
  const ActorId id = awake();
  const ActorId other = awake();
  ASSERT_EQ(commit(id, range_of(1, 300), 1, 300), "ok 1");
  ASSERT_EQ(commit(other, {1}, 1, 1), "ok 1");
  ASSERT_EQ(begin(id), "ok 2");
  ASSERT_EQ(segment(id, 2, 0, {1, 2}, 2), "ok");
  WriteBatch batch;
  actors_->erase_all(id, batch);
  ASSERT_TRUE(world_.run(store_->commit(std::move(batch), Ack::durable)));
  EXPECT_EQ(rows(keys::actor_data(id)), 0u);
  EXPECT_EQ(read(id, {1}), "depot.database_not_found");
  EXPECT_EQ(read(other, {1}), "1/1: 1");
}

TEST_F(PageStoreTest, ADamagedPageIsCorruptAndOthersAreNot) {
  const ActorId id = awake();
  ASSERT_EQ(commit(id, {1, 2}, 1, 2), "ok 1");
  WriteBatch damage;
  damage.put(keys::page(id, 2), b("?"));
  ASSERT_TRUE(world_.run(store_->commit(std::move(damage), Ack::written)));
  EXPECT_EQ(read(id, {1}), "1/2: 1");
  EXPECT_EQ(read(id, {1, 2}), "storage.corrupt");
}

}  // namespace
}  // namespace troupe
