#include "engine/pools/pool_errors.h"

#include <gtest/gtest.h>

#include "engine/base/virtual_ports.h"
#include "engine/pools/pool_codec.h"
#include "engine/pools/pool_error_key.h"
#include "engine/pools/pool_error_records.h"
#include "tests/unit/directory/watched_store.h"

namespace troupe {
namespace {

const PoolError kRefused{PoolError::Kind::http_error, 500, "no", {}};
const PoolError kEndedEarly{PoolError::Kind::stream_ended_early, 0, "", {}};

TEST(PoolErrors, AnErrorStaysUntilEnoughHostsConnectedInARow) {
  PoolErrors errors(3);
  const NamespaceId ns, elsewhere(std::array<std::uint8_t, Id::kSize>{1});
  EXPECT_EQ(errors.active(ns, "p"), std::nullopt);
  errors.report_success(ns, "p");
  errors.report_error(ns, "p", kRefused);
  EXPECT_EQ(errors.active(ns, "p"), kRefused);
  EXPECT_EQ(errors.active(ns, "q"), std::nullopt);
  EXPECT_EQ(errors.active(elsewhere, "p"), std::nullopt);
  errors.report_success(ns, "p");
  errors.report_success(ns, "p");
  EXPECT_EQ(errors.active(ns, "p"), kRefused);
  errors.report_error(ns, "p", kEndedEarly);
  for (int i = 0; i < 2; ++i) errors.report_success(ns, "p");
  EXPECT_EQ(errors.active(ns, "p")->kind, PoolError::Kind::stream_ended_early) << "counted anew after an error";
  errors.report_success(ns, "p");
  EXPECT_EQ(errors.active(ns, "p"), std::nullopt);
  errors.report_error(ns, "p", kRefused);
  errors.forget(ns, "p");
  EXPECT_EQ(errors.active(ns, "p"), std::nullopt);
}

/// The errors of pools over several runs of an engine.
class PoolErrorRecordsTest : public testing::Test {
 protected:
  PoolErrorRecordsTest() {
    for (const char* name : {"p", "q"}) EXPECT_TRUE(world.run(pools->put(ns, name, PoolConfig{})));
    start();
  }

  /// As an engine does when it starts.
  Result<void> start() {
    pools = make_pool_directory(store);
    EXPECT_TRUE(world.run(pools->open()));
    errors = std::make_unique<PoolErrors>(3);
    records = make_pool_error_records(world.ports().io, store, *errors);
    return world.run(records->open(*pools));
  }
  void restart() {
    world.run(records->written());
    ASSERT_TRUE(start());
  }

  VirtualWorld world;
  WatchedStore store;
  std::unique_ptr<PoolDirectory> pools = make_pool_directory(store);
  NamespaceId ns = Id::make(world.ports().random, 1);
  std::unique_ptr<PoolErrors> errors;
  std::shared_ptr<PoolErrorRecords> records;
};

TEST_F(PoolErrorRecordsTest, AnErrorIsThereAfterARestartWithEveryField) {
  const PoolError payload{PoolError::Kind::invalid_sse_payload, 0, "no event", "what came"};
  errors->report_error(ns, "p", kRefused);
  errors->report_error(ns, "q", payload);
  restart();
  EXPECT_EQ(errors->active(ns, "p"), kRefused);
  EXPECT_EQ(errors->active(ns, "q"), payload);
}

TEST_F(PoolErrorRecordsTest, HostsThatConnectedBeforeTheRestartCount) {
  errors->report_error(ns, "p", kRefused);
  for (int i = 0; i < 2; ++i) errors->report_success(ns, "p");
  restart();
  EXPECT_EQ(errors->active(ns, "p"), kRefused);
  errors->report_success(ns, "p");
  EXPECT_EQ(errors->active(ns, "p"), std::nullopt);
  restart();
  EXPECT_EQ(errors->active(ns, "p"), std::nullopt);
}

TEST_F(PoolErrorRecordsTest, TheErrorOfAPoolThatIsGoneDoesNotComeBack) {
  errors->report_error(ns, "p", kRefused);
  errors->report_error(ns, "q", kRefused);
  errors->forget(ns, "p");
  restart();
  EXPECT_EQ(errors->active(ns, "p"), std::nullopt);
  // The engine ends between the end of the pool and that of its error.
  ASSERT_TRUE(world.run(pools->erase(ns, "q")));
  restart();
  EXPECT_EQ(errors->active(ns, "q"), std::nullopt);
  EXPECT_EQ(world.run(store.get(keys::pool_error(ns, "q"))).value(), std::nullopt);
}

TEST_F(PoolErrorRecordsTest, APoolThatGoesOnFailingInTheSameWayIsWrittenOnce) {
  for (int i = 0; i < 50; ++i) {
    errors->report_error(ns, "p", kRefused);
    world.run(records->written());
  }
  EXPECT_EQ(store.written_commits, 1);
}

TEST_F(PoolErrorRecordsTest, WhatChangesDuringACommitIsWrittenInTheNext) {
  store.tells_next_later = true;
  errors->report_error(ns, "p", kRefused);
  world.settle();
  errors->report_error(ns, "p", kEndedEarly);
  errors->report_error(ns, "q", kRefused);
  errors->forget(ns, "q");
  world.settle();
  EXPECT_EQ(store.written_commits, 1);
  store.told.notify_all();
  restart();
  EXPECT_EQ(store.written_commits, 2);
  EXPECT_EQ(errors->active(ns, "p"), kEndedEarly);
  EXPECT_EQ(errors->active(ns, "q"), std::nullopt);
}

TEST_F(PoolErrorRecordsTest, AStoreThatCannotBeWrittenToLeavesTheErrorInMemory) {
  store.broken = true;
  errors->report_error(ns, "p", kRefused);
  world.run(records->written());
  EXPECT_EQ(errors->active(ns, "p"), kRefused);
  store.broken = false;
  errors->report_error(ns, "p", kEndedEarly);
  restart();
  EXPECT_EQ(errors->active(ns, "p"), kEndedEarly);
}

TEST_F(PoolErrorRecordsTest, ADamagedRecordKeepsTheEngineFromStarting) {
  const Bytes whole = encode_failing_pool({kRefused, 1});
  Bytes unknown_kind = whole;
  unknown_kind[1] = 6;
  for (const Bytes& damaged : {Bytes{}, Bytes(whole.begin(), whole.end() - 1), unknown_kind}) {
    WriteBatch batch;
    batch.put(keys::pool_error(ns, "p"), damaged);
    ASSERT_TRUE(world.run(store.commit(std::move(batch), Ack::written)));
    const auto started = start();
    ASSERT_FALSE(started);
    EXPECT_TRUE(started.error().is("storage", "corrupt"));
  }
}

}  // namespace
}  // namespace troupe
