#include "tests/unit/management/api_fixture.h"

namespace troupe::testing {
namespace {

class Namespaces : public ApiTest {
 protected:
  Answer make(const std::string& name, const std::string& display_name) {
    return send("POST", "/namespaces", json{{"name", name}, {"display_name", display_name}}.dump());
  }
};

TEST_F(Namespaces, ANewOneIsReturnedAndListed) {
  const auto made = make("team-a", "Team Ä").body().at("namespace");
  EXPECT_EQ(made.at("name"), "team-a");
  EXPECT_EQ(made.at("display_name"), "Team Ä");
  const auto all = get("/namespaces").body();
  EXPECT_EQ(all.at("namespaces").size(), 2u);
  EXPECT_EQ(all.at("pagination").at("cursor"), "1001");
  EXPECT_EQ(get("/namespaces?limit=1").body().at("namespaces").size(), 1u);
  EXPECT_EQ(get("/namespaces?limit=0").text, R"({"namespaces":[],"pagination":{"cursor":null}})");
}

TEST_F(Namespaces, FiltersFindByNameAndById) {
  const auto id = make("team-a", "A").body().at("namespace").at("namespace_id").get<std::string>();
  const auto by_name = get("/namespaces?name=team-a").body();
  EXPECT_EQ(by_name.at("namespaces").at(0).at("namespace_id"), id);
  EXPECT_TRUE(by_name.at("pagination").at("cursor").is_null());
  EXPECT_TRUE(get("/namespaces?name=nowhere").body().at("namespaces").empty());
  EXPECT_EQ(get("/namespaces?name=").body().at("namespaces").size(), 2u);
  EXPECT_EQ(get("/namespaces?namespace_ids=" + id + ",hkay2d8eub5p74v1pfgpr7isbeal00").body().at("namespaces").size(),
            1u);
  EXPECT_EQ(get("/namespaces?namespace_id=" + id).body().at("namespaces").size(), 1u);
  EXPECT_THAT(get("/namespaces?namespace_ids=x").reason(),
              ::testing::StartsWith("invalid id in `namespace_ids` query: "));
}

TEST_F(Namespaces, NamesAreUnique) { EXPECT_EQ(make("default", "Again").error(), "400 namespace.name_not_unique"); }

TEST_F(Namespaces, NamesFollowTheRules) {
  const auto reason = [&](const std::string& name, const std::string& display_name) {
    const auto answer = make(name, display_name);
    if (answer.status == 200) return std::string("ok");
    EXPECT_EQ(answer.error(), "400 namespace.failed_to_create");
    EXPECT_EQ(answer.body().at("message"), "Failed to create namespace: " + answer.reason());
    return answer.reason();
  };
  EXPECT_EQ(reason("", "A"), "name too short");
  EXPECT_EQ(reason(std::string(65, 'a'), "A"), "name too long");
  EXPECT_EQ(reason(std::string(64, 'a'), "A"), "ok");
  for (const auto* name : {"A", "-a", "a-", "a--b", "a_b", "ä", "a b"})
    EXPECT_EQ(reason(name, "A"), "invalid name") << name;
  EXPECT_EQ(reason("a", ""), "display name too short");
  EXPECT_EQ(reason("a", std::string(129, 'A')), "display name too long");
  for (const auto* name : {" A", "A ", "A  B", "A\tB", "A\nB", "A\u00a0B", "A\u3000B"})
    EXPECT_EQ(reason("a", name), "invalid display name") << name;
  EXPECT_EQ(reason("a-0", "Größe 1"), "ok");
}

}  // namespace
}  // namespace troupe::testing
