#include <gtest/gtest.h>

#include "engine/base/codec/json.h"
#include "inspector/http_inspector.h"
#include "tests/unit/sdk/stage.h"

namespace troupe {
namespace {

using test::Stage;

constexpr const char* kToken = "secret-of-the-test";

class Inspector : public testing::Test {
 protected:
  struct Answer {
    int status = 0;
    std::string body;
    HttpHeaders headers;
  };

  Answer ask(Stage::Actor& actor, std::string method, std::string path, std::string body = {},
             std::string authorization = std::string("Bearer ") + kToken) {
    HttpRequest request;
    request.method = std::move(method);
    request.target = "/inspector/" + path;
    request.body = to_bytes(body);
    if (!authorization.empty()) request.headers.set("authorization", std::move(authorization));
    auto response = actor.run(inspector->fetch(actor.instance, std::move(request)));
    if (!response) return {0, response.error().id(), {}};
    return {response->status, to_string(response->body), response->headers};
  }
  Answer get(Stage::Actor& actor, std::string path) { return ask(actor, "GET", std::move(path)); }

  void expect(const Answer& answer, int status, std::string_view json) {
    EXPECT_EQ(answer.status, status) << answer.body;
    const auto got = parse_json(answer.body);
    ASSERT_TRUE(got) << answer.body;
    EXPECT_EQ(*got, parse_json(json).value()) << answer.body;
  }

