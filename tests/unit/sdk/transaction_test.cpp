// State and SQL in one transaction: isolation, conflicts, errors, and a crash or failure at each step.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/sdk/crashing_store.h"
#include "tests/unit/sdk/stage.h"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using Fault = Steps::Fault;

struct Purse {
  std::int64_t total = 0;
  TROUPE_FIELDS(total)
};
using Ctx = Context<Purse>;

/// What the state and the rows say.
struct Sums {
  std::int64_t state = 0, rows = 0;
  TROUPE_FIELDS(state, rows)
};

Task<Result<void>> insert(const SqlTransactionRunner& tx, std::int64_t n) {
  std::string sql = "INSERT INTO entries (n) VALUES (?)";
  auto inserted = co_await tx.execute(std::move(sql), n);
  co_return inserted ? Result<void>() : inserted.error();
}

Task<Result<std::int64_t>> add(Ctx& c, std::int64_t n) {
  const auto body = [n](Purse& draft, const SqlTransactionRunner& tx) -> Task<Result<std::int64_t>> {
    TROUPE_CO_CHECK(co_await insert(tx, n));
    draft.total += n;
    co_return draft.total;
  };
  co_return co_await c.transaction(body);
}

/// Waits in the middle.
Task<Result<std::int64_t>> add_slowly(Ctx& c, std::int64_t n) {
  const auto body = [n, &c](Purse& draft, const SqlTransactionRunner& tx) -> Task<Result<std::int64_t>> {
    draft.total += n;
    TROUPE_CO_CHECK(co_await c.delay(1s));
    TROUPE_CO_CHECK(co_await insert(tx, n));
    co_return draft.total;
  };
  co_return co_await c.transaction(body);
}

Task<Result<void>> refuse(Ctx& c, bool by_exception) {
  const auto body = [by_exception](Purse& draft, const SqlTransactionRunner& tx) -> Task<Result<void>> {
    draft.total += 100;
    TROUPE_CO_CHECK(co_await insert(tx, 100));
    if (by_exception) throw UserError("no", "no");
    co_return user_error("no", "no");
  };
  co_return co_await c.transaction(body);
}

Task<Result<std::string>> nest(Ctx& c) {
  const auto inner = [](Purse& draft, const SqlTransactionRunner&) -> Task<Result<void>> {
    draft.total += 100;
    co_return Result<void>();
  };
  const auto body = [&c, inner](Purse& draft, const SqlTransactionRunner& tx) -> Task<Result<std::string>> {
    auto nested = co_await c.transaction(inner);
    TROUPE_CO_CHECK(co_await insert(tx, 1));
    draft.total += 1;
    co_return nested ? std::string("committed") : nested.error().id();
  };
  co_return co_await c.transaction(body);
}

Task<Result<Sums>> sums(const Purse& purse, Ctx& c) {
  std::string sql = "SELECT coalesce(sum(n), 0) FROM entries";
  TROUPE_CO_TRY(const auto rows, co_await c.db().single<std::int64_t>(std::move(sql)));
  co_return Sums{purse.total, rows};
}

ActorDefinition purse() {
  return actor<Purse>("purse")
      .on_migrate([](Ctx& c) { return c.db().exec("CREATE TABLE IF NOT EXISTS entries (n INTEGER)"); })
      .action("add", &add)
      .action("addSlowly", &add_slowly)
      .action("refuse", &refuse)
      .action("nest", &nest)
      .action("sums", &sums)
      .action("total", [](const Purse& purse) { return purse.total; })
      .action("bump", [](Purse& purse, std::int64_t n) { return purse.total += n; });
}

/// Generations of one purse on the same data.
class Transaction : public testing::Test {
 protected:
  class Host final : public InstanceHost {
   public:
    void sleep_intent() override {}
    void destroy_intent() override {}
    void crashed(std::string failure) override { crashes.push_back(std::move(failure)); }
    std::vector<std::string> crashes;
    Task<Result<void>> set_alarm(std::optional<std::int64_t>, Ack) override { co_return Result<void>(); }
    Task<Result<Bytes>> call(ActorAddress, std::string, Bytes, CallOrigin) override { co_return Bytes(); }
    Task<Result<QueueSent>> send(ActorAddress, QueueSend) override { co_return QueueSent(); }
  };

  class Sink final : public ConnectionSink {
   public:
    void event(const std::string& name, const Bytes&) override { log.push_back("event " + name); }
    void close(std::uint16_t code, std::string reason) override {
      log.push_back("close " + std::to_string(code) + " " + reason);
    }
    void hibernate() override { log.emplace_back("hibernate"); }
    std::vector<std::string> log;
  };

  Transaction() {
    store_ = make_memory_store();
    files_ = make_actor_store(world.ports(), *store_, directory_.path() / "sqlite", StorageSettings());
    wake();
  }
  ~Transaction() override { end(); }

