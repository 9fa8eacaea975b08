#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <map>
#include <mutex>
#include <set>

#include "engine/base/errors.h"
#include "engine/engine_hosts.h"
#include "tests/unit/engine/threaded_world.h"

namespace troupe {
namespace {

constexpr int kThreads = 4;
constexpr int kActors = 20;
constexpr int kRounds = 150;

/// Which generation of each actor lives, and whether two ever did at the same time.
struct Living {
  std::mutex mutex;
  std::set<ActorId> actors;
  std::map<ActorId, std::uint32_t> newest;
  std::atomic<int> overlaps{0}, repeats{0};

  void begin(const ActorRecord& record) {
    std::lock_guard lock(mutex);
    if (!actors.insert(record.id).second) ++overlaps;
    auto& newest_of = newest[record.id];
    if (record.generation <= newest_of) ++repeats;
    newest_of = record.generation;
  }
  void end(const ActorId& id) {
    std::lock_guard lock(mutex);
    actors.erase(id);
  }
};

/// Runs and stops a moment later, on whatever thread is free.
class LooseActor final : public HostedActor, public std::enable_shared_from_this<LooseActor> {
 public:
  LooseActor(Executor io, std::shared_ptr<Living> living, const ActorRecord& record, std::shared_ptr<HostEvents> events)
      : io_(std::move(io)), living_(std::move(living)), id_(record.id), events_(std::move(events)) {}

  void run() {
    boost::asio::post(io_, [self = shared_from_this()] { self->events_->running(); });
  }
  void stop(StopReason) override {
    stopping_.store(true);
    boost::asio::post(io_, [self = shared_from_this()] {
      self->living_->end(self->id_);
      self->events_->stopped(std::nullopt);
    });
  }
  Task<Result<HttpResponse>> fetch(HttpRequest) override {
    if (stopping_.load()) co_return make_error("actor", "stopping");
    co_return HttpResponse();
  }
  Task<Result<OpenedSocket>> open_websocket(HttpRequest, std::shared_ptr<RelayedSocket>) override {
    co_return make_error("actor", "stopping");
  }
  Task<Result<Bytes>> call(std::string, Bytes) override { co_return Bytes(); }

 private:
  Executor io_;
  std::shared_ptr<Living> living_;
  ActorId id_;
  std::shared_ptr<HostEvents> events_;
  std::atomic<bool> stopping_{false};
};

class LooseHost final : public Host {
 public:
  LooseHost(Executor io, std::shared_ptr<Living> living) : io_(std::move(io)), living_(std::move(living)) {}
  bool serves(const NamespaceId&, const std::string&, const std::string&) const override { return true; }
  std::shared_ptr<HostedActor> start(const ActorRecord& record, std::shared_ptr<HostEvents> events,
                                     std::vector<HibernatingSocket>) override {
    living_->begin(record);
    auto actor = std::make_shared<LooseActor>(io_, living_, record, std::move(events));
    actor->run();
    return actor;
  }

 private:
  Executor io_;
  std::shared_ptr<Living> living_;
};

/// One of many clients: gets its actor, uses it, and now and then puts it to sleep, moves it or destroys it.
Task<int> use_actors(Engine& engine, NamespaceId ns, int seed) {
  int answered = 0;
  for (int round = 0; round < kRounds; ++round) {
    const int dice = (round * 7 + seed * 13) % 29;
    GetOrCreate wanted;
    wanted.namespace_id = ns;
    wanted.name = "loose";
    wanted.key = "k" + std::to_string((round + seed) % kActors);
    wanted.pool = "default";
    auto got = co_await engine.get_or_create(std::move(wanted));
    if (!got) continue;
    const ActorId id = got->actor.id;
    auto request = std::make_shared<HttpRequest>();
    request->target = "/";
    const FetchOptions options;
    auto response = co_await engine.fetch(id, std::move(request), options);
    const bool gone = !response && (response.error().is("actor", "not_found") ||
                                    response.error().is("actor", "destroyed_while_waiting_for_ready"));
    if (response || gone) ++answered;
    if (dice < 8) (void)co_await engine.sleep(id);
    if (dice == 8) (void)co_await engine.reschedule(id);
    if (dice == 9) (void)co_await engine.destroy(id);
  }
  co_return answered;
}

TEST(EngineThreads, ManyClientsOnManyThreadsNeverMeetTwoGenerationsOfAnActor) {
  ThreadedWorld world(kThreads);
  const Executor io = world.io;
  auto living = std::make_shared<Living>();
  auto make_hosts = [&](const HostParts&) {
    return std::vector<std::shared_ptr<Host>>{std::make_shared<LooseHost>(io, living)};
  };
  auto engine = make_engine_over(world.ports, {}, *world.store, world.actors, std::make_shared<Registry>(), make_hosts);
  ASSERT_TRUE(boost::asio::co_spawn(io, engine->start(), boost::asio::use_future).get());
  const NamespaceId ns = engine->directory().find_namespace("default")->id;

  std::vector<std::future<int>> clients;
  for (int seed = 0; seed < 32; ++seed)
    clients.push_back(boost::asio::co_spawn(io, use_actors(*engine, ns, seed), boost::asio::use_future));
  for (auto& client : clients) EXPECT_EQ(client.get(), kRounds);

  boost::asio::co_spawn(io, engine->stop(), boost::asio::use_future).get();
  EXPECT_EQ(engine->resident_actors(), 0u);
  EXPECT_EQ(living->overlaps.load(), 0);
  EXPECT_EQ(living->repeats.load(), 0);
  EXPECT_TRUE(living->actors.empty());
  world.pool.join();
}

}  // namespace
}  // namespace troupe
