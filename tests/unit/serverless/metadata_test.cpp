#include "engine/serverless/metadata.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using Kind = MetadataProblem::Kind;

MetadataProblem problem(int status, std::string_view body) {
  return std::get<MetadataProblem>(read_metadata(status, body));
}
EndpointMetadata metadata(std::string_view body) { return std::get<EndpointMetadata>(read_metadata(200, body)); }

TEST(EndpointMetadata, IsReadFromWhatRivetKitSends) {
  const auto read = metadata(
      R"({"runtime":"rivetkit","version":" 2.3.19 ","envoyProtocolVersion":8,"envoy":{"kind":{"serverless":{}},"version":3},)"
      R"("actorNames":{"counter":{"metadata":{"icon":"x"}},"bare":{},"odd":{"metadata":7}},"clientEndpoint":"http://h"})");
  EXPECT_EQ(read.version, "2.3.19");
  EXPECT_EQ(read.protocol_version, 8);
  EXPECT_EQ(read.envoy_version, 3u);
  EXPECT_EQ(read.actor_names, (std::map<std::string, std::string>{{"counter", R"({"icon":"x"})"}}));
}

TEST(EndpointMetadata, NothingButRuntimeAndVersionIsRequired) {
  const auto read = metadata(R"({"runtime":"rivetkit","version":"1","envoyProtocolVersion":null})");
  EXPECT_EQ(read.protocol_version, std::nullopt);
  EXPECT_EQ(read.envoy_version, std::nullopt);
}

TEST(EndpointMetadata, EveryProblemHasItsKind) {
  auto found = problem(404, "no such page");
  EXPECT_EQ(found.kind, Kind::non_success_status);
  EXPECT_EQ(found.message(), "serverless metadata request returned status 404");
  EXPECT_EQ(found.body, "no such page");
  EXPECT_EQ(problem(200, "<html>").kind, Kind::invalid_response_json);
  EXPECT_EQ(problem(200, "[]").kind, Kind::invalid_response_json);
  EXPECT_EQ(problem(200, R"({"runtime":"rivetkit"})").parse_error, "missing field `version`");
  EXPECT_EQ(problem(200, R"({"runtime":7,"version":"1"})").kind, Kind::invalid_response_json);
  EXPECT_EQ(problem(200, R"({"runtime":"rivetkit","version":"1","envoyProtocolVersion":70000})").kind,
            Kind::invalid_response_json);
  found = problem(200, R"({"runtime":"engine","version":"2.3.19"})");
  EXPECT_EQ(found.kind, Kind::invalid_response_schema);
  EXPECT_EQ(found.message(), "serverless runtime engine version 2.3.19 is unsupported");
  EXPECT_EQ(problem(200, R"({"runtime":"rivetkit","version":" "})").kind, Kind::invalid_response_schema);
  found = problem(200, R"({"runtime":"rivetkit","version":"9","envoyProtocolVersion":9})");
  EXPECT_EQ(found.kind, Kind::invalid_envoy_protocol_version);
  EXPECT_EQ(found.message(), "envoy protocol version 9 is not supported (max supported: 8)");
  EXPECT_EQ(problem(200, R"({"runtime":"rivetkit","version":"9","envoyProtocolVersion":0})").kind,
            Kind::invalid_envoy_protocol_version);
}

TEST(EndpointMetadata, AnswersOfAnySizeAndDepthAreHarmless) {
  EXPECT_EQ(problem(200, std::string(500'000, '[')).kind, Kind::invalid_response_json);
  const auto deep = R"({"runtime":"rivetkit","version":"1","x":)" + std::string(200, '[') + std::string(200, ']') + "}";
  EXPECT_EQ(problem(200, deep).parse_error, "recursion limit exceeded");
  std::string umlauts;
  for (int i = 0; i < 2'000; ++i) umlauts += "\xC3\xA4";
  EXPECT_EQ(problem(500, umlauts).body.size(), 2 * 1'024 + std::string("...[truncated]").size());
}

TEST(EndpointMetadata, TheRequestIsWhatEndpointsExpect) {
  const auto request = metadata_request(" http://app.test/api/rivet// ", {{"X-Secret", " s "}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "GET");
  EXPECT_EQ(request->url.target, "/api/rivet/metadata");
  EXPECT_EQ(*request->headers.find("x-secret"), "s");
  EXPECT_EQ(*request->headers.find("user-agent"), "RivetEngine/2.3.19");
  EXPECT_EQ(request->time_limit, Millis(10'000));
  EXPECT_FALSE(metadata_request("", {}));
  EXPECT_FALSE(metadata_request("not a url", {}));
  EXPECT_FALSE(metadata_request("http://h", {{"a b", "c"}}));
  EXPECT_FALSE(metadata_request("http://h", {{"a", "c\r\nd: e"}}));
}

}  // namespace
}  // namespace troupe
