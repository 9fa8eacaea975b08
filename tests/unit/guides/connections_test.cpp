// The code of docs/guides/connections.md, compiled and run.
#include <gtest/gtest.h>

#include <deque>

#include "tests/unit/sdk/fake_actor.h"
#include "tests/unit/sdk/snippets.h"
#include "troupe/testing.h"

using namespace std::chrono_literals;

namespace troupe::test {
namespace {

namespace lobby {
// snippet: lobby
struct Player {
  std::string name = "anonymous";
  bool ready = false;
  TROUPE_FIELDS(name, ready)
};

using Ctx = troupe::Context<troupe::None, Player>;

// A connection's state is stored with the connection and comes back after a sleep.
void get_ready(Ctx& c) {
  auto player = c.conn().state();
  player.ready = true;
  c.conn().set_state(player);
  std::size_t waiting = 0;
  for (const auto& conn : c.conns()) waiting += !conn.state().ready;
  c.broadcast("waiting", waiting);
}

auto lobby =
    troupe::actor<troupe::None, Player>("lobby")
        .on_before_connect([](Player who) {
          if (who.name.empty()) throw troupe::UserError("no_name", "who are you?");
        })
        .create_conn_state([](Player who) {
          return Player{who.name, false};
        })
        .on_connect([](Ctx& c) { c.conn().send("hello", c.conn().state().name); })
        .on_disconnect([](Ctx& c) { c.broadcast("left", c.conn().state().name); })
        .can_subscribe([](Ctx& c, std::string event) { return event != "admin" || c.conn().state().name == "root"; })
        .action("get_ready", &get_ready)
        .action("kick", [](Ctx& c, std::string name) {
          for (const auto& conn : c.conns())
            if (conn.state().name == name) conn.disconnect("kicked");
        });
// end
}  // namespace lobby

namespace tally {
// snippet: tally
struct Tally {
  std::int64_t messages = 0;
  TROUPE_FIELDS(messages)
};

troupe::Task<void> count(Tally& tally, std::shared_ptr<troupe::ActorWebSocket> socket) {
  if (!socket->restored()) socket->send(troupe::text_message("welcome"));
  for (;;) {
    auto message = co_await socket->receive();
    if (!message) co_return;  // closed, or hibernating(): then it comes again
    socket->send(troupe::text_message(std::to_string(++tally.messages)));
    co_await socket->wait_drained();
  }
}

troupe::ActorOptions hibernating() {
  troupe::ActorOptions options;
  options.can_hibernate_websocket = true;
  return options;
}

auto tally = troupe::actor<Tally>("tally").options(hibernating()).on_websocket(&count);
// end

/// A client that has said everything at once and then falls silent.
class ScriptedSocket final : public ActorWebSocket {
 public:
  ScriptedSocket(std::size_t messages, bool restored) : left_(messages), restored_(restored) {}

  bool send(WebSocketMessage message) override {
    sent.push_back(to_string(BytesView(message.data)));
    return true;
  }
  Task<void> wait_drained() override { co_return; }
  void close(std::uint16_t, std::string) override {}
  Task<std::optional<WebSocketMessage>> receive() override {
    if (left_ == 0) co_return std::nullopt;
    --left_;
    co_return text_message("one more");
  }
  std::uint16_t close_code() const override { return 1005; }
  const std::string& close_reason() const override { return reason_; }
  bool hibernating() const override { return left_ == 0; }
  bool restored() const override { return restored_; }

  std::vector<std::string> sent;

 private:
  std::size_t left_;
  bool restored_;
  std::string reason_;
};
}  // namespace tally

TEST(ConnectionsGuide, ShowsTheCompiledCode) {
  EXPECT_EQ(snippets_of("docs/guides/connections.md"), compiled_snippets("tests/unit/guides/connections_test.cpp"));
}

TEST(ConnectionsGuide, ALobbyKnowsItsPlayersAlsoAfterASleep) {
  Registry registry;
  registry.add(lobby::lobby);
  troupe::testing::Engine engine(std::move(registry));
  auto room = engine.actor("lobby", "k");
  auto nobody = room.connect(lobby::Player{"", false});
  EXPECT_EQ(nobody.closed(), "1011 user.no_name");

  auto ada = room.connect(lobby::Player{"ada", true});
  auto grace = room.connect(lobby::Player{"grace", false});
  EXPECT_EQ(ada.take_events().at(0).args, Value::array({"ada"}));
  ada.subscribe("waiting");
  ada.subscribe("left");
  ASSERT_TRUE(ada.call("get_ready"));
  EXPECT_EQ(ada.take_events().at(0).args, Value::array({1}));

  room.sleep();
  EXPECT_FALSE(room.awake());
  ASSERT_TRUE(grace.call("get_ready"));
  const auto events = ada.take_events();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].args, Value::array({0}));

  ASSERT_TRUE(ada.call("kick", "grace"));
  EXPECT_EQ(grace.closed(), "1000 kicked");
  EXPECT_EQ(ada.take_events().at(0).args, Value::array({"grace"}));
}

TEST(ConnectionsGuide, ATallyWelcomesEachClientOnce) {
  FakeActor actor(tally::tally);
  auto first = std::make_shared<tally::ScriptedSocket>(2, false);
  ASSERT_TRUE(actor.world.run(actor.behavior->on_websocket(first, nullptr)));
  EXPECT_EQ(first->sent, (std::vector<std::string>{"welcome", "1", "2"}));
  auto again = std::make_shared<tally::ScriptedSocket>(1, true);
  ASSERT_TRUE(actor.world.run(actor.behavior->on_websocket(again, nullptr)));
  EXPECT_EQ(again->sent, std::vector<std::string>{"3"});
}

}  // namespace
}  // namespace troupe::test
