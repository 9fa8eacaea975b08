#include "tests/unit/management/api_fixture.h"

namespace troupe::testing {
namespace {

class ActorsRead : public ApiTest {
 protected:
  std::vector<std::string> keys(const Answer& answer) {
    std::vector<std::string> out;
    const auto body = answer.body();
    for (const auto& actor : body.at("actors")) out.push_back(actor.at("key").get<std::string>());
    return out;
  }
  std::string why(const Answer& answer) {
    const std::string prefix = "Failed to deserialize query string: ";
    const auto reason = answer.reason();
    EXPECT_EQ(reason.substr(0, prefix.size()), prefix);
    EXPECT_EQ(answer.body().at("message"), "Request is invalid: " + reason);
    return reason.substr(prefix.size());
  }
};

TEST_F(ActorsRead, AnActorHasAllItsFieldsInOrder) {
  const auto id = create_id({{"key", "k1"}});
  const auto ns = engine.records().find_namespace("default")->id.text();
  EXPECT_EQ(get("/actors?namespace=default&actor_ids=" + id).text,
            R"({"actors":[{"actor_id":")" + id + R"(","name":"counter","key":"k1","namespace_id":")" + ns +
                R"(","datacenter":"default","runner_name_selector":"default","crash_policy":"sleep","create_ts":1001,)"
                R"("start_ts":null,"pending_allocation_ts":null,"connectable_ts":null,"sleep_ts":null,)"
                R"("reschedule_ts":null,"destroy_ts":null}],"pagination":{"cursor":"1001"}})");
}

TEST_F(ActorsRead, TheReasonOfAFailureIsATextOrAnObject) {
  using Kind = ActorFailure::Kind;
  const auto id = create_id({{"key", "k1"}});
  const auto shown = [&](ActorFailure failure) {
    record(id).failure = std::move(failure);
    return get("/actors?namespace=default&actor_ids=" + id).body().at("actors").at(0).at("error").dump();
  };
  EXPECT_EQ(shown({Kind::crashed, "boom"}), R"({"crashed":{"message":"boom"}})");
  EXPECT_EQ(shown({Kind::crashed, ""}), R"({"crashed":{"message":null}})");
  EXPECT_EQ(shown({Kind::no_envoys, ""}), R"("no_envoys")");
  EXPECT_EQ(shown({Kind::no_capacity, ""}), R"("no_capacity")");
  EXPECT_EQ(shown({Kind::envoy_connection_lost, "e"}), R"({"envoy_connection_lost":{"envoy_key":"e"}})");
  EXPECT_EQ(shown({Kind::envoy_no_response, ""}), R"({"envoy_no_response":{"envoy_key":null}})");
  EXPECT_EQ(shown({Kind::concurrent_actor_limit_reached, ""}), R"("concurrent_actor_limit_reached")");
  EXPECT_EQ(shown({Kind::internal_error, ""}), R"("internal_error")");
}

