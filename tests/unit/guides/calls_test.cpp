// The code of docs/guides/calls.md, compiled and run.
#include <gtest/gtest.h>

#include "src/demo/demo.h"
#include "tests/unit/sdk/snippets.h"
#include "troupe/testing.h"

using namespace std::chrono_literals;

namespace troupe::test {
namespace {

namespace calls {
// snippet: calls
using Ctx = troupe::Context<troupe::None>;

// The task of the call is the answer.
auto pay = [](Ctx& c, std::string who) { return c.actor("account", who).call<double>("deposit", 5); };

troupe::Task<double> pay_both(Ctx& c, std::string first, std::string second) {
  auto one = co_await c.actor("account", first).call<double>("deposit", 5);
  auto two = co_await c.actor("account", second).call<double>("deposit", 5);
  co_return one.value() + two.value();  // an error of a call becomes the error of this action
}

troupe::Task<std::string> try_to_pay(Ctx& c, std::string who, double amount) {
  auto paid = co_await c.actor("account", who).call<double>("deposit", amount);
  if (paid) co_return "paid";
  if (paid.error().is("user", "bad_amount")) co_return "refused by " + paid.error().origin()->key.front();
  co_return "try again";
}

auto payer = troupe::actor("payer").action("pay", pay).action("pay_both", &pay_both).action("try_to_pay", &try_to_pay);
// end
}  // namespace calls

namespace messages {
// snippet: messages
using Ctx = troupe::Context<troupe::None>;

struct Posting {
  std::int64_t i = 0;
  TROUPE_FIELDS(i)
};

troupe::Task<troupe::Result<troupe::Value>> book(Ctx& c, std::string ledger, std::int64_t i) {
  const auto books = c.actor("ledger", ledger);
  const Posting posting{i};
  TROUPE_CO_CHECK(co_await books.send("post", posting));  // durable there
  TROUPE_CO_TRY(auto sent, co_await books.send_and_wait<troupe::Value>("ask", posting, 5s));
  if (!sent.completed) co_return troupe::user_error("slow", "the ledger takes its time");
  co_return sent.response.value_or(troupe::Value());
}

auto clerk = troupe::actor("clerk").action("book", &book);
// end
}  // namespace messages

class CallsGuide : public ::testing::Test {
 protected:
  static Registry actors() {
    Registry registry;
    register_demo_actors(registry);
    registry.add(calls::payer);
    registry.add(messages::clerk);
    return registry;
  }
  troupe::testing::Engine engine{actors()};
};

TEST_F(CallsGuide, ShowsTheCompiledCode) {
  EXPECT_EQ(snippets_of("docs/guides/calls.md"), compiled_snippets("tests/unit/guides/calls_test.cpp"));
}

TEST_F(CallsGuide, ActorsCallActors) {
  auto payer = engine.actor("payer", "k");
  EXPECT_EQ(payer.call<double>("pay", "ada").value(), 5);
  EXPECT_EQ(payer.call<double>("pay_both", "ada", "grace").value(), 15);
  EXPECT_EQ(payer.call<std::string>("try_to_pay", "ada", 0).value(), "refused by ada");
}

TEST_F(CallsGuide, ActorsSendMessagesToActors) {
  const auto answer = engine.actor("clerk", "k").call<Value>("book", "main", 21).value();
  EXPECT_EQ(answer, Value::object({{"double", 42}}));
  EXPECT_EQ(*engine.actor("ledger", "main").call<Value>("read")->find("applied"), Value(2));
}

}  // namespace
}  // namespace troupe::test
