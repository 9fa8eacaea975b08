#include "tests/unit/management/api_fixture.h"

namespace troupe::testing {
namespace {

class ManagementService : public ApiTest {};

TEST_F(ManagementService, HealthNamesTheRuntimeAndTheVersion) {
  const auto answer = get("/health");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.text, R"({"runtime":"engine","status":"ok","version":"2.3.19"})");
  EXPECT_EQ(answer.header("content-type"), "application/json");
  EXPECT_EQ(answer.header("vary"), "(none)");
}

TEST_F(ManagementService, MetadataHasAllFieldsAndIgnoresItsQuery) {
  const auto body = get("/metadata?namespace=default&anything=1").body();
  EXPECT_EQ(body.at("runtime"), "engine");
  for (const auto* field :
       {"version", "git_sha", "build_timestamp", "rustc_version", "rustc_host", "cargo_target", "cargo_profile"})
    EXPECT_TRUE(body.at(field).is_string()) << field;
  EXPECT_EQ(body.at("epoxy_protocol_version"), 3);
  EXPECT_EQ(body.at("envoy_protocol_version"), 8);
}

TEST_F(ManagementService, TheRootRedirectsToTheUserInterface) {
  const auto answer = get("/");
  EXPECT_EQ(answer.status, 308);
  EXPECT_EQ(answer.header("location"), "/ui/");
  EXPECT_EQ(answer.text, "");
}

TEST_F(ManagementService, DatacentersAndFanoutShowThisOne) {
  EXPECT_EQ(
      get("/datacenters").text,
      R"({"datacenters":[{"label":1,"name":"default","url":"http://127.0.0.1:6420/"}],"pagination":{"cursor":null}})");
  const auto entry = get("/health/fanout").body().at("datacenters").at(0);
  EXPECT_EQ(entry.at("status"), "ok");
  EXPECT_TRUE(entry.at("rtt_ms").is_number());
  EXPECT_EQ(entry.at("response").at("runtime"), "engine");
  EXPECT_TRUE(entry.at("error").is_null());
}

TEST_F(ManagementService, UnknownPathsAreNotFound) {
  for (const auto* path : {"/nothing", "/health/", "/ui/", "/actors/", "/actors/x/y", "/actors//sleep", "//", ""}) {
    const auto answer = get(path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_EQ(answer.text, R"({"group":"api","code":"not_found","message":"The requested resource was not found"})");
    EXPECT_EQ(answer.header("access-control-allow-origin"), "*");
    EXPECT_EQ(answer.header("access-control-expose-headers"), "*");
    EXPECT_EQ(answer.header("access-control-allow-credentials"), "(none)");
  }
}

TEST_F(ManagementService, AWrongMethodIsToldTheRightOnes) {
  const auto answer = call("PATCH", "/actors");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.text, "");
  EXPECT_EQ(answer.header("allow"), "GET,HEAD,POST,PUT");
  EXPECT_EQ(answer.header("access-control-allow-credentials"), "true");
  EXPECT_EQ(get("/actors/92b8glxz44e4mbci1ksehb7tq8dl00").header("allow"), "DELETE");
  EXPECT_EQ(call("POST", "/health").header("vary"), "(none)");
}

TEST_F(ManagementService, HeadIsAnsweredWhereGetIs) {
  EXPECT_EQ(call("HEAD", "/health").status, 200);
  EXPECT_EQ(call("HEAD", "/actors/92b8glxz44e4mbci1ksehb7tq8dl00").status, 405);
}

TEST_F(ManagementService, OptionsMirrorsWhatABrowserAsksFor) {
  const auto answer = call("OPTIONS", "/actors", {},
                           {{"origin", "https://a.example"},
                            {"access-control-request-method", "PUT"},
                            {"access-control-request-headers", "authorization,x-y"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("access-control-allow-origin"), "https://a.example");
  EXPECT_EQ(answer.header("access-control-allow-methods"), "PUT");
  EXPECT_EQ(answer.header("access-control-allow-headers"), "authorization,x-y");
  EXPECT_EQ(answer.header("access-control-allow-credentials"), "true");
  EXPECT_EQ(answer.header("allow"), "GET,HEAD,POST,PUT");
  EXPECT_EQ(call("OPTIONS", "/nothing").header("access-control-allow-methods"), "*");
  EXPECT_EQ(call("OPTIONS", "/health").status, 405);
  EXPECT_EQ(call("OPTIONS", "/health").header("allow"), "GET,HEAD");
}

TEST_F(ManagementService, AnswersMirrorTheOriginOnlyWhenThereIsOne) {
  EXPECT_EQ(get("/metadata").header("access-control-allow-origin"), "(none)");
  EXPECT_EQ(get("/metadata").header("vary"), "origin, access-control-request-method, access-control-request-headers");
  EXPECT_EQ(get("/metadata", {{"origin", "https://b.example"}}).header("access-control-allow-origin"),
            "https://b.example");
}

TEST_F(ManagementService, TheTokenIsAskedForWhereDataAre) {
  use_token("secret");
  const auto* id = "92b8glxz44e4mbci1ksehb7tq8dl00";
  for (const auto& path :
       {std::string("/actors?namespace=default&name=x"), std::string("/namespaces"),
        std::string("/runner-configs?namespace=default"), std::string("/runners?namespace=default"),
        std::string("/runners/names?namespace=default"), std::string("/envoys?namespace=default"),
        std::string("/datacenters"), std::string("/health/fanout"), std::string("/actors/names?namespace=default"),
        std::string("/actors/") + id + "/kv/keys/Aw==?namespace=default"}) {
    EXPECT_EQ(
        get(path).text,
        R"({"group":"api","code":"forbidden","message":"Access denied: Token not provided","metadata":{"reason":"Token not provided"}})")
        << path;
    EXPECT_EQ(get(path).status, 403);
  }
  EXPECT_EQ(call("DELETE", std::string("/actors/") + id + "?namespace=default").status, 403);
  EXPECT_EQ(create("PUT", {{"key", "k"}}).status, 403);
  for (const auto* path : {"/health", "/metadata"}) EXPECT_EQ(get(path).status, 200) << path;
  EXPECT_EQ(get("/").status, 308);
  EXPECT_EQ(call("OPTIONS", "/actors").status, 200);
  EXPECT_EQ(call("PATCH", "/actors").status, 405);
}

TEST_F(ManagementService, OnlyTheExactBearerTokenIsAccepted) {
  use_token("secret");
  const auto with = [&](std::string value) { return get("/datacenters", {{"authorization", std::move(value)}}); };
  EXPECT_EQ(with("Bearer secret").status, 200);
  EXPECT_EQ(with("Bearer wrong").reason(), "Invalid token");
  EXPECT_EQ(with("Bearer secretsecret").reason(), "Invalid token");
  EXPECT_EQ(with("Bearer ").reason(), "Invalid token");
  EXPECT_EQ(with("bearer secret").reason(), "Token not provided");
  EXPECT_EQ(get("/datacenters", {{"x-rivet-token", "secret"}}).reason(), "Token not provided");
}

TEST_F(ManagementService, AMalformedRequestIsToldSoBeforeItsTokenIsLookedAt) {
  use_token("secret");
  EXPECT_EQ(get("/actors").error(), "400 api.bad_request");
  EXPECT_EQ(call("DELETE", "/actors/xx?namespace=default").error(), "400 api.bad_request");
  EXPECT_EQ(send("POST", "/namespaces", "{}").error(), "400 api.bad_request");
}

TEST_F(ManagementService, EveryAnswerIsReportedWithItsRouteTemplate) {
  std::vector<std::string> seen;
  settings.on_answer = [&](const ApiAnswer& answer) {
    seen.push_back(std::string(answer.method) + " " + std::string(answer.path) + " " + std::to_string(answer.status));
  };
  api = make_management_api(world.ports(), engine, settings);
  get("/actors/names?namespace=default");
  call("DELETE", "/actors/xx?namespace=default");
  get("/nothing");
  EXPECT_THAT(seen, ::testing::ElementsAre("GET /actors/names 200", "DELETE /actors/{actor_id} 400", "GET  404"));
}

TEST_F(ManagementService, AnExceptionBecomesAnInternalError) {
  engine.throws = true;
  const auto answer = create("POST", {});
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.text, R"({"group":"core","code":"internal_error","message":"An internal error occurred"})");
}

TEST_F(ManagementService, PoolsOfOtherHostsAreEmptyLists) {
  EXPECT_EQ(get("/envoys?namespace=default&envoy_key=a&envoy_key=b").text,
            R"({"envoys":[],"pagination":{"cursor":null}})");
  EXPECT_EQ(get("/runners?namespace=default&include_stopped=true").text,
            R"({"runners":[],"pagination":{"cursor":null}})");
  EXPECT_EQ(get("/runners/names?namespace=default").text, R"({"names":[],"pagination":{"cursor":null}})");
  EXPECT_EQ(get("/envoys?namespace=nowhere").error(), "400 namespace.not_found");
  EXPECT_EQ(get("/runners?namespace=default&runner_ids=x").reason(),
            "invalid id in `runner_ids` query: invalid input length: expected at least 4 characters");
}

TEST_F(ManagementService, TheLocalPoolIsListedWithItsNormalConfig) {
  EXPECT_EQ(
      get("/runner-configs?namespace=default").text,
      R"({"runner_configs":{"default":{"datacenters":{"default":{"normal":{"drain_on_version_upgrade":true,)"
      R"("actor_eviction_delay":0,"actor_eviction_period":0,"actor_eviction_rate":1.0},"protocol_version":null}}}},)"
      R"("pagination":{"cursor":null}})");
  EXPECT_TRUE(get("/runner-configs?namespace=default&variant=serverless").body().at("runner_configs").empty());
  EXPECT_TRUE(get("/runner-configs?namespace=default&runner_names=a,b").body().at("runner_configs").empty());
  EXPECT_EQ(get("/runner-configs?namespace=default&runner_name=default").body().at("runner_configs").size(), 1u);
  EXPECT_EQ(get("/runner-configs?namespace=default&variant=bogus").reason(),
            "Failed to deserialize query string: variant: unknown variant `bogus`, expected `serverless` or `normal`");
  engine.names.clear();
  EXPECT_TRUE(get("/runner-configs?namespace=default").body().at("runner_configs").empty());
}

}  // namespace
}  // namespace troupe::testing