TEST_F(ActorsRead, ARunningActorIsConnectable) {
  const auto id = create_id({{"key", "k1"}});
  engine.running.insert(*Id::parse(id));
  for (const auto& query : {"actor_id=" + id, std::string("name=counter&key=k1"), std::string("name=counter")})
    EXPECT_EQ(get("/actors?namespace=default&" + query).body().at("actors").at(0).at("connectable_ts"), 5'000) << query;
}

TEST_F(ActorsRead, ByIdsItFindsDestroyedOnesAndSkipsWhatItDoesNotKnow) {
  const auto a = create_id({{"key", "a"}}), b = create_id({{"key", "b"}});
  engine.records().add_namespace("other", "Other");
  const auto foreign =
      create("POST", {{"key", "c"}}, "namespace=other").body().at("actor").at("actor_id").get<std::string>();
  record(a).destroy_ts = 7;
  const auto answer = get("/actors?namespace=default&actor_ids=" + a + ",not-an-id," + foreign + "&actor_id=" + b +
                          "&actor_id=hkay2d8eub5p74v1pfgpr7isbeal00");
  EXPECT_THAT(keys(answer), ::testing::ElementsAre("b", "a"));
  EXPECT_EQ(answer.body().at("pagination").at("cursor"), "1001");
}

TEST_F(ActorsRead, IdsAreBoundedAndExcludeNames) {
  std::string many;
  for (int i = 0; i < 33; ++i) many += "hkay2d8eub5p74v1pfgpr7isbeal00,";
  const auto answer = get("/actors?namespace=default&actor_ids=" + many);
  EXPECT_EQ(answer.error(), "400 validation.too_many_actor_ids");
  EXPECT_EQ(answer.body().at("message"), "Too many actor IDs provided. Maximum is 32, got 33");
  EXPECT_EQ(answer.body().at("metadata").dump(), R"({"count":33,"max":32})");
  const auto both = get("/actors?namespace=default&name=x&actor_ids=hkay2d8eub5p74v1pfgpr7isbeal00");
  EXPECT_EQ(both.error(), "400 validation.invalid_input");
  EXPECT_EQ(both.body().at("message"),
            "Cannot provide both actor_id and (name + key). Use either actor_id or (name + key).");
  EXPECT_EQ(both.body().at("metadata").at("message"), both.body().at("message"));
}

TEST_F(ActorsRead, ByKeyItFindsTheLiveOneOnly) {
  const auto old = create_id({{"key", "k"}});
  record(old).destroy_ts = 7;
  EXPECT_EQ(get("/actors?namespace=default&name=counter&key=k").text, R"({"actors":[],"pagination":{"cursor":null}})");
  const auto now = create_id({{"key", "k"}});
  EXPECT_EQ(get("/actors?namespace=default&name=counter&key=k").body().at("actors").at(0).at("actor_id"), now);
  EXPECT_EQ(get("/actors?namespace=default&name=counter&key=k&include_destroyed=true").body().at("actors").size(), 2u);
}

TEST_F(ActorsRead, ListsArePagedFromTheNewest) {
  for (const auto* key : {"a", "b", "c"}) create_id({{"key", key}});
  auto page = get("/actors?namespace=default&name=counter&limit=2");
  EXPECT_THAT(keys(page), ::testing::ElementsAre("c", "b"));
  page = get("/actors?namespace=default&name=counter&limit=2&cursor=" +
             page.body().at("pagination").at("cursor").get<std::string>());
  EXPECT_THAT(keys(page), ::testing::ElementsAre("a"));
  page = get("/actors?namespace=default&name=counter&limit=2&cursor=" +
             page.body().at("pagination").at("cursor").get<std::string>());
  EXPECT_EQ(page.text, R"({"actors":[],"pagination":{"cursor":null}})");
  EXPECT_TRUE(keys(get("/actors?namespace=default&name=counter&limit=0")).empty());
  EXPECT_EQ(keys(get("/actors?namespace=default&name=counter&limit=18446744073709551615")).size(), 3u);
}

TEST_F(ActorsRead, ANameIsNeeded) {
  EXPECT_EQ(get("/actors?namespace=default").body().at("message"), "Name is required when not using actor_ids.");
  EXPECT_EQ(get("/actors?namespace=default&key=k").body().at("message"), "Name is required when key is provided.");
  EXPECT_EQ(get("/actors?namespace=default&actor_ids=,zz,").error(), "400 validation.invalid_input");
}

TEST_F(ActorsRead, AnOptionalParameterLeftEmptyCountsAsAbsent) {
  create_id({{"key", "k1"}});
  EXPECT_EQ(keys(get("/actors?namespace=default&name=counter&key=&include_destroyed=&limit=&cursor=")),
            std::vector<std::string>{"k1"});
  EXPECT_EQ(get("/actors?namespace=default&name=").body().at("message"), "Name is required when not using actor_ids.");
  EXPECT_EQ(get("/actors?namespace=default&name").body().at("message"), "Name is required when not using actor_ids.");
  EXPECT_EQ(get("/actors?namespace=&name=counter").error(), "400 namespace.not_found");
  EXPECT_EQ(why(get("/actors?namespace=default&actor_id=")),
            "actor_id[0]: invalid input length: expected at least 4 characters");
  EXPECT_EQ(why(get("/actors?namespace=default&name=&name=")), "name: unsupported value");
}

TEST_F(ActorsRead, BadQueriesAreToldWhy) {
  EXPECT_EQ(why(get("/actors")), "missing field `namespace`");
  EXPECT_EQ(why(get("/actors?namespace=default&bogus=1")),
            "bogus: unknown field `bogus`, expected one of `namespace`, `name`, `key`, `actor_ids`, `actor_id`, "
            "`include_destroyed`, `limit`, `cursor`");
  EXPECT_EQ(why(get("/actors?namespace=default&name=x&limit=abc")), "limit: invalid digit found in string");
  EXPECT_EQ(why(get("/actors?namespace=default&name=x&limit=-1")), "limit: invalid digit found in string");
  EXPECT_EQ(why(get("/actors?namespace=default&name=x&limit=18446744073709551616")),
            "limit: number too large to fit in target type");
  EXPECT_EQ(why(get("/actors?namespace=default&name=x&include_destroyed=1")),
            "include_destroyed: provided string was not `true` or `false`");
  EXPECT_EQ(why(get("/actors?namespace=default&actor_id=ab")),
            "actor_id[0]: invalid input length: expected at least 4 characters");
  EXPECT_EQ(why(get("/actors?namespace=default&name=a&name=b")), "name: unsupported value");
  EXPECT_EQ(get("/actors?namespace=default&name=x&cursor=soon").error(), "400 api.bad_request");
  EXPECT_EQ(why(call("DELETE", "/actors/hkay2d8eub5p74v1pfgpr7isbeal00?namespace=default&x=1")),
            "x: unknown field `x`, expected `namespace`");
  EXPECT_EQ(get("/actors?namespace=nowhere&name=x").error(), "400 namespace.not_found");
}

TEST_F(ActorsRead, QueriesAreFormDecoded) {
  create_id({{"key", "a b/ü"}});
  EXPECT_EQ(get("/actors?namespace=default&name=counter&key=a+b%2F%c3%BC").body().at("actors").size(), 1u);
}

TEST_F(ActorsRead, AnnouncedNamesArePagedInByteOrder) {
  EXPECT_EQ(
      get("/actors/names?namespace=default").text,
      R"({"names":{"chat":{"metadata":{"icon":"x"}},"counter":{"metadata":{}}},"pagination":{"cursor":"counter"}})");
  EXPECT_EQ(get("/actors/names?namespace=default&limit=1").text,
            R"({"names":{"chat":{"metadata":{"icon":"x"}}},"pagination":{"cursor":"chat"}})");
  EXPECT_EQ(get("/actors/names?namespace=default&cursor=chat").text,
            R"({"names":{"counter":{"metadata":{}}},"pagination":{"cursor":"counter"}})");
  EXPECT_EQ(get("/actors/names?namespace=default&cursor=counter").text, R"({"names":{},"pagination":{"cursor":null}})");
}

}  // namespace
}  // namespace troupe::testing
