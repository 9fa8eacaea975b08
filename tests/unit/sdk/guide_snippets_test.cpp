// The code of the guides for actors in C++, compiled and run. Between `snippet: name` and `end` is what the guide
// shows.
#include <gtest/gtest.h>

#include "tests/unit/sdk/fake_actor.h"
#include "tests/unit/sdk/snippets.h"

using namespace std::chrono_literals;

namespace troupe::test {
namespace {

namespace counter {
// snippet: counter
struct Counter {
  std::int64_t count = 0;
  TROUPE_FIELDS(count)
};

auto counter = troupe::actor<Counter>("counter")
                   .action("increment",
                           [](Counter& s, troupe::Context<Counter>& c, std::int64_t n) {
                             s.count += n;
                             c.broadcast("count", s.count);
                             return s.count;
                           })
                   .action("get", [](const Counter& s) { return s.count; });
// end

void add(troupe::Registry& registry) {
  // snippet: register
  registry.add(counter);
  // end
}
}  // namespace counter

TEST(Guide, TheCounterCounts) {
  Registry registry;
  counter::add(registry);
  FakeActor actor(*registry.find("counter"));
  EXPECT_EQ(actor.call("increment", 2).value(), Value(2));
  EXPECT_EQ(actor.call("get").value(), Value(2));
}

namespace handlers {
// snippet: handlers
struct Todo {
  std::string text;
  bool done = false;
  std::optional<std::string> owner;
  TROUPE_FIELDS(text, done, owner)
};

struct List {
  std::vector<Todo> todos;

