#include "engine/serverless/serverless_driver.h"

#include <gtest/gtest.h>

#include "engine/base/virtual_ports.h"
#include "tests/unit/directory/actor_store_fake.h"
#include "tests/unit/directory/watched_store.h"
#include "tests/unit/serverless/fake_http_client.h"

namespace troupe {
namespace {

using namespace std::chrono_literals;

class NotedEvents final : public ServerlessEvents {
 public:
  void lost() override { said.emplace_back("lost"); }
  void going_away() override { said.emplace_back("going_away"); }
  std::vector<std::string> said;
};

class ServerlessDriverTest : public ::testing::Test {
 protected:
  ServerlessDriverTest() {
    directory = make_directory(world.ports(), store, actors, 1);
    EXPECT_TRUE(world.run(directory->open()));
    Pool made{directory->find_namespace("default")->id, "pool", {}, 8};
    made.config.serverless.emplace();
    auto& endpoint = *made.config.serverless;
    endpoint.url = "http://app.test:3000/api/rivet/";
    endpoint.headers = {{"X-Secret", "s"}};
    endpoint.request_lifespan_s = 20;
    endpoint.drain_grace_period_s = 5;
    pool = std::make_shared<const Pool>(std::move(made));
    driver = make_driver("token");
  }
  ~ServerlessDriverTest() override {
    driver->close_all();
    world.settle();
  }

  std::shared_ptr<ServerlessDriver> make_driver(std::string token) {
    return make_serverless_driver(world.ports(), {"http://127.0.0.1:6420/", std::move(token)}, http, *directory,
                                  errors);
  }
  void start() {
    driver->start({pool, ActorId(), 3, to_bytes(std::string_view("frame"))}, events);
    world.settle();
  }
  testing::ScriptedExchange& open() {
    start();
    http.last().answer_events();
    world.settle();
    return http.last();
  }
  std::optional<PoolError> error() const { return errors.active(pool->namespace_id, "pool"); }
  using Said = std::vector<std::string>;