  void wake() {
    const auto started = try_to_wake(Fault::none, 0);
    ASSERT_TRUE(*started && **started);
    steps->log.clear();
  }

  /// The next generation starts, with a fault at one of its steps.
  std::shared_ptr<std::optional<Result<void>>> try_to_wake(Fault kind, std::size_t at) {
    end();
    steps = std::make_shared<Steps>();
    fault(kind, at);
    stepped_ = std::make_unique<SteppedStore>(*files_, steps);
    std::array<std::uint8_t, Id::kSize> bytes{};
    bytes[0] = 1;
    const Id id(bytes);
    files_->set_generation(id, ++generation_);
    ActorInstance::Config config{.ports = world.ports(),
                                 .store = stepped_.get(),
                                 .definition = std::make_shared<const ActorDefinition>(purse()),
                                 .info = {id.text(), generation_, "purse", {"k"}, ""},
                                 .id = id,
                                 .input = std::nullopt,
                                 .executor = boost::asio::make_strand(world.context()),
                                 .host = host};
    instance_ = ActorInstance::make(std::move(config));
    auto box = std::make_shared<std::optional<Result<void>>>();
    boost::asio::co_spawn(world.context(), instance_->start(),
                          [box](std::exception_ptr, Result<void> outcome) { box->emplace(std::move(outcome)); });
    world.settle();
    return box;
  }

  using Outcome = std::shared_ptr<std::optional<Result<Bytes>>>;
  template <class... A>
  Outcome begin(std::string action, const A&... args) {
    auto box = std::make_shared<std::optional<Result<Bytes>>>();
    auto task = instance_->action(nullptr, std::move(action), detail::encode_arguments(args...));
    boost::asio::co_spawn(world.context(), std::move(task),
                          [box](std::exception_ptr, Result<Bytes> outcome) { box->emplace(std::move(outcome)); });
    world.settle();
    return box;
  }
  template <class... A>
  Result<Value> call(std::string action, const A&... args) {
    const auto outcome = begin(std::move(action), args...);
    if (!*outcome) return internal_error("still running");
    if (!**outcome) return (**outcome).error();
    return value_of(***outcome);
  }
  std::shared_ptr<Sink> connect(bool hibernatable) {
    auto sink = std::make_shared<Sink>();
    ActorInstance::Connect wanted;
    wanted.hibernatable = hibernatable;
    if (hibernatable) wanted.socket = SocketId{};
    EXPECT_TRUE(world.run(instance_->connect(std::move(wanted), sink)));
    return sink;
  }
  std::string sums_now() {
    auto both = call("sums");
    if (!both) return both.error().id();
    return std::to_string(*both->find("state")->as_int()) + " " + std::to_string(*both->find("rows")->as_int());
  }
  void fault(Fault kind, std::size_t at) {
    steps->log.clear();
    steps->fault = kind;
    steps->fault_at = at;
  }
  void begin_stop() {
    boost::asio::co_spawn(world.context(), instance_->stop(StopReason::sleep_intent), boost::asio::detached);
    world.settle();
  }
  void let_go() {
    steps->hold.reset();
    steps->let_go.notify_all();
    world.settle();
  }

  VirtualWorld world;
  std::shared_ptr<Steps> steps;
  std::shared_ptr<Host> host = std::make_shared<Host>();

