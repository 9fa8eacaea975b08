// What clients are not told of a failure is in the log, once.
#include <gtest/gtest.h>

#include "tests/unit/base/warnings.h"
#include "tests/unit/sdk/stage.h"
#include "troupe/web.h"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;
using Ctx = Context<None>;

struct Log : testing::Test {
  std::size_t times(const std::string& text) const {
    std::size_t found = 0;
    const auto log = warnings.text();
    for (auto at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++found;
    return found;
  }

  const Warnings warnings;
  Stage stage;
};

void leak() { throw std::runtime_error("the vault code is 4711"); }

TEST_F(Log, TellsWhatAnActionThrew) {
  auto& account = stage.actor("account");
  const auto error = account.call("boom").error();
  EXPECT_EQ(masked(error).message(), "An internal error occurred");
  EXPECT_EQ(times("action boom failed: rivetkit.internal_error"), 1u) << warnings.text();
  EXPECT_EQ(times("4711"), 1u) << warnings.text();
}

TEST_F(Log, TellsIfTheCallerIsAnotherActorToo) {
  auto& boss = stage.actor("boss");
  (void)stage.actor("account", {"a"});
  const auto ask = Value::object({{"name", "account"}, {"key", "a"}, {"action", "boom"}, {"argument", nullptr}});
  EXPECT_TRUE(boss.call("ask", ask).error().is("rivetkit", "internal_error"));
  EXPECT_EQ(times("4711"), 1u) << warnings.text();
}

TEST_F(Log, TellsWhatADatabaseSaid) {
  stage.add(actor("typist").action("select", [](Ctx& c) { return c.db().exec("SELEC 1"); }));
  EXPECT_TRUE(stage.actor("typist").call("select").error().is("core", "internal_error"));
  EXPECT_EQ(times("action select failed: core.internal_error"), 1u) << warnings.text();
  EXPECT_EQ(times("syntax error"), 1u) << warnings.text();
}

TEST_F(Log, TellsWhatHooksThrew) {
  stage.add(actor("door")
                .on_before_connect([](Ctx&, std::optional<bool> leaks) {
                  if (leaks) leak();
                })
                .can_subscribe([](Ctx&, std::string) -> bool {
                  leak();
                  return false;
                })
                .queue<Raw>("post",
                            [](Ctx&) -> bool {
                              leak();
                              return false;
                            })
                .on_request([](Ctx&, HttpRequest) -> HttpResponse {
                  leak();
                  return {};
                })
                .action("ping", [] {}));
  auto& door = stage.actor("door");
  EXPECT_FALSE(door.call_with(true, "ping"));
  EXPECT_EQ(times("4711"), 1u) << warnings.text();
  EXPECT_FALSE(door.connect(true, std::make_shared<ClientSink>()));
  EXPECT_EQ(times("4711"), 2u) << warnings.text();
  auto conn = door.connect(nullptr, std::make_shared<ClientSink>()).value();
  EXPECT_FALSE(door.run(door.instance->subscribe(conn, "event", true)));
  EXPECT_EQ(times("4711"), 3u) << warnings.text();
  EXPECT_FALSE(door.send("post", 1));
  EXPECT_EQ(times("4711"), 4u) << warnings.text();
  EXPECT_FALSE(door.run(door.instance->request({}, HttpRequest{})));
  EXPECT_EQ(times("request failed: "), 1u) << warnings.text();
  EXPECT_EQ(times("4711"), 5u) << warnings.text();
}

TEST_F(Log, TellsWhatASocketHandlerThrew) {
  stage.add(actor("plug").on_websocket([](Ctx&, std::shared_ptr<ActorWebSocket>) { leak(); }));
  auto& plug = stage.actor("plug");
  const auto client = std::make_shared<SocketSink>();
  ASSERT_TRUE(plug.run(plug.instance->websocket({}, client)));
  EXPECT_EQ(client->closed, "1011 rivetkit.internal_error");
  EXPECT_EQ(times("onWebSocket failed: "), 1u) << warnings.text();
  EXPECT_EQ(times("4711"), 1u) << warnings.text();
}

TEST_F(Log, TellsWhatAScheduledActionThrewOnce) {
  stage.add(actor("clock").action("plan", [](Ctx& c) { return c.schedule().after(1s, "strike"); }).action("strike", [] {
    leak();
  }));
  ASSERT_TRUE(stage.actor("clock").call("plan"));
  stage.world.advance(1s);
  EXPECT_EQ(times("4711"), 1u) << warnings.text();
}

TEST_F(Log, TellsWhatAnActionThrewThatHadTimedOut) {
  ActorOptions options;
  options.action_timeout = 1s;
  stage.add(actor("snail").options(options).action("crawl", [](Ctx& c) -> Task<Result<void>> {
    (void)co_await c.delay(5s);
    leak();
    co_return Result<void>();
  }));
  auto& snail = stage.actor("snail");
  std::optional<Result<Bytes>> answer;
  boost::asio::co_spawn(stage.world.context(), snail.instance->action(nullptr, "crawl", detail::encode_arguments()),
                        [&](std::exception_ptr, Result<Bytes> result) { answer = std::move(result); });
  stage.world.advance(1s);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->error().is("actor", "action_timed_out"));
  EXPECT_EQ(times("4711"), 1u) << warnings.text();
}

TEST_F(Log, IsSilentAboutWhatClientsAreTold) {
  auto& account = stage.actor("account");
  EXPECT_TRUE(account.call("deposit", -3).error().is("user", "bad_amount"));
  EXPECT_TRUE(account.call("nothing").error().is("actor", "action_not_found"));
  EXPECT_TRUE(account.call("deposit", "5").error().is("actor", "validation_error"));
  EXPECT_EQ(warnings.text(), "");
}

}  // namespace
}  // namespace troupe::test
