#include "gateway/routing/route.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

constexpr std::string_view kId = "hkay2d8eub5p74v1pfgpr7isbeal00";

Target route_http(std::string_view target, HttpHeaders headers = {}, std::string_view method = "GET") {
  return route({method, target, headers, false});
}

Target route_socket(std::string_view target, HttpHeaders headers = {}) { return route({"GET", target, headers, true}); }

std::string error_of(const Target& target) {
  const auto* refusal = std::get_if<Refusal>(&target);
  return refusal ? refusal->error.id() : "";
}

std::string message_of(const Target& target) {
  const auto* refusal = std::get_if<Refusal>(&target);
  return refusal ? refusal->error.message() : "";
}

std::string metadata_of(const Target& target, std::string_view name) {
  const auto* refusal = std::get_if<Refusal>(&target);
  if (!refusal || !refusal->error.metadata()) return "";
  const Value* value = refusal->error.metadata()->find(name);
  return value && value->as_string() ? std::string(*value->as_string()) : "";
}

const ActorTarget& actor_of(const Target& target) {
  static const ActorTarget none;
  const auto* actor = std::get_if<ActorTarget>(&target);
  EXPECT_NE(actor, nullptr) << error_of(target);
  return actor ? *actor : none;
}

const ActorQuery& query_of(const Target& target) {
  static const ActorQuery none;
  const auto* query = std::get_if<ActorQuery>(&actor_of(target).actor);
  EXPECT_NE(query, nullptr);
  return query ? *query : none;
}

std::string id_of(const Target& target) {
  const auto* id = std::get_if<ActorId>(&actor_of(target).actor);
  return id ? id->text() : "";
}

bool is_management(const Target& target) { return std::holds_alternative<ManagementTarget>(target); }

std::string path(std::string_view rest) { return "/gateway/" + std::string(kId) + std::string(rest); }

TEST(Route, PathsThatNoRuleWantsGoToTheManagementApi) {
  for (const auto* target : {"/", "/actors", "/health", "/actors?name=x", "/gatewayx/a", "/GATEWAY/a", "/x/gateway/a"})
    EXPECT_TRUE(is_management(route_http(target))) << target;
}

TEST(Route, TheHealthSocketIsOffByDefault) {
  for (const auto* target : {"/health/ws", "/health/ws/"}) {
    EXPECT_EQ(error_of(route_http(target)), "guard.no_route");
    const HttpHeaders none;
    EXPECT_TRUE(std::holds_alternative<HealthSocketTarget>(route({"GET", target, none, true}, {true})));
  }
  EXPECT_TRUE(is_management(route_http("/health/ws?x")));
}

TEST(Route, NoRouteNamesHostWithoutPortAndPath) {
  const Target target = route_http("/x?y=1", {{"host", "127.0.0.1:6420"}, {"x-rivet-target", "bogus"}});
  EXPECT_EQ(message_of(target), "No route found for hostname 127.0.0.1, path /x?y=1.");
  EXPECT_EQ(metadata_of(target, "host"), "127.0.0.1");
  EXPECT_EQ(metadata_of(target, "path"), "/x?y=1");
  EXPECT_FALSE(std::get<Refusal>(target).actor_route);
  EXPECT_EQ(metadata_of(route_http("/x", {{"host", "[::1]:6420"}, {"x-rivet-target", "b"}}), "host"), "[::1]");
}

TEST(Route, ADirectPathForwardsItsRemainderByteForByte) {
  const struct {
    std::string target, forwarded;
  } rows[] = {
      {path("/request/a/b%20c?x=1&y=%2F+z"), "/request/a/b%20c?x=1&y=%2F+z"},
      {path(""), "/"},
      {path("/"), "/"},
      {path("?x=1"), "/?x=1"},
      {path("/?"), "/?"},
      {path("/a/../b"), "/a/../b"},
      {path("/a#tail"), "/a"},
      {path("/a#t?x=1"), "/a"},
      {path("/a?x=1#t"), "/a?x=1"},
      {path("@token/action/x"), "/action/x"},
      {path("@t%20k@x/action"), "/action"},
  };
  for (const auto& row : rows) {
    const Target target = route_http(row.target);
    EXPECT_EQ(id_of(target), kId) << row.target;
    EXPECT_EQ(actor_of(target).path, row.forwarded) << row.target;
    EXPECT_FALSE(actor_of(target).skip_ready_wait);
  }
}