 private:
  /// Of a generation that has crashed as well; nothing of it is done any more.
  void end() {
    if (!instance_) return;
    begin_stop();
    world.advance(2min);
    steps->take_apart();
    world.advance(2min);
    instance_.reset();
    world.settle();
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<ActorStore> files_;
  std::unique_ptr<SteppedStore> stepped_;
  std::shared_ptr<ActorInstance> instance_;
  std::uint32_t generation_ = 0;
};

TEST_F(Transaction, ChangesStateAndRowsAndKeepsBothOverASleep) {
  EXPECT_EQ(call("add", 5).value(), Value(5));
  EXPECT_EQ(sums_now(), "5 5");
  wake();
  EXPECT_EQ(sums_now(), "5 5");
  EXPECT_EQ(call("add", 2).value(), Value(7));
  wake();
  EXPECT_EQ(sums_now(), "7 7");
}

TEST_F(Transaction, TakesTheseSteps) {
  ASSERT_TRUE(call("add", 5));
  // The statement of the body, the two of the token, the pending state, the commit, and the answer's save.
  EXPECT_THAT(steps->log, ElementsAre("begin", "execute", "execute", "execute", "save", "commit", "save"));
}

TEST_F(Transaction, CostsASaveWithoutOneNothing) {
  ASSERT_TRUE(call("add", 5));
  steps->log.clear();
  ASSERT_TRUE(call("bump", 1));
  EXPECT_THAT(steps->log, ElementsAre("save"));
}

TEST_F(Transaction, ThatFailsChangesNeither) {
  ASSERT_TRUE(call("add", 5));
  EXPECT_EQ(call("refuse", false).error().id(), "user.no");
  EXPECT_EQ(sums_now(), "5 5");
  EXPECT_FALSE(call("refuse", true));
  EXPECT_EQ(sums_now(), "5 5");
  EXPECT_EQ(call("add", 1).value(), Value(6));
}

TEST_F(Transaction, IsNotSeenByOthersBeforeItsEnd) {
  const auto adding = begin("addSlowly", 5);
  EXPECT_EQ(call("total").value(), Value(0));
  world.advance(1s);
  ASSERT_TRUE(*adding);
  EXPECT_EQ(sums_now(), "5 5");
}

TEST_F(Transaction, GivesWayToAChangeOfSomebodyElse) {
  const auto adding = begin("addSlowly", 5);
  EXPECT_EQ(call("bump", 1).value(), Value(1));
  world.advance(1s);
  ASSERT_TRUE(*adding);
  EXPECT_EQ((**adding).error().id(), "actor.state_transaction_conflict");
  EXPECT_EQ(sums_now(), "1 0");
}

TEST_F(Transaction, WaitsForTheOneBeforeIt) {
  const auto first = begin("addSlowly", 5);
  const auto second = begin("addSlowly", 2);
  world.advance(1s);
  ASSERT_TRUE(*first);
  EXPECT_FALSE(*second);
  world.advance(1s);
  ASSERT_TRUE(*second);
  EXPECT_TRUE(**second);
  EXPECT_EQ(sums_now(), "7 7");
}

TEST_F(Transaction, InsideAnotherOneOfTheSameHandlerIsRefused) {
  EXPECT_EQ(call("nest").value(), Value("actor.state_transaction_conflict"));
  EXPECT_EQ(sums_now(), "1 1");
}

TEST_F(Transaction, AChangeDuringItsCommitIsKeptAndAnsweredAfterIt) {
  steps->hold = "commit";
  const auto adding = begin("add", 5);
  EXPECT_FALSE(*adding);
  const auto bumping = begin("bump", 2);
  EXPECT_FALSE(*bumping);
  let_go();
  ASSERT_TRUE(*adding && *bumping);
  EXPECT_EQ(value_of(***bumping), Value(7));
  EXPECT_EQ(sums_now(), "7 5");
  wake();
  EXPECT_EQ(sums_now(), "7 5");
}

TEST_F(Transaction, ACommitThatFailsTakesALaterChangeWithIt) {
  ASSERT_TRUE(call("bump", 1));
  fault(Fault::fail, 5);
  steps->hold = "commit";
  const auto adding = begin("add", 5);
  const auto bumping = begin("bump", 2);
  let_go();
  ASSERT_TRUE(*adding && *bumping);
  EXPECT_EQ((**adding).error().id(), "storage.unavailable");
  EXPECT_EQ((**bumping).error().id(), "storage.unavailable");
  EXPECT_EQ(sums_now(), "1 0");
  wake();
  EXPECT_EQ(sums_now(), "1 0");
}

/// Steps of an `add`, in the order of `TakesTheseSteps`.
constexpr std::size_t kSteps = 7, kCommit = 5;

TEST_F(Transaction, AFailureAtAnyStepLeavesBothAsTheyWereInMemoryAndOnDisk) {
  std::string expected = "1 1";
  ASSERT_TRUE(call("add", 1));
  for (std::size_t at = 0; at < kSteps; ++at) {
    fault(Fault::fail, at);
    EXPECT_EQ(call("add", 5).error().id(), "storage.unavailable") << at;
    steps->fault = Fault::none;
    // The last step is the save before the answer: what has been committed stays.
    if (at > kCommit) expected = "6 6";
    EXPECT_EQ(sums_now(), expected) << at;
    wake();
    EXPECT_EQ(sums_now(), expected) << at;
  }
  EXPECT_EQ(call("add", 1).value(), Value(7));
}

TEST_F(Transaction, ACrashAtAnyStepLeavesBothOrNone) {
  std::int64_t total = 1;
  ASSERT_TRUE(call("add", 1));
  for (const auto kind : {Fault::crash_before, Fault::crash_after}) {
    for (std::size_t at = 0; at < kSteps; ++at) {
      fault(kind, at);
      const auto adding = begin("add", 5);
      EXPECT_FALSE(*adding) << at;
      EXPECT_TRUE(steps->crashed) << at;
      wake();
      const bool committed = at > kCommit || (at == kCommit && kind == Fault::crash_after);
      if (committed) total += 5;
      const auto expected = std::to_string(total) + " " + std::to_string(total);
      EXPECT_EQ(sums_now(), expected) << at;
      // What was found is settled: the next change, without SQL, is not undone by it.
      ASSERT_TRUE(call("bump", 1));
      ASSERT_TRUE(call("bump", -1));
      wake();
      EXPECT_EQ(sums_now(), expected) << at;
    }
  }
}

TEST_F(Transaction, ACommitWhoseEndIsNotKnownEndsTheGenerationAndTheNextOneFindsOut) {
  ASSERT_TRUE(call("add", 1));
  for (const auto kind : {Fault::undecided, Fault::undecided_after}) {
    host->crashes.clear();
    fault(kind, kCommit);
    steps->hold = "commit";
    const auto adding = begin("add", 5);
    const auto bumping = begin("bump", 2);
    let_go();
    ASSERT_TRUE(*adding && *bumping);
    EXPECT_EQ((**adding).error().id(), "actor.panicked");
    EXPECT_EQ((**bumping).error().id(), "actor.panicked");
    EXPECT_THAT(host->crashes, ElementsAre("actor.panicked: The actor failed in the commit of a transaction."));
    EXPECT_EQ(call("bump", 1).error().id(), "actor.stopping") << "which the next generation may serve";
    const auto saves = steps->log.size();
    world.advance(1min);
    EXPECT_EQ(steps->log.size(), saves) << "nothing is saved any more";
    wake();
    EXPECT_EQ(sums_now(), kind == Fault::undecided ? "1 1" : "6 6");
    ASSERT_TRUE(call("bump", 1));
    ASSERT_TRUE(call("bump", -1));
    wake();
    EXPECT_EQ(sums_now(), kind == Fault::undecided ? "1 1" : "6 6") << "it is settled";
  }
  EXPECT_EQ(call("add", 1).value(), Value(7));
}

TEST_F(Transaction, AGenerationThatEndsWithItLeavesItsSocketsToTheNextOrClosesThem) {
  const auto lasting = connect(true), other = connect(false);
  fault(Fault::undecided, kCommit);
  EXPECT_EQ(call("add", 5).error().id(), "actor.panicked");
  EXPECT_THAT(lasting->log, ElementsAre("hibernate"));
  EXPECT_THAT(other->log, ElementsAre("close 1000 actor.stopped"));
}

TEST_F(Transaction, ACommitWhoseEndIsNotKnownDuringAStopEndsItAtOnce) {
  ASSERT_TRUE(call("add", 1));
  fault(Fault::undecided_after, kCommit);
  steps->hold = "commit";
  const auto adding = begin("add", 5);
  begin_stop();
  ASSERT_FALSE(*adding);
  let_go();
  ASSERT_TRUE(*adding);
  EXPECT_EQ((**adding).error().id(), "actor.panicked");
  EXPECT_EQ(host->crashes.size(), 1U);
  wake();
  EXPECT_EQ(sums_now(), "6 6");
}

TEST_F(Transaction, AStartThatFindsOutMayFailOrCrashAtAnyStepAndBeRepeated) {
  std::int64_t total = 1;
  ASSERT_TRUE(call("add", 1));
  // Two looks for the token, the log written back, and the table of onMigrate.
  for (const auto kind : {Fault::fail, Fault::crash_before, Fault::crash_after}) {
    std::size_t faults = 0;
    for (std::size_t at = 0;; ++at) {
      fault(Fault::undecided_after, kCommit);
      EXPECT_EQ(call("add", 5).error().id(), "actor.panicked");
      total += 5;
      const auto started = try_to_wake(kind, at);
      const bool reached = steps->log.size() > at;
      if (kind == Fault::fail) {
        ASSERT_TRUE(*started);
        EXPECT_EQ((*started)->has_value(), !reached);
      } else {
        EXPECT_EQ(started->has_value(), !reached);
      }
      if (reached) {
        ++faults;
        wake();
      }
      steps->fault = Fault::none;
      EXPECT_EQ(sums_now(), std::to_string(total) + " " + std::to_string(total)) << at;
      if (!reached) break;
    }
    EXPECT_EQ(faults, 4U);
  }
}

TEST_F(Transaction, AChangeWhileTheStateIsPendingIsAConflictAndStays) {
  steps->hold = "save";
  const auto adding = begin("add", 5);
  const auto bumping = begin("bump", 3);
  EXPECT_FALSE(*adding);
  let_go();
  ASSERT_TRUE(*adding && *bumping);
  EXPECT_EQ((**adding).error().id(), "actor.state_transaction_conflict");
  EXPECT_EQ(value_of(***bumping), Value(3));
  EXPECT_EQ(sums_now(), "3 0");
  wake();
  EXPECT_EQ(sums_now(), "3 0");
}

}  // namespace
}  // namespace troupe::test
