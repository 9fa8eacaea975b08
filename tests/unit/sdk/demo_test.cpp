#include <gtest/gtest.h>

#include "tests/unit/sdk/stage.h"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;

Value arr(std::initializer_list<Value> items) { return Value::array(items); }

struct Demo : testing::Test {
  Stage stage;
};

TEST_F(Demo, AllActorsAreRegistered) {
  Registry registry;
  register_demo_actors(registry);
  std::vector<std::string> names;
  for (const auto& [name, definition] : registry.all()) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"account", "boss", "chat", "counter", "ledger", "notes", "raw", "store",
                                             "timer"}));
}

// -- counter ----------------------------------------------------------------------------------------------------------

TEST_F(Demo, TheCounterKeepsItsCountThroughASleep) {
  auto& counter = stage.actor("counter");
  EXPECT_EQ(counter.call("increment", 5).value(), Value(5));
  EXPECT_EQ(counter.call("increment", -2).value(), Value(3));
  counter.sleep();
  counter.wake();
  EXPECT_EQ(counter.call("get").value(), Value(3));
}

TEST_F(Demo, TheCounterTellsItsSubscribers) {
  auto& counter = stage.actor("counter");
  auto sink = std::make_shared<ClientSink>();
  auto conn = counter.connect(nullptr, sink).value();
  ASSERT_TRUE(counter.run(counter.instance->subscribe(conn, "count", true)));
  counter.call_on(conn, "increment", 4).value();
  EXPECT_EQ(sink->events, (Events{{"count", arr({4})}}));
}

// -- account ----------------------------------------------------------------------------------------------------------

TEST_F(Demo, AnAccountOpensWithItsInput) {
  auto& rich = stage.actor("account", {"rich", "eu"}, Value::object({{"opening", 40}}));
  EXPECT_EQ(rich.call("read").value(),
            Value::object({{"balance", 40}, {"log", arr({})}, {"key", arr({"rich", "eu"})}, {"name", "account"}}));
  EXPECT_EQ(*stage.actor("account", {"plain"}).call("read").value().find("balance"), Value(0));
  EXPECT_EQ(*stage.actor("account", {"empty"}, Value::object({})).call("read").value().find("balance"), Value(0));
}

TEST_F(Demo, ADepositIsLoggedWithItsUserAndTold) {
  auto& account = stage.actor("account");
  auto sink = std::make_shared<ClientSink>();
  auto conn = account.connect(Value::object({{"user", "ada"}}), sink).value();
  ASSERT_TRUE(account.run(account.instance->subscribe(conn, "moved", true)));
  EXPECT_EQ(account.call_on(conn, "deposit", 5).value(), Value(5));
  EXPECT_EQ(account.call("deposit", 2).value(), Value(7));
  EXPECT_EQ(account.call_on(nullptr, "deposit", 1.5).value(), Value(8.5));
  EXPECT_EQ(*account.call("read").value().find("log"), arr({arr({"ada", 5}), arr({"anon", 2}), arr({nullptr, 1.5})}));
  EXPECT_EQ(sink->events, (Events{{"moved", arr({Value::object({{"balance", 5}, {"by", "ada"}})})},
                                  {"moved", arr({Value::object({{"balance", 7}, {"by", "anon"}})})},
                                  {"moved", arr({Value::object({{"balance", 8.5}, {"by", nullptr}})})}}));
}

TEST_F(Demo, ADepositOfNothingIsAUserError) {
  auto& account = stage.actor("account");
  const auto error = account.call("deposit", -3).error();
  EXPECT_EQ(error.id(), "user.bad_amount");
  EXPECT_EQ(error.message(), "amount must be positive");
  EXPECT_EQ(error.metadata(), Value::object({{"n", -3.0}}));
  EXPECT_EQ(account.call("deposit", "5").error().id(), "actor.validation_error");
  EXPECT_EQ(*account.call("read").value().find("log"), arr({}));
}

TEST_F(Demo, ABannedUserIsRefused) {
  auto& account = stage.actor("account");
  const auto params = Value::object({{"user", "banned"}});
  const auto error = account.call_with(params, "read").error();
  EXPECT_EQ(error.id(), "user.banned");
  EXPECT_EQ(error.message(), "no entry");
  EXPECT_EQ(error.metadata(), Value::object({{"who", "banned"}}));
  EXPECT_EQ(account.connect(params, std::make_shared<ClientSink>()).error().id(), "user.banned");
}

TEST_F(Demo, AnAccountKnowsWhoCalls) {
  auto& account = stage.actor("account");
  EXPECT_EQ(account.call("whoami").value(), Value::object({{"user", "anon"}}));
  EXPECT_EQ(account.call_with(Value::object({{"user", "ada"}}), "whoami").value(), Value::object({{"user", "ada"}}));
  EXPECT_EQ(account.call_on(nullptr, "whoami").value(), Value(nullptr));
}