TEST(Route, AnIdIsDecodedAndReadInAnyCase) {
  EXPECT_EQ(id_of(route_http("/gateway/HKAY2D8EUB5P74V1PFGPR7ISBEAL00/x")), kId);
  EXPECT_EQ(id_of(route_http("/gateway/%68kay2d8eub5p74v1pfgpr7isbeal00/x")), kId);
}

TEST(Route, MalformedDirectPathsAreNoGatewayPaths) {
  for (const auto& target :
       {std::string("/gateway"), std::string("/gateway/"), std::string("/gateway/@t/x"), path("@/x"), path("//x"),
        std::string("//gateway/") + std::string(kId), std::string("/gateway//") + std::string(kId),
        std::string("/gateway/%ff/x"), path("@%ff/x")})
    EXPECT_TRUE(is_management(route_http(target))) << target;
}

TEST(Route, AnUnparsableIdIsAnInternalError) {
  const Target target = route_http("/gateway/nope-nope/x");
  EXPECT_EQ(error_of(target), "core.internal_error");
  EXPECT_TRUE(std::get<Refusal>(target).actor_route);
}

TEST(Route, SkipReadyWaitComesFromHeaderOrSubprotocol) {
  for (const auto* value : {"true", "1"})
    EXPECT_TRUE(actor_of(route_http(path("/x"), {{"x-rivet-skip-ready-wait", value}})).skip_ready_wait);
  for (const auto* value : {"false", "0"})
    EXPECT_FALSE(actor_of(route_http(path("/x"), {{"x-rivet-skip-ready-wait", value}})).skip_ready_wait);
  const Target bad = route_http(path("/x"), {{"x-rivet-skip-ready-wait", "yes"}});
  EXPECT_EQ(error_of(bad), "guard.invalid_header");
  EXPECT_EQ(metadata_of(bad, "header"), "x-rivet-skip-ready-wait");
  EXPECT_EQ(metadata_of(bad, "detail"), "expected true, false, 1, or 0");

  EXPECT_TRUE(
      actor_of(route_socket(path("/x"), {{"sec-websocket-protocol", "rivet, rivet_skip_ready_wait"}})).skip_ready_wait);
  EXPECT_FALSE(
      actor_of(route_socket(path("/x"), {{"sec-websocket-protocol", "rivet"}, {"x-rivet-skip-ready-wait", "1"}}))
          .skip_ready_wait);
}

TEST(Route, ASocketOnAPathNeedsASubprotocolHeaderOrATokenInTheUrl) {
  EXPECT_EQ(error_of(route_socket(path("/x"))), "guard.missing_header");
  EXPECT_EQ(id_of(route_socket(path("@t/x"))), kId);
  EXPECT_EQ(id_of(route_socket(path("/x"), {{"sec-websocket-protocol", "other"}})), kId);
  const std::string by_key = "/gateway/n/x?rvt-namespace=d&rvt-method=get";
  EXPECT_EQ(error_of(route_socket(by_key)), "guard.missing_header");
  EXPECT_EQ(query_of(route_socket(by_key + "&rvt-token=x")).name, "n");
}

TEST(Route, AQueryPathNamesAnActor) {
  const Target target = route_http(
      "/gateway/my%20actor/request/x?y=1&rvt-namespace=default&rvt-method=getOrCreate&rvt-runner=pool&"
      "rvt-key=a+b%2Cc%2Cd&rvt-input=uQABYWEB&rvt-region=us&rvt-crash-policy=destroy&rvt-token=tok");
  const ActorQuery& query = query_of(target);
  EXPECT_EQ(query.method, ActorQuery::Method::get_or_create);
  EXPECT_EQ(query.namespace_name, "default");
  EXPECT_EQ(query.name, "my actor");
  EXPECT_EQ(query.key, "a b/c/d");
  EXPECT_EQ(query.pool, "pool");
  EXPECT_EQ(query.input, (Bytes{0xb9, 0x00, 0x01, 0x61, 0x61, 0x01}));
  EXPECT_EQ(query.region, "us");
  EXPECT_EQ(query.crash_policy, ActorQuery::CrashPolicy::destroy);
  EXPECT_EQ(actor_of(target).path, "/request/x?y=1");
}

constexpr std::string_view kGet = "rvt-namespace=d&rvt-method=get";
constexpr std::string_view kCreate = "rvt-namespace=d&rvt-method=getOrCreate&rvt-pool=p";

