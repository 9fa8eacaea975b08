#include <gtest/gtest.h>

#include "inspector/http/inspector_auth.h"
#include "inspector/http/inspector_route.h"

namespace troupe {
namespace {

using Kind = InspectorRoute::Kind;

TEST(InspectorRoute, KnowsEveryRouteByMethodAndPath) {
  const std::tuple<const char*, const char*, Kind> rows[] = {
      {"GET", "summary", Kind::summary},
      {"GET", "state", Kind::state},
      {"PATCH", "state", Kind::patch_state},
      {"GET", "connections", Kind::connections},
      {"GET", "rpcs", Kind::rpcs},
      {"GET", "queue?limit=4", Kind::queue},
      {"POST", "queue", Kind::enqueue},
      {"DELETE", "queue", Kind::reset_queue},
      {"GET", "traces?limit=4", Kind::traces},
      {"GET", "workflow-history", Kind::workflow_history},
      {"POST", "workflow/replay", Kind::workflow_replay},
      {"GET", "database/schema", Kind::database_schema},
      {"GET", "database/rows?table=a", Kind::database_rows},
      {"POST", "database/execute", Kind::database_execute},
      {"GET", "ui", Kind::ui_asset},
      {"GET", "ui/", Kind::ui_asset},
      {"GET", "ui/index.js", Kind::ui_asset},
      {"GET", "tab.css", Kind::ui_asset},
      {"GET", "custom-tabs/mine/a.js", Kind::custom_tab_asset},
      {"PUT", "state", Kind::unknown},
      {"GET", "", Kind::unknown},
      {"GET", "state/", Kind::unknown},
      {"GET", "metrics", Kind::unknown},
      {"GET", "schedules", Kind::unknown},
      {"GET", "action/increment", Kind::unknown},
      {"POST", "action/", Kind::unknown},
      {"POST", "action/a/b", Kind::unknown},
      {"POST", "action/%zz", Kind::unknown},
  };
  for (const auto& [method, path, kind] : rows)
    EXPECT_EQ(parse_inspector_route(method, std::string("/inspector/") + path).kind, kind) << method << ' ' << path;
}

TEST(InspectorRoute, DecodesTheNameOfAnAction) {
  const auto route = parse_inspector_route("POST", "/inspector/action/a%20b%2Fc?x=1");
  EXPECT_EQ(route.kind, Kind::action);
  EXPECT_EQ(route.name, "a b/c");
}

TEST(InspectorRoute, ReadsQueryParameters) {
  const std::string_view target = "/inspector/database/rows?table=a+b%26c&limit=12&offset=&bad=1x&empty";
  EXPECT_EQ(query_value(target, "table"), "a b&c");
  EXPECT_EQ(query_number(target, "limit"), 12u);
  EXPECT_EQ(query_value(target, "empty"), "");
  for (const char* name : {"offset", "bad", "missing", "empty"}) EXPECT_FALSE(query_number(target, name)) << name;
  EXPECT_FALSE(query_value("/inspector/state", "table"));
  EXPECT_EQ(query_value("/x?a=%zz", "a"), "%zz");
}

TEST(InspectorAuth, TakesBearerInAnyCaseAndTheBareToken) {
  auto token = [](const char* header) {
    const HttpHeaders headers{{"authorization", header}};
    return std::string(presented_token(headers).value_or("none"));
  };
  EXPECT_EQ(token("Bearer abc"), "abc");
  EXPECT_EQ(token("bEARER abc"), "abc");
  EXPECT_EQ(token("abc"), "abc");
  EXPECT_EQ(token("Basic abc"), "none");
  EXPECT_FALSE(presented_token(HttpHeaders{{"x-rivet-token", "abc"}}));
}

TEST(InspectorAuth, ComparesWholeTokensAndNeverMatchesAnEmptyOne) {
  EXPECT_TRUE(same_token("abc", "abc"));
  for (const char* wrong : {"", "ab", "abcd", "abd", "Abc"}) EXPECT_FALSE(same_token(wrong, "abc")) << wrong;
  EXPECT_FALSE(same_token("", ""));
}

}  // namespace
}  // namespace troupe
