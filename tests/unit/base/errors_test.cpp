#include "engine/base/errors.h"

#include <gtest/gtest.h>

#include <set>

namespace troupe {
namespace {

TEST(Errors, EveryEntryIsUniqueAndFound) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const auto& kind : error_catalogue()) {
    EXPECT_TRUE(seen.emplace(kind.group, kind.code).second) << kind.group << "." << kind.code;
    EXPECT_EQ(find_error_kind(kind.group, kind.code), &kind);
    EXPECT_FALSE(kind.message.empty());
    for (int status : {kind.actor_status, kind.gateway_status}) {
      EXPECT_GE(status, 400) << kind.group << "." << kind.code;
      EXPECT_LE(status, 504) << kind.group << "." << kind.code;
    }
  }
  EXPECT_EQ(find_error_kind("user", "mine"), nullptr);
  EXPECT_EQ(find_error_kind("", ""), nullptr);
}

TEST(Errors, ExactlyTheDocumentedCodesArePublic) {
  std::set<std::string> open;
  for (const auto& kind : error_catalogue())
    if (kind.is_public && kind.group != "kv" && kind.group != "schedule")
      open.insert(std::string(kind.group) + "." + std::string(kind.code));
  EXPECT_EQ(open, (std::set<std::string>{"action.action_not_found",
                                         "actor.aborted",
                                         "actor.action_not_found",
                                         "actor.action_timed_out",
                                         "actor.method_not_allowed",
                                         "actor.not_found",
                                         "actor.restarting",
                                         "actor_runtime_socket.closed",
                                         "actor_runtime_socket.database_unavailable",
                                         "actor_runtime_socket.not_enabled",
                                         "actor_runtime_socket.unsupported",
                                         "auth.forbidden",
                                         "inspector.custom_tab_asset_not_found",
                                         "inspector.custom_tab_not_found",
                                         "inspector.invalid_protocol_version",
                                         "inspector.invalid_request",
                                         "inspector.ui_asset_not_found",
                                         "inspector.unauthorized",
                                         "message.incoming_too_long",
                                         "message.outgoing_too_long",
                                         "queue.already_completed",
                                         "queue.complete_not_configured",
                                         "queue.full",
                                         "queue.invalid_completion_payload",
                                         "queue.invalid_payload",
                                         "queue.message_invalid",
                                         "queue.message_too_large",
                                         "queue.previous_message_not_completed",
                                         "queue.timed_out"}));
  for (const auto& kind : error_catalogue()) {
    if (kind.group == "kv" || kind.group == "schedule") {
      EXPECT_TRUE(kind.is_public) << kind.code;
    }
  }
}

TEST(Errors, FillTheirMessageFromTheMetadata) {
  auto full = make_error("queue", "full", Value::object({{"limit", 1000}}));
  EXPECT_EQ(full.message(), "Queue is full. Limit is 1000 messages.");
  EXPECT_EQ(*full.metadata(), Value::object({{"limit", 1000}}));

  auto route = make_error("actor", "not_found", Value::object({{"id", "/nope"}, {"resource", "route"}}));
  EXPECT_EQ(route.message(), "Actor route '/nope' was not found.");
  EXPECT_EQ(make_error("actor", "not_found").message(), "The actor does not exist or was destroyed.");
  EXPECT_EQ(make_error("actor", "not_found", Value::object({{"id", "x"}})).message(),
            "The actor does not exist or was destroyed.");

  auto no_route = make_error("guard", "no_route", Value::object({{"host", "127.0.0.1"}, {"path", "/x"}}));
  EXPECT_EQ(no_route.message(), "No route found for hostname 127.0.0.1, path /x.");
  EXPECT_EQ(make_error("kv", "key_too_large").message(), "KV key too large ({size} bytes). Limit is {limit} bytes.");
}

TEST(Errors, AnUnknownActionNamesItselfInTheMessageOnly) {
  auto error = make_error("actor", "action_not_found", Value::object({{"name", "nope"}}));
  EXPECT_EQ(error.message(), "Action `nope` was not found.");
  EXPECT_FALSE(error.metadata());
}

TEST(Errors, MaskingKeepsGroupAndCodeOnly) {
  auto secret = make_error("actor", "callback_timed_out",
                           Value::object({{"callback_name", "onWake"}, {"duration_ms", 5}}), "for the log");
  EXPECT_EQ(secret.message(), "callback `onWake` timed out after 5 ms");
  auto shown = masked(secret);
  EXPECT_EQ(shown.id(), "actor.callback_timed_out");
  EXPECT_EQ(shown.message(), "An internal error occurred");
  EXPECT_FALSE(shown.metadata());
  EXPECT_EQ(shown.detail(), "for the log");

  auto mine = user_error("cc", "user boom", Value::object({{"a", 1}}));
  EXPECT_EQ(masked(mine).message(), "user boom");
  EXPECT_TRUE(masked(mine).metadata());
  EXPECT_EQ(masked(Error("kv", "other", "text")).message(), "text");
  EXPECT_EQ(masked(Error("guard", "other", "text")).message(), "An internal error occurred");
}