Target by_query(std::string_view base, std::string_view more, std::string_view name = "n") {
  return route_http("/gateway/" + std::string(name) + "/x?" + std::string(base) + std::string(more));
}

TEST(Route, KeysAreSplitAtCommasAfterDecoding) {
  const struct {
    std::string_view param, key;
  } rows[] = {
      {"", "/"},
      {"&rvt-key", "/"},
      {"&rvt-key=", "/"},
      {"&rvt-key=a", "a"},
      {"&rvt-key=a%2Fb,,c+d", "a\\/b/\\0/c d"},
      {"&rvt-key=,", "\\0/\\0"},
      {"&rvt-key=%5C", "\\\\"},
      {"&rvt-key=100%zz", "100%zz"},
      {"&rvt-key=%", "%"},
      {"&rvt-key=%C3%A4", "\xC3\xA4"},
  };
  for (const auto& row : rows) EXPECT_EQ(query_of(by_query(kGet, row.param)).key, row.key) << row.param;
}

TEST(Route, OtherPairsAreForwardedUnchangedAndInOrder) {
  const struct {
    std::string_view query, forwarded;
  } rows[] = {
      {"rvt-namespace=d&rvt-method=get", "/x"},
      {"b=2&rvt-namespace=d&&a=%2f+1&rvt-method=get&b", "/x?b=2&a=%2f+1&b"},
      {"rvt-namespace=d&rvt-method=get&", "/x"},
      {"=v&rvt-namespace=d&rvt-method=get", "/x?=v"},
      {"xrvt-a=1&rvt-namespace=d&rvt-method=get", "/x?xrvt-a=1"},
  };
  for (const auto& row : rows) EXPECT_EQ(actor_of(by_query(row.query, "")).path, row.forwarded) << row.query;
  EXPECT_EQ(actor_of(route_http("/gateway/n?rvt-namespace=d&rvt-method=get&z=1")).path, "/?z=1");
}

TEST(Route, SkipReadyWaitOfAQueryPathIsAParameter) {
  EXPECT_TRUE(actor_of(by_query(kGet, "&rvt-skip-ready-wait=true")).skip_ready_wait);
  EXPECT_TRUE(actor_of(by_query(kGet, "&rvt-skip-ready-wait=1")).skip_ready_wait);
  EXPECT_FALSE(actor_of(by_query(kGet, "&rvt-skip-ready-wait=0")).skip_ready_wait);
  EXPECT_FALSE(
      actor_of(route_http("/gateway/n/x?" + std::string(kGet), {{"x-rivet-skip-ready-wait", "1"}})).skip_ready_wait);
}

TEST(Route, PoolWinsOverRunner) {
  EXPECT_EQ(query_of(by_query(kCreate, "&rvt-runner=r")).pool, "p");
  EXPECT_EQ(query_of(by_query(kGet, "&rvt-pool=p")).name, "n");
}

