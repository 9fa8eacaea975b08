// Queue messages and a store of which one call fails: sends, receives, completions with their effect, redelivery.
#include <algorithm>
#include <iterator>

#include "src/demo/demo.h"
#include "tests/unit/faults/fault_world.h"

namespace troupe::faults {
namespace {

/// What the senders of a run were told.
struct Sent {
  std::vector<std::int64_t> taken, refused;
};

Value message(std::int64_t i, bool wait) {
  Value::Object body{{"body", Value::object({{"i", Value(i)}})}};
  if (wait) body.emplace_back("wait", Value(true));
  return Value(std::move(body));
}

void send(FaultWorld& world, Sent& sent, std::int64_t i) {
  (world.ask("ledger", "/queue/post", message(i, false)).ok() ? sent.taken : sent.refused).push_back(i);
}

/// Waits for the completion.
void ask(FaultWorld& world, Sent& sent, std::int64_t i) {
  const auto answer = world.ask("ledger", "/queue/ask", message(i, true));
  (answer.ok() ? sent.taken : sent.refused).push_back(i);
  if (!answer.ok()) return;
  const Value* status = answer.body.find("status");
  ASSERT_TRUE(status && status->as_string());
  if (*status->as_string() != "completed") return;
  const Value* response = answer.body.find("response");
  ASSERT_TRUE(response && response->find("double"));
  EXPECT_EQ(response->find("double")->as_int(), 2 * i);
}

std::vector<std::int64_t> order_of(const Value& ledger) {
  std::vector<std::int64_t> order;
  for (const Value& i : *ledger.find("order")->get_if<Value::Array>()) order.push_back(*i.as_int());
  EXPECT_EQ(ledger.find("applied")->as_int(), static_cast<std::int64_t>(order.size())) << "one turn, one commit";
  return order;
}

void expect_kept(const std::vector<std::int64_t>& order, const Sent& sent) {
  std::vector<std::int64_t> taken;
  const auto was_taken = [&](auto i) { return std::count(sent.taken.begin(), sent.taken.end(), i) > 0; };
  std::copy_if(order.begin(), order.end(), std::back_inserter(taken), was_taken);
  EXPECT_TRUE(std::is_sorted(taken.begin(), taken.end())) << "order of one sender";
  for (const auto i : sent.taken) EXPECT_EQ(std::count(order.begin(), order.end(), i), 1) << "message " << i;
  for (const auto i : sent.refused) EXPECT_LE(std::count(order.begin(), order.end(), i), 1) << "message " << i;
}

void send_all(FaultWorld& world) {
  Sent sent;
  send(world, sent, 1);
  send(world, sent, 2);
  ask(world, sent, 3);
  world.sleep("ledger");
  world.advance(Millis(100));
  // It wakes for these.
  send(world, sent, 4);
  ask(world, sent, 5);
  world.advance(Millis(2'000));
  send(world, sent, 6);

  world.heal();
  world.advance(Millis(15'000));
  // A run handler that has ended with an error begins again at the next wake.
  world.sleep("ledger");
  world.advance(Millis(1'000));
  ask(world, sent, 7);
  EXPECT_EQ(sent.taken.back(), 7) << "it is usable again";
  const auto before = world.act("ledger", "read");
  ASSERT_TRUE(before.ok()) << before.error;
  expect_kept(order_of(before.body), sent);

  world.crash_and_restart();
  ASSERT_TRUE(world.act("ledger", "read").ok());
  world.advance(Millis(5'000));
  const auto after = world.act("ledger", "read");
  ASSERT_TRUE(after.ok()) << after.error;
  expect_kept(order_of(after.body), sent);
}

TEST(QueueFaults, AFaultAtAnyCallLosesAndDoublesNoMessage) {
  at_every_call([](Registry& registry) { register_demo_actors(registry); }, &send_all);
}

}  // namespace
}  // namespace troupe::faults
