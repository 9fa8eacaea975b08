#include <gtest/gtest.h>

#include "engine/base/errors.h"
#include "engine/hosts/local/local_actor.h"
#include "fakes.h"

namespace troupe {
namespace {

class RecordedEvents final : public HostEvents {
 public:
  void running() override { log.push_back("running"); }
  void sleep_intent() override { log.push_back("sleep_intent"); }
  void destroy_intent() override { log.push_back("destroy_intent"); }
  void stopped(std::optional<std::string> failure) override { log.push_back("stopped " + failure.value_or("-")); }
  void alarm(std::optional<std::int64_t>) override { log.push_back("alarm"); }
  Task<Result<void>> set_alarm(std::optional<std::int64_t>, Ack) override {
    log.push_back("alarm");
    co_return Result<void>();
  }

  std::vector<std::string> log;
};

/// The host only passes it on.
class UnusedStore final : public ActorStore {
 public:
  Task<Result<std::optional<Bytes>>> load_state(ActorId) override { co_return std::optional<Bytes>(); }
  Task<Result<void>> save(ActorId, std::uint32_t, ActorSave, Ack) override { co_return Result<void>(); }
  Task<Result<std::vector<ActorSave::ConnectionRow>>> load_connections(ActorId) override {
    co_return std::vector<ActorSave::ConnectionRow>();
  }
  Task<Result<std::optional<Bytes>>> load_row(Bytes) override { co_return std::optional<Bytes>(); }
  Task<Result<std::vector<StoreEntry>>> load_rows(keys::Range, ScanOptions) override {
    co_return std::vector<StoreEntry>();
  }
  std::unique_ptr<KeyValue> key_value(ActorId, std::uint32_t) override { return nullptr; }
  std::unique_ptr<Database> database(ActorId, std::uint32_t, Executor) override { return nullptr; }
  Task<void> close_database(ActorId, std::uint32_t) override { co_return; }
  void set_generation(ActorId, std::uint32_t) override {}
  void forget_generation(ActorId, std::uint32_t) override {}
  void erase_all(ActorId, WriteBatch&) override {}
  Task<void> remove_files(ActorId) override { co_return; }
};

class LocalHostTest : public testing::Test {
 protected:
  VirtualWorld world;
  UnusedStore store;
  std::shared_ptr<RecordedEvents> events = std::make_shared<RecordedEvents>();
  std::shared_ptr<FakeActor> actor = std::make_shared<FakeActor>(world.ports().io);
  std::optional<ActorInstance::Config> config;
  std::vector<std::string> calls;
  std::shared_ptr<Host> host = make_host();

  std::shared_ptr<Host> make_host() {
    auto registry = std::make_shared<Registry>();
    ActorDefinition definition;
    definition.name = "counter";
    registry->add(std::move(definition));
    ActorCaller caller = [this](NamespaceId, ActorAddress to, std::string action, Bytes args,
                                CallOrigin) -> Task<Result<Bytes>> {
      calls.push_back(to.name + "." + action);
      co_return args;
    };
    return make_local_host(std::make_shared<const LocalWorld>(
        LocalWorld{world.ports(), store, std::move(registry), std::move(caller), [this](ActorInstance::Config c) {
                     config.emplace(std::move(c));
                     return actor;
                   }}));
  }