TEST(Route, FaultyParametersAreReportedInAFixedPriority) {
  constexpr std::string_view kParams = "query_invalid_params";
  const struct {
    std::string_view base, more, code, message;
  } rows[] = {
      {"rvt-method=get", "", kParams, "invalid query gateway params: missing field `namespace`"},
      {"rvt-namespace=d", "", kParams, "invalid query gateway params: missing field `method`"},
      {kGet, "&rvt-bogus=1", kParams,
       "invalid query gateway params: unknown field `bogus`, expected one of `namespace`, `method`, `runner`, `pool`, "
       "`key`, `input`, `region`, `crash-policy`, `token`, `skip-ready-wait`"},
      {"rvt-namespace=d&rvt-method=bogus", "", kParams,
       "invalid query gateway params: unknown method: bogus, expected get or getOrCreate"},
      {kCreate, "&rvt-crash-policy=bogus", kParams,
       "invalid query gateway params: unknown crash policy: bogus, expected restart, sleep, or destroy"},
      {kGet, "&rvt-skip-ready-wait=maybe", kParams,
       "invalid query gateway params: invalid type: string \"maybe\", expected a boolean"},
      {kGet, "&rvt-key=a&rvt-key=b", "query_duplicate_param", "duplicate query gateway param: rvt-key"},
      {kGet, "&rvt-bogus=a&rvt-bogus=b", "query_duplicate_param", "duplicate query gateway param: rvt-bogus"},
      {kGet, "&rvt-runner=r", "query_get_disallowed_params",
       "query gateway method=get does not allow rvt-input, rvt-region, rvt-crash-policy, or rvt-pool params"},
      {kGet, "&rvt-input=9g", "query_get_disallowed_params", ""},
      {kGet, "&rvt-region=r", "query_get_disallowed_params", ""},
      {kGet, "&rvt-crash-policy=bogus", "query_get_disallowed_params", ""},
      {"rvt-namespace=d&rvt-method=getOrCreate", "", "query_missing_pool",
       "query gateway method=getOrCreate requires rvt-pool param"},
      {kCreate, "&rvt-input=9g==", "query_invalid_base64_input", "invalid base64url in query gateway input"},
      {kCreate, "&rvt-input=9", "query_invalid_base64_input", ""},
      {kCreate, "&rvt-input=%2B9", "query_invalid_base64_input", ""},
      {kCreate, "&rvt-input=", "query_invalid_cbor_input", "invalid query gateway input cbor: invalid cbor"},
      {kCreate, "&rvt-input=gQ", "query_invalid_cbor_input", "invalid query gateway input cbor: invalid cbor"},
      {kGet, "&rvt-key=%ff", "query_invalid_percent_encoding",
       "invalid percent-encoding for query gateway param 'rvt-key'"},
      // Priorities.
      {"rvt-key=%ff&rvt-key=%ff", "", "query_invalid_percent_encoding", ""},
      {"rvt-key=a&rvt-key=b&rvt-bogus=1", "", "query_duplicate_param", ""},
      {"rvt-bogus=1", "", kParams, ""},
      {kCreate, "&rvt-input=9&rvt-crash-policy=bogus", "query_invalid_base64_input", ""},
      {"rvt-namespace=d&rvt-method=getOrCreate&rvt-input=9", "", "query_missing_pool", ""},
  };
  for (const auto& row : rows) {
    const Target target = by_query(row.base, row.more);
    EXPECT_EQ(error_of(target), "guard." + std::string(row.code)) << row.base << row.more;
    if (!row.message.empty()) {
      EXPECT_EQ(message_of(target), row.message);
    }
    if (const auto* refusal = std::get_if<Refusal>(&target)) {
      EXPECT_TRUE(refusal->actor_route);
    }
  }
  EXPECT_EQ(metadata_of(by_query(kGet, "&rvt-key=a&rvt-key=b"), "name"), "rvt-key");
  EXPECT_EQ(metadata_of(by_query(kGet, "&rvt-key=%ff"), "name"), "rvt-key");
  EXPECT_EQ(metadata_of(by_query(kCreate, "&rvt-input=gQ"), "detail"), "invalid cbor");
  EXPECT_EQ(metadata_of(by_query("rvt-method=get", ""), "detail"), "missing field `namespace`");
}

TEST(Route, NamesOfQueryPathsAreChecked) {
  EXPECT_EQ(error_of(by_query(kGet, "", "n@t")), "guard.query_path_token_syntax");
  EXPECT_EQ(error_of(by_query(kGet, "", "%ff")), "guard.query_invalid_percent_encoding");
  EXPECT_EQ(error_of(route_http("/gateway?" + std::string(kGet))), "guard.query_empty_actor_name");
  EXPECT_EQ(error_of(route_http("/gateway/?" + std::string(kGet))), "guard.query_empty_actor_name");
  // A name that is wrong goes before parameters that are.
  EXPECT_EQ(error_of(by_query("rvt-bogus=1", "", "n@t")), "guard.query_path_token_syntax");
  EXPECT_EQ(error_of(by_query("rvt-key=%ff", "", "n@t")), "guard.query_invalid_percent_encoding");
  EXPECT_TRUE(is_management(route_http("/gateway//n?" + std::string(kGet))));
}

TEST(Route, HeaderTargetsReachRequestPathsOnly) {
  const HttpHeaders headers{{"x-rivet-target", "actor"}, {"x-rivet-actor", std::string(kId)}};
  for (const auto* target : {"/request", "/request/a", "/request?x=1"}) {
    EXPECT_EQ(id_of(route_http(target, headers)), kId) << target;
    EXPECT_EQ(actor_of(route_http(target, headers)).path, target);
  }
  for (const auto* target : {"/", "/requestx", "/action/x"}) {
    EXPECT_EQ(error_of(route_http(target, headers)), "guard.no_route") << target;
    EXPECT_FALSE(std::get<Refusal>(route_http(target, headers)).actor_route);
  }
}

