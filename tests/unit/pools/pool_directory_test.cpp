#include "engine/pools/pool_directory.h"

#include <gtest/gtest.h>

#include "engine/base/virtual_ports.h"
#include "engine/storage/keys.h"
#include "tests/unit/directory/watched_store.h"

namespace troupe {
namespace {

class PoolDirectoryTest : public testing::Test {
 protected:
  PoolDirectoryTest() { reopen(); }

  void reopen(std::size_t max = kPoolsPerNamespaceMaxDefault) {
    pools = make_pool_directory(store, max);
    pools->on_change([this](const PoolChange& change) { changes.push_back(change); });
    ASSERT_TRUE(world.run(pools->open()));
  }
  static PoolConfig serverless(std::string url) {
    PoolConfig config;
    config.serverless.emplace();
    config.serverless->url = std::move(url);
    config.serverless->headers = {{"x-secret", "s"}};
    config.serverless->request_lifespan_s = 3'600;
    config.serverless->metadata_poll_interval_ms = 7'000;
    config.metadata = R"({"by":"test"})";
    return config;
  }
  Result<bool> put(const std::string& name, PoolConfig config) {
    return world.run(pools->put(ns, name, std::move(config)));
  }
  std::vector<std::string> names(const NamespaceId& of) const {
    std::vector<std::string> out;
    for (const auto& pool : pools->list(of)) out.push_back(pool->name);
    return out;
  }

  VirtualWorld world;
  WatchedStore store;
  std::unique_ptr<PoolDirectory> pools;
  NamespaceId ns = Id::make(world.ports().random, 1), other = Id::make(world.ports().random, 1);
  std::vector<PoolChange> changes;
};

TEST_F(PoolDirectoryTest, ConfigsSurviveARestartWithEveryField) {
  PoolConfig normal;
  normal.drain_on_version_upgrade = false;
  normal.eviction = {3, 60, 0.25F};
  ASSERT_TRUE(put("default", normal));
  ASSERT_TRUE(put(std::string("a\0b", 3), serverless("http://127.0.0.1:1/api/rivet")));
  ASSERT_TRUE(world.run(pools->put(other, "elsewhere", PoolConfig{})));
  reopen();
  EXPECT_EQ(names(ns), (std::vector<std::string>{std::string("a\0b", 3), "default"}));
  EXPECT_EQ(pools->find(ns, "default")->config, normal);
  EXPECT_EQ(pools->find(ns, std::string("a\0b", 3))->config, serverless("http://127.0.0.1:1/api/rivet"));
  EXPECT_EQ(pools->find(other, "default"), nullptr);
  EXPECT_EQ(pools->all().size(), 3u);
}

TEST_F(PoolDirectoryTest, APutSaysWhetherHostsSeeAnotherEndpoint) {
  EXPECT_TRUE(*put("n", PoolConfig{}));
  EXPECT_TRUE(*put("n", PoolConfig{})) << "a normal pool always says so";
  EXPECT_TRUE(*put("s", serverless("http://a/")));
  EXPECT_FALSE(*put("s", serverless("http://a/")));
  auto more = serverless("http://a/");
  more.serverless->max_concurrent_actors = 5;
  EXPECT_FALSE(*put("s", more));
  EXPECT_EQ(pools->find(ns, "s")->config.serverless->max_concurrent_actors, 5u);
  EXPECT_TRUE(*put("s", serverless("http://b/")));
  more = serverless("http://b/");
  more.serverless->headers.clear();
  EXPECT_TRUE(*put("s", more));
  EXPECT_TRUE(*put("s", PoolConfig{}));
}

TEST_F(PoolDirectoryTest, AnIdenticalPutWritesNothing) {
  ASSERT_TRUE(put("default", PoolConfig{}));
  const int before = store.durable_commits;
  ASSERT_TRUE(put("default", PoolConfig{}));
  EXPECT_EQ(store.durable_commits, before);
  EXPECT_EQ(changes.size(), 1u);
}

TEST_F(PoolDirectoryTest, ErasingIsIdempotentAndIsToldOnce) {
  ASSERT_TRUE(put("default", PoolConfig{}));
  ASSERT_TRUE(world.run(pools->erase(ns, "default")));
  ASSERT_TRUE(world.run(pools->erase(ns, "default")));
  EXPECT_EQ(pools->find(ns, "default"), nullptr);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[1].now, nullptr);
  reopen();
  EXPECT_EQ(pools->find(ns, "default"), nullptr);
}

TEST_F(PoolDirectoryTest, TheProtocolVersionOutlivesTheConfigAndIsWrittenOnce) {
  ASSERT_TRUE(put("default", PoolConfig{}));
  ASSERT_TRUE(world.run(pools->note_protocol_version(ns, "default", 8)));
  EXPECT_EQ(pools->find(ns, "default")->protocol_version, 8);
  const int before = store.written_commits;
  ASSERT_TRUE(world.run(pools->note_protocol_version(ns, "default", 8)));
  EXPECT_EQ(store.written_commits, before);
  ASSERT_TRUE(world.run(pools->erase(ns, "default")));
  reopen();
  EXPECT_EQ(pools->find(ns, "default"), nullptr);
  ASSERT_TRUE(put("default", PoolConfig{}));
  EXPECT_EQ(pools->find(ns, "default")->protocol_version, 8);
}

TEST_F(PoolDirectoryTest, AFailedWriteChangesNothing) {
  ASSERT_TRUE(put("default", PoolConfig{}));
  store.broken = true;
  EXPECT_EQ(put("new", PoolConfig{}).error().id(), "storage.unavailable");
  EXPECT_EQ(world.run(pools->erase(ns, "default")).error().id(), "storage.unavailable");
  EXPECT_EQ(world.run(pools->note_protocol_version(ns, "default", 8)).error().id(), "storage.unavailable");
  EXPECT_EQ(names(ns), std::vector<std::string>{"default"});
  EXPECT_EQ(pools->find(ns, "default")->protocol_version, std::nullopt);
  EXPECT_EQ(changes.size(), 1u);
}

TEST_F(PoolDirectoryTest, ANamespaceHasABoundOfPools) {
  reopen(2);
  ASSERT_TRUE(put("a", PoolConfig{}));
  ASSERT_TRUE(put("b", PoolConfig{}));
  EXPECT_EQ(put("c", PoolConfig{}).error().id(), "runner_config.invalid");
  EXPECT_TRUE(put("a", serverless("http://a/"))) << "known pools can still change";
  EXPECT_TRUE(world.run(pools->put(other, "c", PoolConfig{})));
  // Versions of unknown pools are held to the same bound.
  ASSERT_TRUE(world.run(pools->note_protocol_version(ns, "c", 8)));
  ASSERT_TRUE(world.run(pools->erase(ns, "a")));
  ASSERT_TRUE(put("c", PoolConfig{}));
  EXPECT_EQ(pools->find(ns, "c")->protocol_version, std::nullopt);
}

TEST_F(PoolDirectoryTest, DamagedRowsAreRefused) {
  WriteBatch batch;
  batch.put(keys::pool_config(ns, "default"), to_bytes("no config"));
  ASSERT_TRUE(world.run(store.commit(std::move(batch), Ack::durable)));
  auto damaged = make_pool_directory(store);
  EXPECT_EQ(world.run(damaged->open()).error().id(), "storage.corrupt");
}

}  // namespace
}  // namespace troupe
