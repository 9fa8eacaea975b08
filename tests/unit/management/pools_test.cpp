#include "tests/unit/management/api_fixture.h"

namespace troupe::testing {
namespace {

class PoolsApiTest : public ApiTest {
 protected:
  Answer put(const std::string& pool, const json& config) {
    return send("PUT", "/runner-configs/" + pool + "?namespace=default",
                json{{"datacenters", {{"default", config}}}}.dump());
  }
  static json endpoint() {
    return {{"serverless", {{"url", "http://app.test/api/rivet"}, {"request_lifespan", 3'600}}}};
  }
  json config(const std::string& pool) {
    return get("/runner-configs?namespace=default&runner_name=" + pool)
        .body()
        .at("runner_configs")
        .at(pool)
        .at("datacenters")
        .at("default");
  }
  NamespaceId ns() { return engine.directory().find_namespace("default")->id; }
};

TEST_F(PoolsApiTest, ANormalConfigGetsItsDefaultsAndIsListed) {
  EXPECT_EQ(put("app", {{"normal", json::object()}, {"drain_on_version_upgrade", true}}).text,
            R"({"endpoint_config_changed":true})");
  EXPECT_EQ(put("app", {{"normal", json::object()}}).text, R"({"endpoint_config_changed":true})");
  EXPECT_EQ(
      get("/runner-configs?namespace=default&runner_name=app").text,
      R"({"runner_configs":{"app":{"datacenters":{"default":{"normal":{"drain_on_version_upgrade":true,)"
      R"("actor_eviction_delay":0,"actor_eviction_period":0,"actor_eviction_rate":1.0},"protocol_version":null}}}},)"
      R"("pagination":{"cursor":null}})");
}

TEST_F(PoolsApiTest, TheOuterDrainSettingWinsAndMetadataAreKept) {
  put("app",
      {{"normal", {{"drain_on_version_upgrade", true}, {"actor_eviction_rate", 0.1}, {"actor_eviction_delay", 7}}},
       {"drain_on_version_upgrade", false},
       {"metadata", {{"by", {1, 2}}}},
       {"unknown", 1}});
  EXPECT_EQ(config("app").at("normal"), json::parse(R"({"drain_on_version_upgrade":false,"actor_eviction_delay":7,
                                                        "actor_eviction_period":0,"actor_eviction_rate":0.1})"));
  EXPECT_EQ(config("app").at("metadata"), json::parse(R"({"by":[1,2]})"));
}

TEST_F(PoolsApiTest, AServerlessConfigGetsItsDefaults) {
  EXPECT_EQ(put("fn", endpoint()).text, R"({"endpoint_config_changed":true})");
  EXPECT_EQ(config("fn").dump(),
            json::parse(R"({"serverless":{"url":"http://app.test/api/rivet","headers":{},"request_lifespan":3600,
              "max_concurrent_actors":1000,"drain_grace_period":1800,"slots_per_runner":1,"min_runners":0,
              "max_runners":1000,"runners_margin":0,"drain_on_version_upgrade":true,"actor_eviction_delay":0,
              "actor_eviction_period":0,"actor_eviction_rate":1.0},"protocol_version":null})")
                .dump());
  auto limited = endpoint();
  limited["serverless"]["max_runners"] = 5;
  limited["serverless"]["headers"] = {{"x-a", "b"}};
  limited["serverless"]["metadata_poll_interval"] = 7'000;
  put("fn", limited);
  EXPECT_EQ(config("fn").at("serverless").at("max_concurrent_actors"), 5);
  EXPECT_EQ(config("fn").at("serverless").at("headers"), (json{{"x-a", "b"}}));
  EXPECT_EQ(config("fn").at("serverless").at("metadata_poll_interval"), 7'000);
}

TEST_F(PoolsApiTest, OnlyAChangedEndpointIsLookedAtBeforeTheAnswer) {
  put("fn", endpoint());
  EXPECT_EQ(engine.watch.calls, std::vector<std::string>{"refresh fn http://app.test/api/rivet"});
  EXPECT_EQ(put("fn", endpoint()).text, R"({"endpoint_config_changed":false})");
  auto other = endpoint();
  other["serverless"]["max_concurrent_actors"] = 1;
  EXPECT_EQ(put("fn", other).text, R"({"endpoint_config_changed":false})");
  EXPECT_EQ(engine.watch.calls.size(), 1u);
  other["serverless"]["url"] = "http://other.test";
  EXPECT_EQ(put("fn", other).text, R"({"endpoint_config_changed":true})");
  EXPECT_EQ(engine.watch.calls.back(), "refresh fn http://other.test");
}

TEST_F(PoolsApiTest, AConfigForNoDatacenterDeletesThePool) {
  put("app", {{"normal", json::object()}});
  EXPECT_EQ(send("PUT", "/runner-configs/app?namespace=default", R"({"datacenters":{}})").text,
            R"({"endpoint_config_changed":false})");
  EXPECT_EQ(engine.pools().find(ns(), "app"), nullptr);
  put("app", {{"normal", json::object()}});
  EXPECT_EQ(call("DELETE", "/runner-configs/app?namespace=default").text, "{}");
  EXPECT_EQ(call("DELETE", "/runner-configs/app?namespace=default").text, "{}");
  EXPECT_EQ(engine.pools().find(ns(), "app"), nullptr);
}

TEST_F(PoolsApiTest, WrongConfigsAreRefusedAndChangeNothing) {
  const auto refused = [&](const json& config) { return put("x", config).error(); };
  EXPECT_EQ(refused(json::object()), "400 api.bad_request");
  EXPECT_EQ(put("x", {{"bogus", 1}}).reason(),
            "Failed to deserialize the JSON body into the target type: "
            "datacenters.default: no variant of enum RunnerConfigKind found in flattened data");
  EXPECT_EQ(refused(json::array()), "400 api.bad_request");
  EXPECT_EQ(refused({{"normal", 5}}), "400 api.bad_request");
  EXPECT_EQ(refused({{"normal", {{"drain_on_version_upgrade", 1}}}}), "400 api.bad_request");
  EXPECT_EQ(refused({{"normal", {{"actor_eviction_delay", -1}}}}), "400 api.bad_request");
  EXPECT_EQ(refused({{"normal", {{"actor_eviction_rate", 1e300}}}}), "400 api.bad_request");
  EXPECT_EQ(refused({{"serverless", {{"url", "http://a"}}}}), "400 api.bad_request");
  EXPECT_EQ(refused({{"serverless", {{"request_lifespan", 1}}}}), "400 api.bad_request");
  auto bad = endpoint();
  bad["serverless"]["headers"] = {{"a", 1}};
  EXPECT_EQ(refused(bad), "400 api.bad_request");
  bad = endpoint();
  bad["serverless"]["request_lifespan"] = 900;
  EXPECT_EQ(put("x", bad).error(), "400 runner_config.invalid");
  EXPECT_EQ(put("x", bad).reason(), "`drain_grace_period` must be less than `request_lifespan` (1800s >= 900s)");
  bad = endpoint();
  bad["serverless"]["url"] = "relative";
  EXPECT_EQ(put("x", bad).reason(), "invalid serverless url: relative URL without a base");
  EXPECT_EQ(send("PUT", "/runner-configs/x?namespace=default", R"({"datacenters":{"mars":{"normal":{}}}})").error(),
            "400 datacenter.not_found");
  EXPECT_EQ(send("PUT", "/runner-configs/x?namespace=default",
                 R"({"datacenters":{"default":{"normal":{}},"mars":{"normal":{}}}})")
                .error(),
            "400 datacenter.not_found");
  EXPECT_EQ(send("PUT", "/runner-configs/x?namespace=mars", R"({"datacenters":{"default":{"normal":{}}}})").error(),
            "400 namespace.not_found");
  EXPECT_EQ(send("PUT", "/runner-configs/x?namespace=default", R"({"datacenters":[]})").error(), "400 api.bad_request");
  EXPECT_EQ(send("PUT", "/runner-configs/x?namespace=default", R"({"more":1,"datacenters":{}})").error(),
            "400 api.bad_request");
  EXPECT_EQ(engine.pools().find(ns(), "x"), nullptr);
}

TEST_F(PoolsApiTest, ListsAreFilteredByNameAndVariant) {
  put("a", {{"normal", json::object()}});
  put("b", endpoint());
  put("c", endpoint());
  const auto names = [&](const std::string& query) {
    std::vector<std::string> out;
    const auto listed = get("/runner-configs?namespace=default" + query).body().at("runner_configs");
    for (const auto& [name, pool] : listed.items()) out.push_back(name);
    return out;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names(""), (Names{"a", "b", "c", "default"}));
  EXPECT_EQ(names("&variant=serverless"), (Names{"b", "c"}));
  EXPECT_EQ(names("&variant=normal"), (Names{"a", "default"}));
  EXPECT_EQ(names("&runner_name=c&runner_names=a,zz"), (Names{"a", "c"}));
  EXPECT_EQ(names("&limit=2"), (Names{"a", "b"}));
  EXPECT_EQ(names("&limit=0"), Names());
  EXPECT_EQ(names("&cursor=serverless:b"), Names{"c"});
}

TEST_F(PoolsApiTest, ThePoolOfThisProcessGivesWayToAStoredConfig) {
  EXPECT_TRUE(config("default").at("normal").at("drain_on_version_upgrade"));
  put("default", {{"normal", {{"drain_on_version_upgrade", false}}}});
  EXPECT_FALSE(config("default").at("normal").at("drain_on_version_upgrade"));
  engine.names.clear();
  call("DELETE", "/runner-configs/default?namespace=default");
  EXPECT_TRUE(get("/runner-configs?namespace=default").body().at("runner_configs").empty());
}

TEST_F(PoolsApiTest, ErrorsAndProtocolOfAPoolAreShown) {
  put("fn", endpoint());
  ASSERT_TRUE(world.run(engine.pools().note_protocol_version(ns(), "fn", 8)));
  EXPECT_EQ(config("fn").at("protocol_version"), 8);
  EXPECT_FALSE(config("fn").contains("runner_pool_error"));
  const std::pair<PoolError, const char*> table[] = {
      {{PoolError::Kind::http_error, 503, "no", {}}, R"({"serverless_http_error":{"status_code":503,"body":"no"}})"},
      {{PoolError::Kind::stream_ended_early, 0, "", {}}, R"("serverless_stream_ended_early")"},
      {{PoolError::Kind::connection_error, 0, "m", {}}, R"({"serverless_connection_error":{"message":"m"}})"},
      {{PoolError::Kind::invalid_sse_payload, 0, "m", "p"},
       R"({"serverless_invalid_sse_payload":{"message":"m","raw_payload":"p"}})"},
      {{PoolError::Kind::downgrade, 0, "", {}}, R"("downgrade")"},
      {{PoolError::Kind::internal_error, 0, "", {}}, R"("internal_error")"},
  };
  for (const auto& [error, text] : table) {
    engine.pool_errors().report_error(ns(), "fn", error);
    EXPECT_EQ(config("fn").at("runner_pool_error"), json::parse(text));
  }
}

TEST_F(PoolsApiTest, AnActorWithoutAHostShowsTheErrorOfItsPool) {
  put("fn", endpoint());
  const auto id = create_id({{"key", "k"}, {"runner_name_selector", "fn"}});
  const auto error = [&] { return get("/actors?namespace=default&actor_ids=" + id).body()["actors"][0]["error"]; };
  using Kind = ActorFailure::Kind;
  record(id).failure = ActorFailure{Kind::no_envoys, ""};
  EXPECT_EQ(error(), "no_envoys");
  engine.pool_errors().report_error(ns(), "fn", {PoolError::Kind::stream_ended_early, 0, "", {}});
  EXPECT_EQ(error(), (json{{"runner_pool_error", "serverless_stream_ended_early"}}));
  record(id).failure = ActorFailure{Kind::crashed, "m"};
  EXPECT_EQ(error(), (json{{"crashed", {{"message", "m"}}}}));
}

TEST_F(PoolsApiTest, AHealthCheckAlwaysAnswersAndSaysWhatIsWrong) {
  const auto check = [&](const std::string& body) {
    return send("POST", "/runner-configs/serverless-health-check?namespace=anything", body);
  };
  engine.watch.answer = EndpointMetadata{"2.3.19", 8, {}, {}};
  EXPECT_EQ(check(R"({"url":"http://app.test","headers":{"a":"b"}})").text, R"({"success":{"version":"2.3.19"}})");
  EXPECT_EQ(engine.watch.calls, std::vector<std::string>{"fetch http://app.test"});
  EXPECT_EQ(engine.watch.headers, (std::map<std::string, std::string>{{"a", "b"}}));
  using Kind = MetadataProblem::Kind;
  const std::pair<MetadataProblem, const char*> table[] = {
      {{Kind::invalid_request},
       R"({"message":"invalid serverless metadata request","metadata":{"kind":"invalid_request"}})"},
      {{Kind::request_failed},
       R"({"message":"failed to reach serverless endpoint","metadata":{"kind":"request_failed"}})"},
      {{Kind::request_timed_out},
       R"({"message":"serverless metadata request timed out","metadata":{"kind":"request_timed_out"}})"},
      {{Kind::non_success_status, 404, "b"},
       R"({"message":"serverless metadata request returned status 404","metadata":{"kind":"non_success_status","status_code":404,"body":"b"}})"},
      {{Kind::invalid_response_json, 0, "b", "p"},
       R"({"message":"serverless metadata response is not valid JSON","metadata":{"kind":"invalid_response_json","body":"b","parse_error":"p"}})"},
      {{Kind::invalid_response_schema, 0, "", "", "engine", "1"},
       R"({"message":"serverless runtime engine version 1 is unsupported","metadata":{"kind":"invalid_response_schema","runtime":"engine","version":"1"}})"},
      {{Kind::invalid_envoy_protocol_version, 0, "", "", "", "", 9},
       R"x({"message":"envoy protocol version 9 is not supported (max supported: 8)","metadata":{"kind":"invalid_envoy_protocol_version","envoy_protocol_version":9,"max_supported_envoy_protocol_version":8}})x"},
  };
  for (const auto& [problem, text] : table) {
    engine.watch.answer = problem;
    const auto answer = check(R"({"url":"http://app.test"})");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body().at("failure").at("error"), json::parse(text));
  }
  EXPECT_EQ(check("{}").error(), "400 api.bad_request");
  EXPECT_EQ(check(R"({"url":"http://a","headers":null})").error(), "400 api.bad_request");
  EXPECT_EQ(check(R"({"url":"http://a","headers":{"a":1}})").error(), "400 api.bad_request");
}

TEST_F(PoolsApiTest, ARefreshWantsAServerlessPoolAndItsMetadata) {
  const auto refresh = [&](const std::string& pool) {
    return send("POST", "/runner-configs/" + pool + "/refresh-metadata?namespace=default", "{}");
  };
  put("app", {{"normal", json::object()}});
  put("fn", endpoint());
  EXPECT_EQ(refresh("nowhere").error(), "500 core.internal_error");
  EXPECT_EQ(refresh("app").error(), "500 core.internal_error");
  engine.watch.answer = EndpointMetadata{"2.3.19", 8, {}, {}};
  EXPECT_EQ(refresh("fn").text, "{}");
  engine.watch.answer = MetadataProblem{};
  const auto failed = refresh("fn");
  EXPECT_EQ(failed.error(), "400 serverless_runner_pool.failed_to_fetch_metadata");
  EXPECT_EQ(failed.body().at("message"), "Failed to fetch serverless metadata: {reason}.");
  EXPECT_EQ(failed.body().at("metadata").at("reason").at("metadata").at("kind"), "request_failed");
}

TEST_F(PoolsApiTest, ConnectedHostsAreListedNewestFirst) {
  EnvoyInfo envoy;
  envoy.namespace_id = ns();
  envoy.pool = "app";
  envoy.slots = 3;
  envoy.version = 2;
  envoy.last_ping_ts = 50;
  envoy.last_rtt_ms = 4;
  envoy.metadata = R"({"rivetkit":{"version":"2.3.19"}})";
  for (const auto& [key, ts] : {std::pair("c", 30), std::pair("b", 20), std::pair("a", 10)}) {
    envoy.key = key;
    envoy.create_ts = ts;
    engine.connected.push_back(envoy);
  }
  engine.connected[1].pool = "other";
  engine.connected[1].metadata.reset();
  EXPECT_EQ(
      get("/envoys?namespace=default&limit=1").text,
      R"({"envoys":[{"envoy_key":"c","namespace_id":")" + ns().text() +
          R"(","datacenter":"default","pool_name":"app","version":2,"slots":3,"create_ts":30,"stop_ts":null,)"
          R"("last_ping_ts":50,"last_connected_ts":null,"last_rtt":4,"metadata":{"rivetkit":{"version":"2.3.19"}}}],)"
          R"("pagination":{"cursor":"30"}})");
  const auto keys = [&](const std::string& query) {
    std::string out;
    const auto listed = get("/envoys?namespace=default" + query).body();
    for (const auto& entry : listed.at("envoys")) out += entry.at("envoy_key").get<std::string>();
    return out + " " + listed.at("pagination").at("cursor").dump();
  };
  EXPECT_EQ(keys(""), "cba \"10\"");
  EXPECT_EQ(keys("&name=app"), "ca \"10\"");
  EXPECT_EQ(keys("&cursor=20"), "a \"10\"");
  EXPECT_EQ(keys("&limit=0"), " null");
  EXPECT_EQ(keys("&envoy_key=a&envoy_key=b&envoy_key=zz"), "ba null");
}

TEST_F(PoolsApiTest, TheTokenIsAskedForAfterTheBodyIsRead) {
  use_token("secret");
  const std::tuple<const char*, const char*, const char*> routes[] = {
      {"PUT", "/runner-configs/a?namespace=default", R"({"datacenters":{}})"},
      {"DELETE", "/runner-configs/a?namespace=default", ""},
      {"POST", "/runner-configs/a/refresh-metadata?namespace=default", "{}"},
      {"POST", "/runner-configs/serverless-health-check?namespace=default", R"({"url":"http://a"})"}};
  for (const auto& [method, target, body] : routes) {
    EXPECT_EQ(send(method, target, body).error(), "403 api.forbidden") << target;
    if (*body) {
      EXPECT_EQ(send(method, target, "{").error(), "400 api.bad_request") << target;
    }
  }
  EXPECT_EQ(call("PATCH", "/runner-configs/a?namespace=default").header("allow"), "DELETE,PUT");
}

}  // namespace
}  // namespace troupe::testing