TEST(Route, HeaderTargetsWithoutActorAreRefused) {
  const Target missing = route_http("/request", {{"x-rivet-target", "actor"}});
  EXPECT_EQ(error_of(missing), "guard.missing_header");
  EXPECT_EQ(metadata_of(missing, "header"), "x-rivet-actor");
  EXPECT_TRUE(std::get<Refusal>(missing).actor_route);
  EXPECT_EQ(error_of(route_http("/request", {{"x-rivet-target", "actor"}, {"x-rivet-actor", "bad-id"}})),
            "core.internal_error");
  EXPECT_EQ(error_of(route_http(
                "/request",
                {{"x-rivet-target", "actor"}, {"x-rivet-actor", std::string(kId)}, {"x-rivet-skip-ready-wait", "x"}})),
            "guard.invalid_header");
}

TEST(Route, OtherTargetNamesAreHostsTheManagementApiOrNothing) {
  const auto named = [](std::string_view name) { return route_http("/x", {{"x-rivet-target", std::string(name)}}); };
  EXPECT_EQ(std::get<HostConnectTarget>(named("envoy")).protocol, HostConnectTarget::Protocol::envoy);
  EXPECT_EQ(std::get<HostConnectTarget>(named("runner")).protocol, HostConnectTarget::Protocol::runner);
  EXPECT_TRUE(is_management(named("api-public")));
  EXPECT_EQ(error_of(named("Actor")), "guard.no_route");
  EXPECT_EQ(error_of(named("")), "guard.no_route");
}

TEST(Route, HostsConnectByPath) {
  for (const auto* target : {"/envoys/connect", "/envoys/connect/", "/envoys/connect?x=1"})
    EXPECT_EQ(std::get<HostConnectTarget>(route_http(target)).protocol, HostConnectTarget::Protocol::envoy) << target;
  EXPECT_EQ(std::get<HostConnectTarget>(route_socket("/runners/connect")).protocol,
            HostConnectTarget::Protocol::runner);
  EXPECT_TRUE(is_management(route_http("/envoys")));
}

TEST(Route, SubprotocolsTargetActors) {
  const Target target =
      route_socket("/websocket/a?b=c",
                   {{"sec-websocket-protocol", "rivet, rivet_encoding.json ,rivet_target.actor,\trivet_actor.%68" +
                                                   std::string(kId.substr(1)) + ", rivet_skip_ready_wait"}});
  EXPECT_EQ(id_of(target), kId);
  EXPECT_EQ(actor_of(target).path, "/websocket/a?b=c");
  EXPECT_TRUE(actor_of(target).skip_ready_wait);
  EXPECT_EQ(error_of(route_socket("/x", {{"sec-websocket-protocol", "rivet_target.actor"}})), "guard.missing_header");
  EXPECT_EQ(error_of(route_socket("/x", {{"sec-websocket-protocol", "rivet_target.actor,rivet_actor.%ff"}})),
            "core.internal_error");
  EXPECT_EQ(error_of(route_socket("/x", {{"sec-websocket-protocol", "rivet_target.bogus,rivet_target.actor"}})),
            "guard.no_route");
}

TEST(Route, HeaderTargetsAreIgnoredOnSockets) {
  const HttpHeaders headers{{"x-rivet-target", "actor"}, {"x-rivet-actor", std::string(kId)}};
  EXPECT_TRUE(is_management(route_socket("/request", headers)));
}

TEST(Route, PreflightsOfActorRoutesNeverLookAtTheActor) {
  const auto preflight = [](const Target& target) { return std::holds_alternative<PreflightTarget>(target); };
  EXPECT_TRUE(preflight(route_http(path("/x"), {}, "OPTIONS")));
  EXPECT_TRUE(preflight(route_http("/gateway/bad id", {}, "OPTIONS")));
  EXPECT_TRUE(preflight(route_http("/gateway?rvt-bogus", {}, "OPTIONS")));
  EXPECT_TRUE(preflight(route_http("/any", {{"x-rivet-target", "actor"}}, "OPTIONS")));
  EXPECT_TRUE(is_management(route_http("/gateway//x", {}, "OPTIONS")));
  EXPECT_TRUE(is_management(route_http("/actors", {}, "OPTIONS")));
}

}  // namespace
}  // namespace troupe
