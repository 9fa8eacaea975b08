#include "tests/unit/management/api_fixture.h"

namespace troupe::testing {
namespace {

class ActorsAct : public ApiTest {};

TEST_F(ActorsAct, DeleteDestroysAndIsIdempotent) {
  const auto id = create_id({{"key", "k"}});
  EXPECT_EQ(call("DELETE", "/actors/" + id + "?namespace=default").text, "{}");
  EXPECT_EQ(call("DELETE", "/actors/" + id + "?namespace=default").text, "{}");
  EXPECT_TRUE(record(id).destroyed());
  EXPECT_THAT(engine.calls, ::testing::Contains("destroy " + id));
}

TEST_F(ActorsAct, IdsAreReadInAnyCase) {
  auto id = create_id({{"key", "k"}});
  std::transform(id.begin(), id.end(), id.begin(), [](unsigned char c) { return std::toupper(c); });
  EXPECT_EQ(call("DELETE", "/actors/" + id + "?namespace=default").status, 200);
}

TEST_F(ActorsAct, SleepAndRescheduleGiveAnOrder) {
  const auto id = create_id({{"key", "k"}});
  EXPECT_EQ(send("POST", "/actors/" + id + "/sleep?namespace=default", "{}").text, "{}");
  EXPECT_EQ(send("POST", "/actors/" + id + "/reschedule?namespace=default", "{}").text, "{}");
  EXPECT_THAT(engine.calls, ::testing::ElementsAre("sleep " + id, "reschedule " + id));
}

TEST_F(ActorsAct, OrdersToDestroyedActorsDoNothing) {
  const auto id = create_id({{"key", "k"}});
  record(id).destroy_ts = 1;
  EXPECT_EQ(send("POST", "/actors/" + id + "/sleep?namespace=default", "{}").status, 200);
  EXPECT_EQ(send("POST", "/actors/" + id + "/reschedule?namespace=default", "{}").status, 200);
  EXPECT_TRUE(engine.calls.empty());
}

TEST_F(ActorsAct, OrdersNeedAnEmptyObjectAsBody) {
  const auto target = "/actors/" + create_id({{"key", "k"}}) + "/sleep?namespace=default";
  EXPECT_EQ(call("POST", target).error(), "400 api.bad_request");
  EXPECT_EQ(send("POST", target, "").error(), "400 api.bad_request");
  EXPECT_EQ(send("POST", target, R"({"x":1})").reason(),
            "Failed to deserialize the JSON body into the target type: x: unknown field `x`, there are no fields at "
            "line 1 column 4");
}

TEST_F(ActorsAct, UnknownActorsAreNotFound) {
  engine.records().add_namespace("other", "Other");
  const auto id = create_id({{"key", "k"}});
  EXPECT_EQ(call("DELETE", "/actors/" + id + "?namespace=other").error(), "400 actor.not_found");
  const auto unknown = call("DELETE", "/actors/hkay2d8eub5p74v1pfgpr7isbeal00?namespace=default");
  EXPECT_EQ(unknown.error(), "400 actor.not_found");
  EXPECT_EQ(unknown.body().at("message"), "The actor does not exist or was destroyed.");
  EXPECT_EQ(call("DELETE", "/actors/pyux50scjhuckfq200000000000000?namespace=default").error(),
            "400 datacenter.not_found");
  EXPECT_EQ(call("DELETE", "/actors/" + id + "?namespace=nowhere").error(), "400 namespace.not_found");
  EXPECT_EQ(call("DELETE", "/actors/ab?namespace=default").reason(),
            "Invalid URL: invalid input length: expected at least 4 characters");
  EXPECT_EQ(call("DELETE", "/actors/zzzz?namespace=default").error(), "400 api.bad_request");
}

TEST_F(ActorsAct, AKeyOfTheEngineIsRead) {
  const auto id = create_id({{"key", "k"}});
  engine.kv_entries[Bytes{3}] = {to_bytes(std::string_view("token")), 77};
  engine.kv_entries[Bytes{4}] = {to_bytes(std::string_view("")), std::nullopt};
  for (const auto* key : {"Aw==", "Aw%3D%3D"})
    EXPECT_EQ(get("/actors/" + id + "/kv/keys/" + key + "?namespace=default").text,
              R"({"value":"dG9rZW4=","update_ts":77})");
  EXPECT_EQ(get("/actors/" + id + "/kv/keys/BA==?namespace=default").body(),
            (json{{"value", ""}, {"update_ts", record(id).create_ts}}));
}

TEST_F(ActorsAct, NoOtherKeyIsFound) {
  const auto id = create_id({{"key", "k"}});
  for (const auto* key : {"Aw==", "Aw%3D%3D", "a%2Fb%2B"})
    EXPECT_EQ(get("/actors/" + id + "/kv/keys/" + key + "?namespace=default").error(), "400 actor.kv_key_not_found")
        << key;
  record(id).destroy_ts = 1;
  EXPECT_EQ(get("/actors/" + id + "/kv/keys/Aw==?namespace=default").error(), "400 actor.kv_key_not_found");
  EXPECT_EQ(get("/actors/" + id + "/kv/keys/%%%?namespace=default").status, 500);
  EXPECT_EQ(get("/actors/hkay2d8eub5p74v1pfgpr7isbeal00/kv/keys/Aw==?namespace=default").error(),
            "400 actor.not_found");
}

}  // namespace
}  // namespace troupe::testing
