#include "engine/hosts/local/front_route.h"

#include <gtest/gtest.h>

#include "engine/hosts/local/conn_params.h"
#include "engine/hosts/local/percent.h"
#include "fakes.h"

namespace troupe {
namespace {

using Kind = FrontRoute::Kind;

struct Expected {
  const char* target;
  Kind kind;
  const char* name;
};

TEST(FrontRoute, EveryPathHasItsHandler) {
  const Expected table[] = {{"/request", Kind::raw_request, "/"},
                            {"/request/", Kind::raw_request, "/"},
                            {"/request/a?x=1", Kind::raw_request, "/a?x=1"},
                            {"/request?x=1", Kind::raw_request, "/?x=1"},
                            {"/request//a", Kind::raw_request, "//a"},
                            {"/requestfoo", Kind::unknown, ""},
                            {"/action/get", Kind::action, "get"},
                            {"/action/get?x=/y", Kind::action, "get"},
                            {"/action/a%20b%2Fc", Kind::action, "a b/c"},
                            {"/action/bad%zz", Kind::broken_escape, ""},
                            {"/action/bad%2", Kind::broken_escape, ""},
                            {"/action/bad%ff", Kind::broken_escape, ""},
                            {"/action/", Kind::unknown, ""},
                            {"/action", Kind::unknown, ""},
                            {"/action/a/b", Kind::unknown, ""},
                            {"/action/a/", Kind::unknown, ""},
                            {"/queue/jobs", Kind::queue, "jobs"},
                            {"/queue/", Kind::unknown, ""},
                            {"/queue/a/b", Kind::unknown, ""},
                            {"/health", Kind::health, ""},
                            {"/health?x", Kind::health, ""},
                            {"/health/", Kind::unknown, ""},
                            {"/metadata", Kind::metadata, ""},
                            {"/metrics", Kind::metrics, ""},
                            {"/", Kind::root, ""},
                            {"/?a=1", Kind::root, ""},
                            {"/inspector/state", Kind::inspector, ""},
                            {"/nope", Kind::unknown, ""},
                            {"", Kind::unknown, ""}};
  for (const auto& [target, kind, name] : table) {
    const FrontRoute route = parse_front_route(target);
    EXPECT_EQ(route.kind, kind) << target;
    EXPECT_EQ(route.name, name) << target;
  }
}

TEST(ConnParams, ComeFromTheHeaderOrTheSubprotocol) {
  EXPECT_EQ(http_conn_params({}).value(), cbor("null"));
  EXPECT_EQ(http_conn_params({{"x-rivet-conn-params", R"({"a":[1]})"}}).value(), cbor(R"({"a":[1]})"));
  EXPECT_FALSE(http_conn_params({{"x-rivet-conn-params", "{"}}));
  EXPECT_EQ(websocket_conn_params({}).value(), cbor("null"));
  EXPECT_EQ(websocket_conn_params(
                {{"sec-websocket-protocol", "rivet, rivet_encoding.bare , rivet_conn_params.%7B%22a%22%3A1%7D"}})
                .value(),
            cbor(R"({"a":1})"));
  EXPECT_FALSE(websocket_conn_params({{"sec-websocket-protocol", "rivet_conn_params.%7B"}}));
  EXPECT_FALSE(websocket_conn_params({{"sec-websocket-protocol", "rivet_conn_params.%7"}}));
}

TEST(ConnParams, TheEncodingIsNegotiatedBySubprotocol) {
  using clientproto::Encoding;
  EXPECT_EQ(websocket_encoding({}), Encoding::json);
  EXPECT_EQ(websocket_encoding({{"sec-websocket-protocol", "rivet"}}), Encoding::json);
  EXPECT_EQ(websocket_encoding({{"sec-websocket-protocol", "rivet,rivet_encoding.cbor"}}), Encoding::cbor);
  EXPECT_EQ(websocket_encoding({{"sec-websocket-protocol", "rivet_encoding.bare"}}), Encoding::bare);
  EXPECT_FALSE(websocket_encoding({{"sec-websocket-protocol", "rivet_encoding.xml"}}));
}

TEST(PercentDecode, KeepsPlusAndRefusesBrokenEscapes) {
  EXPECT_EQ(percent_decode("a+b%20c%C3%A9"), "a+b c\u00e9");
  EXPECT_FALSE(percent_decode("%"));
  EXPECT_FALSE(percent_decode("%g0"));
  EXPECT_FALSE(percent_decode("%C3"));
}

}  // namespace
}  // namespace troupe
