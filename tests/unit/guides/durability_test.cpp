// The code of docs/guides/durability.md, compiled and run.
#include <gtest/gtest.h>

#include "tests/unit/sdk/snippets.h"
#include "troupe/testing.h"

using namespace std::chrono_literals;

namespace troupe::test {
namespace {

namespace levels {
// snippet: levels
struct Vault {
  std::int64_t gold = 0;
  std::int64_t looks = 0;
  TROUPE_FIELDS(gold, looks)
};

auto vault = troupe::actor<Vault>("vault")
                 .action(
                     "put", [](Vault& v, std::int64_t n) { return v.gold += n; }, troupe::Durability::commit)
                 .action("look", [](Vault& v) {
                   ++v.looks;
                   return v.gold;
                 });
// end
}  // namespace levels

namespace turn {
// snippet: turn
struct Shop {
  std::int64_t orders = 0;
  TROUPE_FIELDS(orders)
};

using Ctx = troupe::Context<Shop>;

// The state, an entry, a message and a schedule: one commit, all of it or nothing.
troupe::Task<troupe::Result<std::int64_t>> order(Shop& shop, Ctx& c, std::string item) {
  ++shop.orders;
  TROUPE_CO_CHECK(co_await c.kv().put("last", item));
  TROUPE_CO_CHECK(co_await c.queue().send("ship", item));
  TROUPE_CO_CHECK(c.schedule().after(24h, "remind", item));
  co_return shop.orders;
}

// Two commits: what follows the delay is a turn of its own.
troupe::Task<troupe::Result<void>> order_twice(Shop& shop, Ctx& c) {
  ++shop.orders;
  TROUPE_CO_CHECK(co_await c.save());
  TROUPE_CO_CHECK(co_await c.delay(1s));
  ++shop.orders;
  co_return troupe::Result<void>();
}

auto shop = troupe::actor<Shop>("shop")
                .action("order", &order)
                .action("order_twice", &order_twice)
                .action("orders", [](const Shop& s) { return s.orders; });
// end
}  // namespace turn

namespace both {
// snippet: transaction
struct Till {
  std::int64_t total = 0;
  TROUPE_FIELDS(total)
};

using Ctx = troupe::Context<Till>;

troupe::Task<troupe::Result<std::int64_t>> sell(Ctx& c, std::string item, std::int64_t price) {
  using Total = troupe::Task<troupe::Result<std::int64_t>>;
  auto body = [item, price](Till& draft, const troupe::SqlTransactionRunner& tx) -> Total {
    auto sold = co_await tx.execute("INSERT INTO sale (item, price) VALUES (?, ?)", item, price);
    if (!sold) co_return sold.error();
    co_return draft.total += price;
  };
  co_return co_await c.transaction(body);  // the row and the total, or neither
}

auto till = troupe::actor<Till>("till")
                .on_migrate([](Ctx& c) {
                  return c.db().exec("CREATE TABLE IF NOT EXISTS sale (item TEXT, price INTEGER CHECK (price > 0))");
                })
                .action("sell", &sell)
                .action("sales", [](Ctx& c) { return c.db().single<std::int64_t>("SELECT count(*) FROM sale"); })
                .action("total", [](const Till& t) { return t.total; });
// end
}  // namespace both

class DurabilityGuide : public ::testing::Test {
 protected:
  static Registry actors() {
    Registry registry;
    registry.add(levels::vault);
    registry.add(turn::shop);
    registry.add(both::till);
    return registry;
  }
  troupe::testing::Engine engine{actors()};
};

TEST_F(DurabilityGuide, ShowsTheCompiledCode) {
  EXPECT_EQ(snippets_of("docs/guides/durability.md"), compiled_snippets("tests/unit/guides/durability_test.cpp"));
}

TEST_F(DurabilityGuide, AVaultHasALevelForEachAction) {
  const ActorDefinition definition = levels::vault;
  EXPECT_EQ(definition.options.durability, Durability::relaxed);
  EXPECT_EQ(definition.durability.at("put"), Durability::commit);
  EXPECT_FALSE(definition.durability.contains("look"));
  auto vault = engine.actor("vault", "k");
  EXPECT_EQ(vault.call<int>("put", 5).value(), 5);
  EXPECT_EQ(vault.call<int>("look").value(), 5);
}

TEST_F(DurabilityGuide, AnOrderIsOneTurn) {
  auto shop = engine.actor("shop", "k");
  EXPECT_EQ(shop.call<int>("order", "tea").value(), 1);
  const auto twice = shop.start("order_twice");
  EXPECT_EQ(shop.call<int>("orders").value(), 2);
  engine.advance(1s);
  EXPECT_TRUE(twice.result());
  engine.restart();
  EXPECT_EQ(shop.call<int>("orders").value(), 3);
}

TEST_F(DurabilityGuide, ATillSellsOrDoesNot) {
  auto till = engine.actor("till", "k");
  EXPECT_EQ(till.call<int>("sell", "tea", 3).value(), 3);
  EXPECT_FALSE(till.call<int>("sell", "air", 0));
  engine.restart();
  EXPECT_EQ(till.call<int>("sales").value(), 1);
  EXPECT_EQ(till.call<int>("total").value(), 3);
}

}  // namespace
}  // namespace troupe::test