TEST_F(Demo, AnAccountGivesValuesOfEveryTypeBack) {
  auto& account = stage.actor("account");
  for (const auto& value :
       {Value(nullptr), Value(Undefined{}), Value(true), Value(1.5), Value("ä"), Value(Bytes{0, 255}),
        Value(BigInt{"-18446744073709551616"}), arr({"$x", 1}), Value::object({{"a", arr({})}})})
    EXPECT_EQ(account.call("types", value).value(), value);
  EXPECT_EQ(account.call("types").value(), Value(Undefined{}));
}

TEST_F(Demo, ABoomStaysInside) {
  const auto error = stage.actor("account").call("boom").error();
  EXPECT_EQ(error.id(), "rivetkit.internal_error");
  EXPECT_EQ(masked(error).message(), "An internal error occurred");
}

TEST_F(Demo, BigIsAsLongAsAskedWithinReason) {
  auto& account = stage.actor("account");
  EXPECT_EQ(account.call("big", 3).value(), Value("xxx"));
  EXPECT_EQ(account.call("big", 1'000'000'000).error().id(), "user.too_big");
}

TEST_F(Demo, AnIdleAccountAsksToSleep) {
  auto& account = stage.actor("account");
  stage.world.advance(1499ms);
  EXPECT_EQ(account.host->sleep_intents, 0);
  stage.world.advance(2ms);
  EXPECT_EQ(account.host->sleep_intents, 1);
}

// -- store and notes --------------------------------------------------------------------------------------------------

TEST_F(Demo, TheStoreKeepsText) {
  auto& store = stage.actor("store");
  EXPECT_EQ(store.call("put", "a/1", "one").value(), Value(Undefined{}));
  store.call("put", "a/2", "two").value();
  store.call("put", "$b", "three").value();
  EXPECT_EQ(store.call("get", "a/1").value(), Value("one"));
  EXPECT_EQ(store.call("get", "zzz").value(), Value(nullptr));
  EXPECT_EQ(store.call("list", "a/").value(), arr({arr({"a/1", "one"}), arr({"a/2", "two"})}));
  EXPECT_EQ(store.call("list", "$").value(), arr({arr({"$b", "three"})}));
  store.call("del", "a/1").value();
  store.sleep();
  store.wake();
  EXPECT_EQ(store.call("list", "").value(), arr({arr({"$b", "three"}), arr({"a/2", "two"})}));
}

TEST_F(Demo, NotesAreRows) {
  auto& notes = stage.actor("notes");
  EXPECT_EQ(notes.call("add", "first", 1.5).value(), Value(1));
  EXPECT_EQ(notes.call("add", std::string("sec\0ond", 7), 2).value(), Value(2));
  notes.sleep();
  notes.wake();
  const auto first = Value::object({{"id", 1}, {"body", "first"}, {"n", 1.5}});
  const auto second = Value::object({{"id", 2}, {"body", std::string("sec\0ond", 7)}, {"n", 2}});
  EXPECT_EQ(notes.call("all").value(), arr({first, second}));
  EXPECT_EQ(notes.call("integrity").value(), Value("ok"));
}

TEST_F(Demo, BulkNotesAreSummedUp) {
  auto& notes = stage.actor("notes");
  EXPECT_EQ(notes.call("bulk", 0).value(), Value::object({{"c", 0}, {"s", 0}}));
  EXPECT_EQ(notes.call("bulk", 1000).value(), Value::object({{"c", 1000}, {"s", 249'750}}));
  EXPECT_EQ(notes.call("bulk", -1).error().id(), "user.bad_count");
}

// -- raw --------------------------------------------------------------------------------------------------------------

HttpRequest request_to(std::string target) {
  HttpRequest request;
  request.method = "POST";
  request.target = std::move(target);
  return request;
}

TEST_F(Demo, RawRequestsAreToldBack) {
  auto& raw = stage.actor("raw");
  auto request = request_to("/a/b?x=1&y=2");
  request.body = to_bytes(std::string_view("héllo"));
  request.headers.set("x-probe", "yes");
  auto response = raw.run(raw.instance->request({}, request)).value();
  EXPECT_EQ(response.status, 207);
  EXPECT_EQ(*response.headers.find("x-hits"), "1");
  EXPECT_EQ(as_text(response.body), R"({"method":"POST","path":"/a/b","q":"?x=1&y=2","body":"héllo","h":"yes"})");
  response = raw.run(raw.instance->request({}, request_to("/"))).value();
  EXPECT_EQ(as_text(response.body), R"({"method":"POST","path":"/","q":"","body":"","h":null})");
  EXPECT_EQ(raw.call("hits").value(), Value(2));
}

TEST_F(Demo, ARawStreamComesInFivePieces) {
  auto& raw = stage.actor("raw");
  auto response = raw.run(raw.instance->request({}, request_to("/some/stream"))).value();
  EXPECT_EQ(*response.headers.find("x-kind"), "stream");
  ASSERT_TRUE(response.stream);
  for (int i = 0; i < 5; ++i) {
    if (i > 0) stage.world.advance(20ms);
    const auto piece = raw.run(response.stream->read()).value();
    ASSERT_TRUE(piece);
    EXPECT_EQ(as_text(*piece), "part" + std::to_string(i) + "\n");
  }
  EXPECT_EQ(raw.run(response.stream->read()).value(), std::nullopt);
}

TEST_F(Demo, ARawStreamStopsWhenItsReaderGoes) {
  auto& raw = stage.actor("raw");
  auto response = raw.run(raw.instance->request({}, request_to("/stream"))).value();
  ASSERT_TRUE(raw.run(response.stream->read()).value());
  response.stream->cancel();
  response.stream.reset();
  stage.world.advance(200ms);
  EXPECT_EQ(raw.call("hits").value(), Value(1));
  raw.sleep();
}

TEST_F(Demo, ARawSocketEchoesUntilItIsAskedToLeave) {
  auto& raw = stage.actor("raw");
  auto client = std::make_shared<SocketSink>();
  auto socket = raw.run(raw.instance->websocket({}, client)).value();
  stage.world.settle();
  EXPECT_EQ(client->sent, (std::vector<std::string>{"text hello"}));
  raw.run(socket->on_message(text_message("ä")));
  raw.run(socket->on_message(binary_message({'b'})));
  stage.world.settle();
  EXPECT_EQ(client->sent, (std::vector<std::string>{"text hello", "text ä", "binary b"}));
  raw.run(socket->on_message(text_message("bye")));
  stage.world.settle();
  EXPECT_EQ(client->closed, "4001 asked");
}

// -- boss -------------------------------------------------------------------------------------------------------------

TEST_F(Demo, TheBossPaysIntoAccounts) {
  auto& account = stage.actor("account", {"ada"});
  auto& boss = stage.actor("boss");
  EXPECT_EQ(boss.call("ping").value(), Value("pong"));
  EXPECT_EQ(boss.call("hire", "ada", 12).value(), Value(12));
  EXPECT_EQ(*account.call("read").value().find("log"), arr({arr({nullptr, 12})}));
  EXPECT_EQ(boss.call("hire", "ada", 0).error().id(), "user.bad_amount");
}

TEST_F(Demo, TheBossCanLeaveForGood) {
  auto& boss = stage.actor("boss");
  EXPECT_EQ(boss.call("suicide").value(), Value(Undefined{}));
  EXPECT_EQ(boss.host->destroy_intents, 1);
}

// -- chat -------------------------------------------------------------------------------------------------------------

Value named(const char* name) { return Value::object({{"name", name}}); }

TEST_F(Demo, AChatRoomTellsItsGuestsWhatHappens) {
  auto& chat = stage.actor("chat");
  auto seen = std::make_shared<ClientSink>();
  auto ada = chat.connect(named("ada"), seen).value();
  for (const auto* event : {"message", "typing", "joined", "left"})
    ASSERT_TRUE(chat.run(chat.instance->subscribe(ada, event, true)));
  auto grace = chat.connect(named("grace"), std::make_shared<ClientSink>()).value();
  EXPECT_EQ(chat.call("who").value(), arr({"ada", "grace"}));
  chat.call_on(grace, "typing", true).value();
  const auto message = chat.call_on(grace, "send", "hi").value();
  EXPECT_EQ(*message.find("name"), Value("grace"));
  EXPECT_EQ(*message.find("text"), Value("hi"));
  chat.instance->disconnected(grace, "bye");
  stage.world.settle();
  EXPECT_EQ(seen->events, (Events{{"joined", arr({"grace"})},
                                  {"typing", arr({"grace", true})},
                                  {"message", arr({message})},
                                  {"left", arr({"grace"})}}));
  EXPECT_EQ(chat.call("who").value(), arr({"ada"}));
}

TEST_F(Demo, AChatRoomRemembers) {
  auto& chat = stage.actor("chat");
  for (const auto* text : {"one", "two", "three"}) chat.call_with(named("ada"), "send", text).value();
  chat.sleep();
  chat.wake();
  const auto history = chat.call("history", 2).value();
  const auto* messages = history.get_if<Value::Array>();
  ASSERT_EQ(messages->size(), 2u);
  EXPECT_EQ(*(*messages)[0].find("text"), Value("two"));
  EXPECT_EQ(*(*messages)[1].find("text"), Value("three"));
  EXPECT_EQ(chat.call("history").value().get_if<Value::Array>()->size(), 3u);
}

TEST_F(Demo, AChatRoomHasManners) {
  auto& chat = stage.actor("chat");
  EXPECT_EQ(chat.connect(named(""), std::make_shared<ClientSink>()).error().id(), "user.bad_name");
  EXPECT_EQ(chat.call("send", "").error().id(), "user.bad_text");
  EXPECT_EQ(chat.call("send", std::string(4'001, 'x')).error().id(), "user.bad_text");
}

}  // namespace
}  // namespace troupe::test