  ActorRecord record(std::string name = "counter") {
    ActorRecord r;
    r.id = Id::make(world.ports().random, 1);
    r.name = std::move(name);
    r.key = "c1";
    r.generation = 9;
    r.input = Bytes{0x01};
    return r;
  }
  std::shared_ptr<HostedActor> start(const ActorRecord& r) {
    auto hosted = host->start(r, events, {});
    EXPECT_TRUE(events->log.empty()) << "the caller does not have the actor yet";
    world.settle();
    return hosted;
  }
  using Log = std::vector<std::string>;
};

TEST_F(LocalHostTest, ServesRegisteredNamesWhateverThePool) {
  EXPECT_TRUE(host->serves({}, "default", "counter"));
  EXPECT_TRUE(host->serves({}, "other", "counter"));
  EXPECT_FALSE(host->serves({}, "default", "chat"));
}

TEST_F(LocalHostTest, StartsAnInstanceOfTheRecordAndReportsThatItRuns) {
  const ActorRecord r = record();
  const auto hosted = start(r);
  EXPECT_EQ(events->log, Log{"running"});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->info.actor_id, r.id.text());
  EXPECT_EQ(config->info.generation, 9U);
  EXPECT_EQ(config->info.key, std::vector<std::string>{"c1"});
  EXPECT_EQ(config->id, r.id);
  EXPECT_EQ(config->input, r.input);
  EXPECT_EQ(config->definition->name, "counter");
}

TEST_F(LocalHostTest, AFailedStartIsReportedInTheWordsOfTheManagementApi) {
  actor->info_.actor_id = "ID";
  actor->info_.generation = 9;
  actor->info_.key = {"c1"};
  actor->on_start = []() -> Task<Result<void>> { co_return internal_error("crash on create"); };
  start(record());
  EXPECT_EQ(events->log, Log{"stopped start actor `ID`: actor task start: actor ID generation 9 key c1: "
                             "runtime startup preamble: internal_error: crash on create"});
}

TEST_F(LocalHostTest, AThrowingStartIsAFailedStart) {
  actor->on_start = []() -> Task<Result<void>> {
    throw std::runtime_error("boom");
    co_return Result<void>();
  };
  start(record());
  ASSERT_EQ(events->log.size(), 1U);
  EXPECT_TRUE(events->log[0].ends_with("runtime startup preamble: internal_error: boom"));
}

TEST_F(LocalHostTest, LongFailureTextsAreCut) {
  const std::string text = start_failure_text({}, user_error("x", std::string(5'000, 'm')));
  EXPECT_EQ(text.size(), 2'048 + std::string_view("... (truncated)").size());
  EXPECT_TRUE(text.ends_with("... (truncated)"));
}

TEST_F(LocalHostTest, AnUnregisteredNameFailsToStartAndAnswersThatItIsStopping) {
  const auto hosted = start(record("chat"));
  EXPECT_EQ(events->log, Log{"stopped not_registered: Actor factory 'chat' is not registered."});
  EXPECT_EQ(world.run(hosted->fetch({})).error().id(), "actor.stopping");
  EXPECT_EQ(world.run(hosted->call("get", {})).error().id(), "actor.stopping");
  hosted->stop(StopReason::going_away);
  world.settle();
  EXPECT_EQ(events->log.size(), 1U);
}

TEST_F(LocalHostTest, AStopIsReportedOnceItIsDoneAndOnlyOnce) {
  Gate gate;
  std::vector<StopReason> reasons;
  actor->on_stop = [&](StopReason reason) -> Task<void> {
    reasons.push_back(reason);
    if (reasons.size() == 1) co_await gate.wait();
  };
  const auto hosted = start(record());
  hosted->stop(StopReason::sleep_intent);
  world.settle();
  EXPECT_EQ(events->log, Log{"running"});
  gate.open();
  world.settle();
  EXPECT_EQ(events->log, (Log{"running", "stopped -"}));
  hosted->stop(StopReason::destroy);
  world.settle();
  EXPECT_EQ(events->log.size(), 2U);
  EXPECT_EQ(reasons, (std::vector<StopReason>{StopReason::sleep_intent, StopReason::destroy}));
}

TEST_F(LocalHostTest, IntentsReachThePlacementUntilTheEndOfTheGeneration) {
  const auto hosted = start(record());
  config->host->sleep_intent();
  config->host->destroy_intent();
  EXPECT_EQ(events->log, (Log{"running", "sleep_intent", "destroy_intent"}));
  hosted->stop(StopReason::destroy_intent);
  world.settle();
  config->host->sleep_intent();
  EXPECT_EQ(events->log.size(), 4U);
  EXPECT_EQ(events.use_count(), 1) << "a stopped generation keeps nothing of the placement alive";
}

TEST_F(LocalHostTest, CallsGoBothWays) {
  const auto hosted = start(record());
  actor->on_action = [](std::shared_ptr<Connection> conn, std::string name, Bytes) -> Task<Result<Bytes>> {
    EXPECT_EQ(conn, nullptr);
    co_return cbor("\"" + name + "\"");
  };
  EXPECT_EQ(world.run(hosted->call("get", cbor("[]"))).value(), cbor(R"("get")"));
  const ActorAddress other{"chat", {"k"}};
  EXPECT_EQ(world.run(config->host->call(other, "say", cbor("[1]"), {})).value(), cbor("[1]"));
  EXPECT_EQ(calls, Log{"chat.say"});
}

TEST_F(LocalHostTest, RequestsAndSocketsGoThroughTheClientProtocol) {
  const auto hosted = start(record());
  HttpRequest request;
  request.method = "GET";
  request.target = "/health";
  EXPECT_EQ(world.run(hosted->fetch(std::move(request)))->status, 200);
  auto client = std::make_shared<FakeClientSocket>();
  HttpRequest upgrade;
  upgrade.target = "/connect";
  const auto socket = world.run(hosted->open_websocket(std::move(upgrade), client)).value().actor;
  EXPECT_EQ(client->sent.size(), 1U);
  socket->on_close(1000, "");
  world.settle();
}

TEST_F(LocalHostTest, AResidentActorCostsTheHostLittle) { EXPECT_LE(sizeof(LocalActor) + sizeof(LocalLink), 256U); }

}  // namespace
}  // namespace troupe
