#include "engine/serverless/endpoint_watch.h"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>

#include "engine/base/virtual_ports.h"
#include "tests/unit/directory/watched_store.h"
#include "tests/unit/serverless/fake_http_client.h"

namespace troupe {
namespace {

using namespace std::chrono_literals;

class EndpointWatchTest : public ::testing::Test {
 protected:
  EndpointWatchTest() {
    const auto evict = [this](const NamespaceId&, const std::string& pool, std::uint32_t version) {
      evicted.push_back(pool + " below " + std::to_string(version));
    };
    watch = make_endpoint_watch({world.ports(), {}, http, *pools, *names, errors, evict});
    pools->on_change([this](const PoolChange& change) { watch->changed(change); });
  }
  ~EndpointWatchTest() override {
    watch->stop();
    world.settle();
  }

  PoolPtr put(std::string url, std::optional<std::uint64_t> interval_ms = std::nullopt, bool drains = true) {
    PoolConfig config;
    config.drain_on_version_upgrade = drains;
    config.serverless.emplace();
    config.serverless->url = std::move(url);
    config.serverless->metadata_poll_interval_ms = interval_ms;
    EXPECT_TRUE(world.run(pools->put(ns, "pool", config)));
    world.settle();
    return pools->find(ns, "pool");
  }
  void answer(std::string_view body) {
    http.last().answer(200, {});
    http.last().send(body);
    http.last().finish();
    world.settle();
  }
  /// Requests made within that time.
  std::size_t requests_in(Millis time) {
    const auto before = http.exchanges.size();
    world.advance(time);
    return http.exchanges.size() - before;
  }