  Stage stage;
  std::shared_ptr<LocalInspector> inspector = make_http_inspector({.token_override = kToken});
};

TEST_F(Inspector, ShowsTheStateAndReplacesItDurably) {
  auto& counter = stage.actor("counter");
  ASSERT_TRUE(counter.call("increment", 4));
  expect(get(counter, "state"), 200, R"({"state":{"count":4},"isStateEnabled":true})");

  expect(ask(counter, "PATCH", "state", R"({"state":{"count":40}})"), 200, R"({"ok":true})");
  EXPECT_EQ(counter.call("increment", 2).value(), Value(42));
  counter.sleep();
  counter.wake();
  expect(get(counter, "state"), 200, R"({"state":{"count":42},"isStateEnabled":true})");
}

TEST_F(Inspector, RefusesAStateThatTheActorCannotReadAndKeepsTheOldOne) {
  auto& counter = stage.actor("counter");
  ASSERT_TRUE(counter.call("increment", 4));
  EXPECT_EQ(ask(counter, "PATCH", "state", R"({"state":{"count":"many"}})").status, 500);
  EXPECT_EQ(ask(counter, "PATCH", "state", R"({"stat":1})").status, 400);
  EXPECT_EQ(ask(counter, "PATCH", "state", "{").status, 400);
  expect(get(counter, "state"), 200, R"({"state":{"count":4},"isStateEnabled":true})");
}

TEST_F(Inspector, SaysThatAnActorHasNoState) {
  auto& notes = stage.actor("notes");
  expect(get(notes, "state"), 200, R"({"isStateEnabled":false})");
  const auto refused = ask(notes, "PATCH", "state", R"({"state":1})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("state_not_enabled"), std::string::npos);
}

TEST_F(Inspector, ShowsConnectionsWithTheirStateAndSubscriptions) {
  auto& chat = stage.actor("chat");
  auto sink = std::make_shared<test::ClientSink>();
  auto conn = chat.connect(Value::object({{"name", "ada"}}), sink).value();
  ASSERT_TRUE(chat.run(chat.instance->subscribe(conn, "message", true)));
  const std::string shown = R"({"connections":[{"type":null,"id":")" + conn->id() +
                            R"(","details":{"type":null,"params":{"name":"ada"},"stateEnabled":true,)"
                            R"("state":{"name":"ada"},"subscriptions":1,"isHibernatable":true}}]})";
  expect(get(chat, "connections"), 200, shown);
}

TEST_F(Inspector, ListsActionsAndRunsThemWithoutAConnection) {
  auto& counter = stage.actor("counter");
  expect(get(counter, "rpcs"), 200, R"({"rpcs":["get","increment"]})");
  expect(ask(counter, "POST", "action/increment", R"({"args":[5]})"), 200, R"({"output":5})");
  expect(ask(counter, "POST", "action/increment", R"({"args":5})"), 200, R"({"output":10})");
  expect(ask(counter, "POST", "action/get"), 200, R"({"output":10})");
  expect(ask(counter, "POST", "action/get", R"({"args":null})"), 200, R"({"output":10})");
}

TEST_F(Inspector, AnswersFailingActionsUnmasked) {
  auto& counter = stage.actor("counter");
  expect(ask(counter, "POST", "action/nosuch", "{}"), 404,
         R"({"group":"action","code":"action_not_found","message":"Action nosuch not found","metadata":null})");
  expect(ask(counter, "POST", "action/get", R"({"args":[],"properties":{}})"), 400,
         R"({"error":"use either args or properties, not both"})");
  expect(ask(counter, "POST", "action/get", R"({"properties":[]})"), 400,
         R"({"error":"properties must be an object"})");
  auto& notes = stage.actor("notes");
  expect(ask(notes, "POST", "action/bulk", R"({"args":[-1]})"), 400,
         R"({"group":"user","code":"bad_count","message":"count must be from 0 to 100000","metadata":null})");
}

TEST_F(Inspector, ShowsAndChangesTheDatabase) {
  auto& notes = stage.actor("notes");
  ASSERT_TRUE(notes.call("add", "one", 1.5));
  ASSERT_TRUE(notes.call("add", "two", 2));
  const auto schema = get(notes, "database/schema");
  EXPECT_EQ(schema.status, 200);
  EXPECT_NE(schema.body.find(R"("name":"note","type":"table")"), std::string::npos) << schema.body;
  EXPECT_NE(schema.body.find(R"("cid":1,"name":"body","type":"TEXT","notnull":1,"dflt_value":null,"pk":0)"),
            std::string::npos);
  EXPECT_NE(schema.body.find(R"("records":2)"), std::string::npos);

  expect(get(notes, "database/rows?table=note&limit=1&offset=1"), 200, R"({"rows":[{"id":2,"body":"two","n":2}]})");
  expect(get(notes, "database/rows"), 400, R"({"error":"Missing required table query parameter"})");
  EXPECT_EQ(get(notes, "database/rows?table=nosuch").status, 500);
  EXPECT_EQ(get(notes, "database/rows?table=no%22such").status, 500);

  expect(ask(notes, "POST", "database/execute", R"({"sql":"UPDATE note SET n = ? WHERE id = ?","args":[7,1]})"), 200,
         R"({"rows":[]})");
  expect(ask(notes, "POST", "database/execute",
             R"({"sql":"SELECT n FROM note WHERE body = :b","properties":{"b":"one"}})"),
         200, R"({"rows":[{"n":7}]})");
  expect(ask(notes, "POST", "database/execute", R"({"sql":""})"), 400, R"({"error":"sql is required"})");
  EXPECT_EQ(ask(notes, "POST", "database/execute", R"({"sql":"SELECT 1; SELECT 2"})").status, 500);
}

TEST_F(Inspector, BoundsTheRowsAndTheBytesOfAnAnswer) {
  auto& notes = stage.actor("notes");
  ASSERT_TRUE(notes.call("bulk", 501));
  const auto rows = parse_json(get(notes, "database/rows?table=note&limit=100000").body).value();
  EXPECT_EQ(rows.find("rows")->get_if<Value::Array>()->size(), 500u);

  inspector = make_http_inspector({.answer_bytes_max = 1'000, .token_override = kToken});
  EXPECT_EQ(get(notes, "database/rows?table=note&limit=2").status, 200);
  const auto refused = get(notes, "database/rows?table=note&limit=500");
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("outgoing_too_long"), std::string::npos);
}

TEST_F(Inspector, BoundsTheBody) {
  auto& counter = stage.actor("counter");
  inspector = make_http_inspector({.body_bytes_max = 20, .token_override = kToken});
  const std::string fits = R"({"args":[1]        })";
  ASSERT_EQ(fits.size(), 20u);
  EXPECT_EQ(ask(counter, "POST", "action/increment", fits).status, 200);
  EXPECT_EQ(ask(counter, "POST", "action/increment", fits + " ").status, 400);
  EXPECT_EQ(counter.call("get").value(), Value(1));
}

TEST_F(Inspector, SummarisesTheActor) {
  auto& counter = stage.actor("counter");
  const auto summary = parse_json(get(counter, "summary").body).value();
  EXPECT_EQ(*summary.find("state"), parse_json(R"({"count":0})").value());
  EXPECT_EQ(*summary.find("rpcs"), parse_json(R"(["get","increment"])").value());
  EXPECT_EQ(*summary.find("isStateEnabled"), Value(true));
  EXPECT_EQ(parse_json(get(stage.actor("notes"), "summary").body).value().find("state"), nullptr);
}

TEST_F(Inspector, ShowsFillsAndEmptiesTheQueue) {
  auto& counter = stage.actor("counter");
  expect(get(counter, "queue"), 200, R"({"size":0,"maxSize":1000,"truncated":false,"messages":[]})");
  for (const char* id : {"1", "2", "3"}) {
    const auto added = parse_json(ask(counter, "POST", "queue", R"({"name":"jobs","body":{"a":1}})").body).value();
    EXPECT_EQ(*added.find("id"), Value(id));
    EXPECT_EQ(*added.find("name"), Value("jobs"));
    EXPECT_EQ(added.find("createdAtMs")->as_int(), stage.world.now_ms());
  }
  const auto shown = parse_json(get(counter, "queue?limit=2").body).value();
  EXPECT_EQ(*shown.find("size"), Value(3));
  EXPECT_EQ(*shown.find("truncated"), Value(true));
  EXPECT_EQ(shown.find("messages")->get_if<Value::Array>()->size(), 2u);
  EXPECT_EQ(*parse_json(get(counter, "summary").body).value().find("queueSize"), Value(3));

  expect(ask(counter, "DELETE", "queue"), 200, "{}");
  expect(get(counter, "queue?limit=none"), 200, R"({"size":0,"maxSize":1000,"truncated":false,"messages":[]})");
  EXPECT_EQ(*parse_json(ask(counter, "POST", "queue", R"({"name":"jobs"})").body).value().find("id"), Value("4"));
}

TEST_F(Inspector, RefusesMessagesThatTheQueueCannotTake) {
  auto& counter = stage.actor("counter");
  for (const char* body : {"", "{", R"({"body":1})", R"({"name":"","body":1})", R"({"name":7})"})
    EXPECT_EQ(ask(counter, "POST", "queue", body).status, 400) << body;
  const auto large = ask(counter, "POST", "queue", R"({"name":"jobs","body":")" + std::string(70'000, 'x') + "\"}");
  EXPECT_EQ(large.status, 400);
  EXPECT_NE(large.body.find("message_too_large"), std::string::npos) << large.body;
}

TEST_F(Inspector, HasTheEmptyAnswersOfActorsWithoutWorkflows) {
  auto& counter = stage.actor("counter");
  const auto* none = R"({"history":null,"workflowState":null,"isWorkflowEnabled":false})";
  expect(get(counter, "workflow-history"), 200, none);
  expect(ask(counter, "POST", "workflow/replay", "{}"), 200, none);
  for (const char* body : {"", "{", "{}}"})
    EXPECT_EQ(ask(counter, "POST", "workflow/replay", body).status, 400) << body;
  expect(get(counter, "traces?startMs=0"), 200, R"({"otlp":[],"clamped":false})");
}

TEST_F(Inspector, NamesTheActorInEveryAnswer) {
  const auto answer = get(stage.actor("counter", {"a", "b"}), "rpcs");
  EXPECT_EQ(*answer.headers.find("content-type"), "application/json");
  EXPECT_EQ(*answer.headers.find("x-rivet-actor-generation"), "1");
  EXPECT_EQ(*answer.headers.find("x-rivet-actor-key"), "a/b");
}

TEST_F(Inspector, RefusesEverybodyWithoutTheToken) {
  auto& counter = stage.actor("counter");
  const auto* refusal =
      R"({"group":"inspector","code":"unauthorized","message":"Inspector request requires a valid bearer token","metadata":null})";
  for (const char* header : {"", "Bearer wrong", "Basic secret-of-the-test", "Bearer "})
    expect(ask(counter, "GET", "state", {}, header), 401, refusal);
  expect(ask(counter, "PATCH", "state", R"({"state":{"count":9}})", ""), 401, refusal);
  expect(ask(counter, "GET", "nosuch", {}, ""), 401, refusal);
  expect(get(counter, "nosuch"), 404,
         R"({"group":"actor","code":"not_found","message":"Inspector route was not found","metadata":null})");
  EXPECT_EQ(counter.call("get").value(), Value(0));
}

TEST_F(Inspector, ServesNoPageYetAndSaysSoToEverybody) {
  auto& counter = stage.actor("counter");
  const auto page = ask(counter, "GET", "ui", {}, "");
  EXPECT_EQ(page.status, 404);
  EXPECT_NE(page.body.find("ui_asset_not_found"), std::string::npos);
  EXPECT_EQ(*page.headers.find("referrer-policy"), "no-referrer");
  EXPECT_NE(ask(counter, "GET", "custom-tabs/a/b.js", {}, "").body.find("custom_tab_not_found"), std::string::npos);
}

TEST_F(Inspector, OpensWithTheTokenOfTheActorForItsWholeLife) {
  inspector = make_http_inspector({});
  auto& counter = stage.actor("counter");
  const auto token = counter.token();
  EXPECT_EQ(token.size(), 43u);
  EXPECT_NE(token, stage.actor("notes").token());
  EXPECT_EQ(ask(counter, "GET", "rpcs", {}, "Bearer " + token).status, 200);
  EXPECT_EQ(ask(stage.actor("notes"), "GET", "rpcs", {}, "Bearer " + token).status, 401);
  counter.sleep();
  counter.wake();
  EXPECT_EQ(counter.token(), token);
  EXPECT_EQ(ask(counter, "GET", "rpcs", {}, "Bearer " + token).status, 200);
}

TEST_F(Inspector, HandsARequestUpWhenTheGenerationIsOver) {
  auto& counter = stage.actor("counter");
  counter.sleep();
  EXPECT_EQ(get(counter, "state").body, "actor.stopping");
}

}  // namespace
}  // namespace troupe