  VirtualWorld world;
  WatchedStore store;
  ActorStoreFake actors{store};
  std::unique_ptr<Directory> directory;
  testing::FakeHttpClient http;
  PoolErrors errors{3};
  PoolPtr pool;
  std::shared_ptr<NotedEvents> events = std::make_shared<NotedEvents>();
  std::shared_ptr<ServerlessDriver> driver;
};

TEST_F(ServerlessDriverTest, AStartIsAPostWithTheFrameAndWhereToConnect) {
  start();
  const auto& request = http.last().request;
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url.authority() + request.url.target, "app.test:3000/api/rivet/start");
  EXPECT_EQ(to_string(BytesView(request.body)), "frame");
  const std::pair<const char*, const char*> expected[] = {{"accept", "text/event-stream"},
                                                          {"user-agent", "RivetEngine/2.3.19"},
                                                          {"x-rivet-endpoint", "http://127.0.0.1:6420/"},
                                                          {"x-rivet-pool-name", "pool"},
                                                          {"x-rivet-namespace-name", "default"},
                                                          {"x-rivet-token", "token"},
                                                          {"x-secret", "s"}};
  for (const auto& [name, value] : expected) {
    ASSERT_NE(request.headers.find(name), nullptr) << name;
    EXPECT_EQ(*request.headers.find(name), value);
  }
  EXPECT_EQ(request.time_limit, 0ms);
  EXPECT_EQ(driver->open_requests(), 1u);
}

TEST_F(ServerlessDriverTest, WithoutAuthThereIsNoToken) {
  driver = make_driver("");
  start();
  EXPECT_EQ(http.last().request.headers.find("x-rivet-token"), nullptr);
}

TEST_F(ServerlessDriverTest, PingsAndUnknownEventsKeepItOpenAndStoppingEndsIt) {
  auto& exchange = open();
  exchange.send("event: ping\ndata:\n\nevent: odd\ndata: 1\n\n");
  world.settle();
  EXPECT_EQ(driver->open_requests(), 1u);
  exchange.send("event: stopping\ndata:\n\n");
  world.settle();
  EXPECT_EQ(driver->open_requests(), 0u);
  EXPECT_TRUE(exchange.cancelled);
  EXPECT_EQ(events->said, Said());
  EXPECT_EQ(error(), std::nullopt);
}

TEST_F(ServerlessDriverTest, AStreamThatEndsEarlyIsAnErrorOfThePoolButNotTheEndOfTheActor) {
  open().finish();
  world.settle();
  EXPECT_EQ(error()->kind, PoolError::Kind::stream_ended_early);
  EXPECT_EQ(events->said, Said());
  EXPECT_EQ(driver->open_requests(), 0u);
}

TEST_F(ServerlessDriverTest, ARefusalLosesTheGeneration) {
  start();
  http.last().answer(503, {});
  http.last().send(std::string(600, 'x'));
  world.settle();
  EXPECT_EQ(error(), (PoolError{PoolError::Kind::http_error, 503, std::string(512, 'x'), {}}));
  EXPECT_EQ(events->said, Said{"lost"});
  EXPECT_EQ(driver->open_requests(), 0u);
}

TEST_F(ServerlessDriverTest, TheBodyOfARefusalIsNotWaitedForForLong) {
  start();
  http.last().answer(500, {});
  http.last().send("half");
  world.settle();
  EXPECT_EQ(events->said, Said());
  world.advance(5s);
  EXPECT_EQ(error(), (PoolError{PoolError::Kind::http_error, 500, "half", {}}));
  EXPECT_EQ(events->said, Said{"lost"});
}

TEST_F(ServerlessDriverTest, AnAnswerThatIsNoStreamLosesTheGeneration) {
  start();
  http.last().answer(200, {{"content-type", "text/html; charset=utf-8"}});
  world.settle();
  EXPECT_EQ(error(), (PoolError{PoolError::Kind::connection_error,
                                0,
                                "expected Content-Type header to be text/event-stream, received "
                                "\"text/html; charset=utf-8\"",
                                {}}));
  EXPECT_EQ(events->said, Said{"lost"});
}

TEST_F(ServerlessDriverTest, AConnectionThatFailsOrBreaksLosesTheGeneration) {
  start();
  http.last().refuse("failed", "refused");
  world.settle();
  EXPECT_EQ(error()->text, "refused");
  EXPECT_EQ(events->said, Said{"lost"});
  open().break_off("reset");
  world.settle();
  EXPECT_EQ(error()->text, "reset");
  EXPECT_EQ(events->said, (Said{"lost", "lost"}));
}

TEST_F(ServerlessDriverTest, BeforeTheLifespanEndsTheActorMovesOnAndTheRequestIsClosedAfterTheGracePeriod) {
  auto& exchange = open();
  world.advance(14'999ms);
  EXPECT_EQ(events->said, Said());
  world.advance(1ms);
  EXPECT_EQ(events->said, Said{"going_away"});
  world.advance(4'999ms);
  EXPECT_FALSE(exchange.cancelled);
  world.advance(1ms);
  EXPECT_TRUE(exchange.cancelled);
  EXPECT_EQ(driver->open_requests(), 0u);
  EXPECT_EQ(error(), std::nullopt);
}

TEST_F(ServerlessDriverTest, ARequestThatIsNeverAnsweredDrainsAsWell) {
  start();
  world.advance(20s);
  EXPECT_EQ(events->said, Said{"going_away"});
  EXPECT_EQ(driver->open_requests(), 0u);
}

TEST_F(ServerlessDriverTest, NothingThatHappensWhileItDrainsIsAnError) {
  auto& exchange = open();
  world.advance(15s);
  exchange.break_off("reset");
  world.settle();
  EXPECT_EQ(events->said, Said{"going_away"});
  EXPECT_EQ(error(), std::nullopt);
  EXPECT_EQ(driver->open_requests(), 0u);
}

TEST_F(ServerlessDriverTest, WhenTheEngineStopsEveryActorMovesOnAndNothingStartsAnyMore) {
  open();
  driver->drain_all();
  world.settle();
  EXPECT_EQ(events->said, Said{"going_away"});
  EXPECT_EQ(driver->open_requests(), 1u);
  start();
  EXPECT_EQ(events->said, (Said{"going_away", "lost"}));
  EXPECT_EQ(http.exchanges.size(), 1u);
  driver->close_all();
  world.settle();
  EXPECT_EQ(driver->open_requests(), 0u);
  EXPECT_TRUE(http.last().cancelled);
}

}  // namespace
}  // namespace troupe