TEST(Errors, HaveTheStatusOfTheActorsTable) {
  const auto status = [](const char* group, const char* code) { return actor_http_status(Error(group, code, "")); };
  EXPECT_EQ(status("actor", "action_not_found"), 404);
  EXPECT_EQ(status("actor", "not_found"), 404);
  EXPECT_EQ(status("actor", "action_timed_out"), 408);
  EXPECT_EQ(status("actor", "method_not_allowed"), 405);
  EXPECT_EQ(status("actor", "invalid_request"), 400);
  EXPECT_EQ(status("message", "incoming_too_long"), 400);
  EXPECT_EQ(status("message", "outgoing_too_long"), 400);
  EXPECT_EQ(status("auth", "forbidden"), 403);
  for (const char* code : {"stopping", "starting", "overloaded", "aborted", "destroying", "dropped_reply"})
    EXPECT_EQ(status("actor", code), 500) << code;
  for (const auto& kind : error_catalogue()) {
    if (kind.group == "queue") {
      EXPECT_EQ(kind.actor_status, 400) << kind.code;
    }
    if (kind.group == "kv" || kind.group == "schedule" || kind.group == "sqlite") {
      EXPECT_EQ(kind.actor_status, 500) << kind.code;
    }
  }
  EXPECT_EQ(status("user", "anything"), 500);
  EXPECT_EQ(status("rivetkit", "internal_error"), 500);
  EXPECT_EQ(status("core", "internal_error"), 500);
}

TEST(Errors, HaveTheStatusOfTheGatewaysTable) {
  const auto status = [](const char* group, const char* code) { return gateway_http_status(Error(group, code, "")); };
  const std::tuple<const char*, const char*, int> table[] = {
      {"actor", "not_found", 404},
      {"actor", "destroyed_while_waiting_for_ready", 400},
      {"actor", "creation_rate_limit", 429},
      {"acl", "token_not_found", 401},
      {"acl", "token_expired", 401},
      {"acl", "insufficient_permissions", 403},
      {"api", "not_found", 404},
      {"api", "unauthorized", 401},
      {"api", "forbidden", 403},
      {"core", "internal_error", 500},
      {"envoy", "fetch_failed", 500},
      {"guard", "no_route", 404},
      {"guard", "actor_ready_timeout", 503},
      {"guard", "actor_wake_retries_exceeded", 503},
      {"guard", "actor_stopped_while_waiting", 503},
      {"guard", "request_delivery_unconfirmed", 503},
      {"guard", "service_unavailable", 503},
      {"guard", "tunnel_request_aborted", 503},
      {"guard", "tunnel_response_closed", 503},
      {"guard", "tunnel_message_timeout", 504},
      {"guard", "gateway_response_start_timeout", 504},
      {"guard", "request_timeout", 504},
      {"guard", "route_dispatch_timeout", 504},
      {"guard", "rate_limit", 429},
      {"guard", "max_in_flight", 400},
      {"guard", "invalid_request_body", 413},
      {"guard", "upstream_error", 502},
      {"guard", "routing_error", 502},
      {"guard", "retry_attempts_exceeded", 502},
      {"guard", "invalid_response_body", 502},
      {"guard", "actor_runner_failed", 400},
      {"pegboard", "route_resolve_query_timeout", 504},
      {"namespace", "not_found", 400},
      {"user", "anything", 400},
  };
  for (const auto& [group, code, expected] : table) EXPECT_EQ(status(group, code), expected) << group << "." << code;
}

TEST(Errors, CarryTheirContextInTheDetail) {
  auto error = internal_error("disk full").with_context("saving").with_context("stopping");
  EXPECT_EQ(error.id(), "rivetkit.internal_error");
  EXPECT_EQ(error.message(), "An internal error occurred");
  EXPECT_EQ(error.detail(), "stopping: saving: disk full");
  EXPECT_EQ(user_error("", "text").code(), "user_error");
}

TEST(ErrorsDeathTest, AnUnknownCodeIsABug) {
  EXPECT_DEATH((void)make_error("actor", "misspelt"), "actor.misspelt is not in the catalogue");
}

}  // namespace
}  // namespace troupe