  VirtualWorld world;
  WatchedStore store;
  testing::FakeHttpClient http;
  std::unique_ptr<PoolDirectory> pools = make_pool_directory(store);
  std::unique_ptr<ActorNames> names = make_actor_names(store);
  PoolErrors errors{3};
  std::shared_ptr<EndpointWatch> watch;
  std::vector<std::string> evicted;
  const NamespaceId ns = Id::make(world.ports().random, 1);
  static constexpr std::string_view kGood = R"({"runtime":"rivetkit","version":"2.3.19","envoyProtocolVersion":8,)"
                                            R"("envoy":{"version":4},"actorNames":{"a":{"metadata":{}}}})";
};

TEST_F(EndpointWatchTest, EveryEndpointIsLookedAtWhenTheEngineStartsAndThenAgainAndAgain) {
  put("http://app.test/api");
  watch->stop();
  watch = make_endpoint_watch({world.ports(), {}, http, *pools, *names, errors, {}});
  watch->start();
  world.advance(0ms);
  ASSERT_EQ(http.exchanges.size(), 1u);
  EXPECT_EQ(http.last().request.url.target, "/api/metadata");
  answer(kGood);
  EXPECT_EQ(requests_in(9'999ms), 0u);
  EXPECT_EQ(requests_in(1ms), 1u);
}

TEST_F(EndpointWatchTest, ANewEndpointHasJustBeenLookedAt) {
  put("http://app.test/api");
  EXPECT_EQ(requests_in(9'999ms), 0u);
  EXPECT_EQ(requests_in(1ms), 1u);
}

TEST_F(EndpointWatchTest, WhatTheEndpointSaysIsKept) {
  const auto pool = put("http://app.test/api");
  world.advance(10s);
  answer(kGood);
  EXPECT_EQ(pools->find(ns, "pool")->protocol_version, 8);
  EXPECT_EQ(names->list(ns), (std::map<std::string, std::string>{{"a", "{}"}}));
  EXPECT_EQ(evicted, std::vector<std::string>{"pool below 4"});
  EXPECT_EQ(errors.active(ns, "pool"), std::nullopt);
}

TEST_F(EndpointWatchTest, APoolThatDoesNotDrainKeepsItsOldHosts) {
  put("http://app.test/api", std::nullopt, false);
  world.advance(10s);
  answer(kGood);
  EXPECT_TRUE(evicted.empty());
}

TEST_F(EndpointWatchTest, AnEndpointThatForgetsItsProtocolIsADowngrade) {
  put("http://app.test/api");
  world.advance(10s);
  answer(kGood);
  world.advance(10s);
  answer(R"({"runtime":"rivetkit","version":"2.2.0"})");
  EXPECT_EQ(errors.active(ns, "pool")->kind, PoolError::Kind::downgrade);
}

TEST_F(EndpointWatchTest, AfterFailuresItWaitsLonger) {
  put("http://app.test/api");
  world.advance(10s);
  for (const Millis wait : {10'000ms, 20'000ms, 40'000ms}) {
    http.last().refuse("failed", "no");
    world.settle();
    EXPECT_EQ(requests_in(wait - 1ms), 0u);
    EXPECT_EQ(requests_in(1ms), 1u);
  }
  answer(kGood);
  EXPECT_EQ(requests_in(9'999ms), 0u);
  EXPECT_EQ(requests_in(1ms), 1u);
}

TEST_F(EndpointWatchTest, ThePoolSaysHowOftenAboveAFloor) {
  put("http://app.test/api", 60'000);
  EXPECT_EQ(requests_in(59'999ms), 0u);
  EXPECT_EQ(requests_in(1ms), 1u);
  answer(kGood);
  put("http://app.test/api", 1);
  EXPECT_EQ(requests_in(4'999ms), 0u);
  EXPECT_EQ(requests_in(1ms), 1u);
}

TEST_F(EndpointWatchTest, APoolThatIsGoneOrNormalIsNotLookedAt) {
  put("http://app.test/api");
  errors.report_error(ns, "pool", {});
  ASSERT_TRUE(world.run(pools->erase(ns, "pool")));
  EXPECT_EQ(requests_in(60s), 0u);
  EXPECT_EQ(errors.active(ns, "pool"), std::nullopt);
  put("http://app.test/api");
  ASSERT_TRUE(world.run(pools->put(ns, "pool", PoolConfig{})));
  EXPECT_EQ(requests_in(60s), 0u);
}

TEST_F(EndpointWatchTest, AFetchChangesNothingAndSaysWhatIsWrong) {
  std::optional<MetadataResult> result;
  const auto fetch = [&](std::string url) {
    result.reset();
    boost::asio::co_spawn(world.context(), watch->fetch(std::move(url), {}),
                          [&](std::exception_ptr, MetadataResult got) { result = std::move(got); });
    world.settle();
  };
  const auto kind = [&] { return std::get<MetadataProblem>(*result).kind; };
  fetch("nonsense");
  EXPECT_EQ(kind(), MetadataProblem::Kind::invalid_request);
  fetch("http://app.test");
  http.last().refuse("failed", "no");
  world.settle();
  EXPECT_EQ(kind(), MetadataProblem::Kind::request_failed);
  fetch("http://app.test");
  http.last().refuse("timed_out", "no");
  world.settle();
  EXPECT_EQ(kind(), MetadataProblem::Kind::request_timed_out);
  fetch("http://app.test");
  http.last().answer(200, {});
  http.last().send(std::string(kMetadataBytesMax, ' '));
  http.last().send("x");
  world.settle();
  EXPECT_EQ(kind(), MetadataProblem::Kind::request_failed) << "too large";
  fetch("http://app.test");
  answer(kGood);
  EXPECT_EQ(std::get<EndpointMetadata>(*result).version, "2.3.19");
  EXPECT_TRUE(names->list(ns).empty());
}

TEST_F(EndpointWatchTest, AStopGivesUpWhatIsUnderWayAndRefusesMore) {
  put("http://app.test/api");
  world.advance(10s);
  watch->stop();
  world.settle();
  EXPECT_TRUE(http.last().cancelled);
  EXPECT_EQ(requests_in(600s), 0u);
  const auto refused = world.run(watch->fetch("http://app.test", {}));
  EXPECT_EQ(std::get<MetadataProblem>(refused).kind, MetadataProblem::Kind::request_failed);
}

}  // namespace
}  // namespace troupe