  std::size_t open() const { return static_cast<std::size_t>(std::ranges::count(todos, false, &Todo::done)); }
  TROUPE_FIELDS(todos)
};

using Ctx = troupe::Context<List>;

// A free function; the owner may be left out by the caller.
std::size_t add(List& list, std::string text, std::optional<std::string> owner) {
  if (text.empty()) throw troupe::UserError("empty", "a todo needs a text");
  list.todos.push_back({std::move(text), false, std::move(owner)});
  return list.todos.size();
}

// A coroutine.
troupe::Task<void> remind(List& list, Ctx& c, std::size_t index) {
  co_await c.delay(1s);
  if (index < list.todos.size() && !list.todos[index].done) c.broadcast("reminder", list.todos[index]);
}

auto todos = troupe::actor<List>("todos")
                 .action("add", &add)
                 .action("open", &List::open)  // a member function of the state
                 .action("remind", &remind)
                 .action("all", [](const List& list) { return list.todos; });
// end
}  // namespace handlers

TEST(Guide, HandlersComeInManyForms) {
  FakeActor actor(handlers::todos);
  EXPECT_EQ(actor.call("add", "write").value(), Value(1));
  EXPECT_EQ(actor.call("add", "read", "ada").value(), Value(2));
  EXPECT_EQ(actor.call("add", "").error().id(), "user.empty");
  EXPECT_EQ(actor.call("open").value(), Value(2));
  const auto reminded = actor.start("remind", 1);
  actor.world.advance(1s);
  ASSERT_TRUE(reminded->has_value());
  EXPECT_EQ(actor.context.events.at(0).first, "reminder");
}

namespace errors {
// snippet: errors
struct Account {
  double balance = 0;
  TROUPE_FIELDS(balance)
};

troupe::Result<double> withdraw(Account& account, double amount) {
  if (amount <= 0) return troupe::user_error("bad_amount", "amount must be positive");
  if (amount > account.balance)
    throw troupe::UserError("too_poor", "not enough money", troupe::Value::object({{"balance", account.balance}}));
  return account.balance -= amount;
}
// end
}  // namespace errors

TEST(Guide, ErrorsReachTheClient) {
  FakeActor actor(troupe::actor<errors::Account>("account").action("withdraw", &errors::withdraw));
  EXPECT_EQ(actor.call("withdraw", 0).error().id(), "user.bad_amount");
  EXPECT_EQ(actor.call("withdraw", 5).error().metadata(), Value::object({{"balance", 0.0}}));
}

namespace hooks {
// snippet: hooks
struct Settings {
  std::string title = "untitled";
  TROUPE_FIELDS(title)
};
struct Room {
  std::string title;
  std::int64_t visits = 0;
  TROUPE_FIELDS(title, visits)
};
struct Guest {
  std::string name = "guest";
  TROUPE_FIELDS(name)
};
struct Cache {
  std::map<std::string, int> hits;
};

using Ctx = troupe::Context<Room, Guest, Cache>;

auto room = troupe::actor<Room, Guest, Cache>("room")
                .sleep_timeout(10s)
                .create_state([](Settings input) {
                  return Room{input.title, 0};
                })
                .on_before_connect([](Guest guest) {
                  if (guest.name == "troll") throw troupe::UserError("banned", "no entry");
                })
                .create_conn_state([](Guest guest) { return guest; })
                .on_connect([](Room& s, Ctx& c) {
                  ++s.visits;
                  c.broadcast("joined", c.conn().state().name);
                })
                .on_state_change([](const Room& s, Ctx& c) { c.broadcast("visits", s.visits); })
                .action("poke", [](Ctx& c, std::string whom) {
                  for (auto conn : c.conns())
                    if (conn.state().name == whom) conn.send("poked", c.conn() ? c.conn().state().name : "nobody");
                  return ++c.vars().hits[whom];
                });
// end
}  // namespace hooks

TEST(Guide, HooksSeeConnections) {
  FakeActor actor(hooks::room, Value::object({{"title", "lobby"}}));
  EXPECT_EQ(actor.state(), Value::object({{"title", "lobby"}, {"visits", 0}}));
  auto ada = std::make_shared<FakeConnection>();
  ada->state_ = encode(hooks::Guest{"ada"});
  actor.context.conns = {ada};
  ASSERT_TRUE(actor.world.run(actor.behavior->on_connect(ada)));
  EXPECT_EQ(actor.context.events, (Events{{"joined", Value::array({"ada"})}, {"visits", Value::array({1})}}));
  EXPECT_EQ(actor.call_as(ada, "poke", "ada").value(), Value(1));
  EXPECT_EQ(ada->events, (Events{{"poked", Value::array({"ada"})}}));
  const HttpRequest request;
  const auto refused = actor.world.run(actor.behavior->on_before_connect(encode(hooks::Guest{"troll"}), request));
  EXPECT_EQ(refused.error().id(), "user.banned");
}

namespace data {
// snippet: data
struct Entry {
  std::int64_t id = 0;
  std::string text;
  std::optional<double> score;
  TROUPE_FIELDS(id, text, score)
};

using Ctx = troupe::Context<troupe::None>;

troupe::Task<troupe::Result<std::int64_t>> move_all(Ctx& c, std::string from, std::string to) {
  auto body = [from, to](const troupe::SqlTransactionRunner& tx) -> troupe::Task<troupe::Result<std::int64_t>> {
    auto moved = co_await tx.execute("UPDATE entry SET list = ? WHERE list = ?", to, from);
    if (!moved) co_return moved.error();
    co_return moved->changes;
  };
  co_return co_await c.db().transaction(body);
}

auto journal =
    troupe::actor("journal")
        .on_migrate([](Ctx& c) {
          return c.db().exec(
              "CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, list TEXT, text TEXT, score REAL)");
        })
        .action("best",
                [](Ctx& c, double least) {
                  return c.db().query<Entry>("SELECT id, text, score FROM entry WHERE score >= ? ORDER BY score DESC",
                                             least);
                })
        .action("count", [](Ctx& c) { return c.db().single<std::int64_t>("SELECT count(*) FROM entry"); })
        .action("move_all", &move_all)
        .action("remember", [](Ctx& c, std::string key, std::string value) { return c.kv().put(key, value); })
        .action("recall", [](Ctx& c, std::string key) { return c.kv().get(key); });
// end
}  // namespace data

TEST(Guide, DataIsKept) {
  FakeActor actor(data::journal);
  ASSERT_TRUE(actor.call("remember", "k", "v"));
  EXPECT_EQ(actor.call("recall", "k").value(), Value("v"));
  EXPECT_EQ(actor.call("move_all", "a", "b").value(), Value(0));
  EXPECT_EQ(actor.context.database.statements.back().sql, "commit");
}

namespace queues {
// snippet: queue
struct Posting {
  std::int64_t amount = 0;
  TROUPE_FIELDS(amount)
};

struct Till {
  std::int64_t total = 0;
  std::int64_t postings = 0;
  TROUPE_FIELDS(total, postings)
};

troupe::Task<troupe::Result<void>> work(Till& till, troupe::Context<Till>& c) {
  troupe::QueueReceive wanted;
  wanted.completable = true;
  co_return co_await c.queue().for_each<Posting>(
      wanted, [&till](troupe::Message<Posting> message) -> troupe::Task<troupe::Result<void>> {
        till.total += message.body.amount;
        till.postings += 1;
        co_return co_await message.complete(till.total);  // one commit: the new total, and the message is gone
      });
}

auto till =
    troupe::actor<Till>("till").queue<Posting>("post").run(&work).action("read", [](const Till& t) { return t; });
// end
}  // namespace queues

TEST(Guide, ATillWorksOffItsPostings) {
  FakeActor actor(queues::till);
  for (int amount : {5, 7})
    ASSERT_TRUE(actor.world.run(actor.context.messages.send("post", encode(queues::Posting{amount}))));
  EXPECT_TRUE(actor.world.run(actor.behavior->run()));
  EXPECT_EQ(actor.state(), Value::object({{"total", 12}, {"postings", 2}}));
  EXPECT_EQ(actor.context.messages.responses, (std::vector<Value>{Value(5), Value(12)}));
}

namespace raw {
// snippet: raw
using Ctx = troupe::Context<troupe::None>;

troupe::HttpResponse answer(Ctx& c, troupe::HttpRequest request) {
  const auto [path, query] = troupe::split_target(request.target);
  if (path != "/numbers") return troupe::text_response(404, "no such page");
  troupe::HttpResponse response;
  response.stream = c.stream([](troupe::BodyWriter& out) -> troupe::Task<troupe::Result<void>> {
    for (int i = 0; i < 3; ++i) {
      const auto line = std::to_string(i) + "\n";
      TROUPE_CO_CHECK(co_await out.write(line));
    }
    co_return troupe::Result<void>();
  });
  return response;
}

troupe::Task<void> echo(std::shared_ptr<troupe::ActorWebSocket> socket) {
  for (;;) {
    auto message = co_await socket->receive();
    if (!message) co_return;
    socket->send(std::move(*message));
    co_await socket->wait_drained();
  }
}

auto pages = troupe::actor("pages").on_request(&answer).on_websocket(&echo);
// end
}  // namespace raw

TEST(Guide, PagesStream) {
  FakeActor actor(raw::pages);
  auto response = actor.world.run(actor.behavior->on_request({.method = "GET", .target = "/numbers"}, nullptr)).value();
  std::string text;
  for (;;) {
    auto piece = actor.world.run(response.stream->read()).value();
    if (!piece) break;
    text += to_string(BytesView(*piece));
  }
  EXPECT_EQ(text, "0\n1\n2\n");
}

// -- the guide shows exactly this -------------------------------------------------------------------------------------

std::map<std::string, std::string> compiled_here() {
  return compiled_snippets("tests/unit/sdk/guide_snippets_test.cpp");
}

TEST(Guide, ShowsTheCompiledCode) {
  auto shown = snippets_of("docs/guides/cpp-actors.md");
  shown.merge(snippets_of("docs/guides/queues.md"));
  EXPECT_EQ(shown, compiled_here());
}

TEST(Readme, ShowsTheCompiledCode) {
  const auto compiled = compiled_here();
  const auto shown = snippets_of("README.md");
  EXPECT_FALSE(shown.empty());
  for (const auto& [name, code] : shown) {
    ASSERT_TRUE(compiled.contains(name)) << name;
    EXPECT_EQ(code, compiled.at(name));
  }
}

}  // namespace
}  // namespace troupe::test
