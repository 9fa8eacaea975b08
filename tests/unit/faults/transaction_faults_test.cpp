// State and SQL as one, and a store or database of which one call fails, through sleeps, crashes and restarts.
#include "tests/unit/faults/fault_world.h"

namespace troupe::faults {
namespace {

using namespace std::chrono_literals;

struct Purse {
  std::int64_t total = 0;
  TROUPE_FIELDS(total)
};
using Ctx = Context<Purse>;

struct Sums {
  std::int64_t state = 0, rows = 0;
  TROUPE_FIELDS(state, rows)
};

Task<Result<std::int64_t>> add(Ctx& c, std::int64_t n) {
  const auto body = [n](Purse& draft, const SqlTransactionRunner& tx) -> Task<Result<std::int64_t>> {
    std::string sql = "INSERT INTO entries (n) VALUES (?)";
    auto inserted = co_await tx.execute(std::move(sql), n);
    if (!inserted) co_return inserted.error();
    draft.total += n;
    co_return draft.total;
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
      .sleep_timeout(30s)
      .on_migrate([](Ctx& c) { return c.db().exec("CREATE TABLE IF NOT EXISTS entries (n INTEGER)"); })
      .action("add", &add)
      .action("sums", &sums);
}

/// Each amount is a bit, so the sum tells which are in it and none is twice.
struct Added {
  std::int64_t surely = 0, tried = 0;
};

void add(FaultWorld& world, Added& added, int bit) {
  const std::int64_t amount = std::int64_t{1} << bit;
  added.tried |= amount;
  if (world.act("purse", "add", {Value(amount)}).ok()) added.surely |= amount;
}

void expect_kept(FaultWorld& world, const Added& added) {
  const auto sums = world.act("purse", "sums");
  ASSERT_TRUE(sums.ok()) << sums.error;
  const auto state = *sums.body.find("state")->as_int();
  EXPECT_EQ(sums.body.find("rows")->as_int(), state) << "state and SQL have come apart";
  EXPECT_EQ(state & added.surely, added.surely) << "lost";
  EXPECT_EQ(state & ~added.tried, 0) << "doubled";
}

void add_all(FaultWorld& world) {
  Added added;
  add(world, added, 0);
  add(world, added, 1);
  world.sleep("purse");
  world.advance(100ms);
  add(world, added, 2);
  world.advance(2s);
  add(world, added, 3);
  world.heal();
  world.advance(15s);
  expect_kept(world, added);
  add(world, added, 4);
  EXPECT_EQ(added.surely & 16, 16) << "it is usable again";
  world.crash_and_restart();
  expect_kept(world, added);
  add(world, added, 5);
  EXPECT_EQ(added.surely & 32, 32);
  world.crash_and_restart();
  expect_kept(world, added);
}

TEST(TransactionFaults, AFaultAtAnyCallLeavesStateAndSqlTogether) {
  at_every_call([](Registry& registry) { registry.add(purse()); }, &add_all);
}

}  // namespace
}  // namespace troupe::faults
