#include "gateway/routing/route.h"

#include <optional>

#include "engine/base/errors.h"
#include "gateway/routing/actor_path.h"
#include "gateway/routing/percent.h"
#include "gateway/routing/subprotocols.h"

namespace troupe {
namespace {

Error no_route(const RouteRequest& request) {
  std::string host;
  if (const auto* value = request.headers.find("host")) {
    // The colons of an IPv6 literal are inside brackets.
    const std::size_t literal_end = value->starts_with('[') ? value->find(']') : 0;
    host = value->substr(0, value->find(':', literal_end == std::string::npos ? 0 : literal_end));
  }
  return make_error("guard", "no_route", Value::object({{"host", host}, {"path", std::string(request.target)}}));
}

Refusal missing_header(std::string_view header) {
  return {make_error("guard", "missing_header", Value::object({{"header", std::string(header)}})), true};
}

std::optional<Subprotocols> subprotocols(const RouteRequest& request) {
  const auto* header = request.headers.find("sec-websocket-protocol");
  if (!header) return std::nullopt;
  return Subprotocols(*header);
}

Result<bool> skip_ready_wait(const RouteRequest& request) {
  if (request.websocket) {
    const auto protocols = subprotocols(request);
    return protocols && protocols->contains("rivet_skip_ready_wait");
  }
  const auto* value = request.headers.find("x-rivet-skip-ready-wait");
  if (!value || *value == "false" || *value == "0") return false;
  if (*value == "true" || *value == "1") return true;
  return make_error(
      "guard", "invalid_header",
      Value::object({{"header", "x-rivet-skip-ready-wait"}, {"detail", "expected true, false, 1, or 0"}}));
}

Target route_actor_path(const RouteRequest& request, ParsedActorPath parsed) {
  // Browsers carry the token of a WebSocket in this header, so it is looked for there, and only there, when the URL
  // has none.
  if (request.websocket && !parsed.has_token && !subprotocols(request)) return missing_header("sec-websocket-protocol");
  if (!parsed.by_query) {
    const auto skip = skip_ready_wait(request);
    if (!skip) return Refusal{skip.error(), true};
    parsed.target.skip_ready_wait = *skip;
  }
  return std::move(parsed.target);
}

bool is_request_path(std::string_view target) {
  constexpr std::string_view kRequest = "/request";
  if (!target.starts_with(kRequest)) return false;
  return target.size() == kRequest.size() || target[kRequest.size()] == '/' || target[kRequest.size()] == '?';
}

Target route_actor_header(const RouteRequest& request) {
  if (request.method == "OPTIONS") return PreflightTarget{};
  if (!request.websocket && !is_request_path(request.target)) return Refusal{no_route(request), false};

  std::string id_text;
  if (request.websocket) {
    const auto raw = subprotocols(request)->find("rivet_actor.");
    if (!raw) return missing_header("`rivet_actor.*` protocol in sec-websocket-protocol");
    auto decoded = percent_decode(*raw);
    if (!decoded) return Refusal{make_error("core", "internal_error", std::nullopt, "encoding of rivet_actor"), true};
    id_text = std::move(*decoded);
  } else {
    const auto* value = request.headers.find("x-rivet-actor");
    if (!value) return missing_header("x-rivet-actor");
    id_text = *value;
  }
  const auto skip = skip_ready_wait(request);
  if (!skip) return Refusal{skip.error(), true};
  const auto id = Id::parse(id_text);
  if (!id)
    return Refusal{make_error("core", "internal_error", std::nullopt, "x-rivet-actor: " + id.error().message()), true};

  ActorTarget target;
  target.actor = *id;
  target.path = request.target;
  target.skip_ready_wait = *skip;
  return target;
}

std::optional<HostConnectTarget::Protocol> host_protocol_of_path(std::string_view target) {
  std::string_view path = target.substr(0, target.find('?'));
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path == "/envoys/connect") return HostConnectTarget::Protocol::envoy;
  if (path == "/runners/connect") return HostConnectTarget::Protocol::runner;
  return std::nullopt;
}

std::optional<std::string_view> target_name(const RouteRequest& request) {
  if (request.websocket) {
    const auto protocols = subprotocols(request);
    return protocols ? protocols->find("rivet_target.") : std::nullopt;
  }
  const auto* value = request.headers.find("x-rivet-target");
  if (!value) return std::nullopt;
  return *value;
}

Target route_named(const RouteRequest& request, std::string_view name) {
  if (name == "actor") return route_actor_header(request);
  if (name == "runner") return HostConnectTarget{HostConnectTarget::Protocol::runner};
  if (name == "envoy") return HostConnectTarget{HostConnectTarget::Protocol::envoy};
  if (name == "api-public") return ManagementTarget{};
  return Refusal{no_route(request), false};
}

}  // namespace

Target route(const RouteRequest& request, RouteOptions options) {
  if (request.target == "/health/ws" || request.target == "/health/ws/") {
    if (options.health_websocket) return HealthSocketTarget{};
    return Refusal{no_route(request), false};
  }

  if (request.method == "OPTIONS") {
    if (is_actor_path(request.target)) return PreflightTarget{};
  } else {
    auto parsed = parse_actor_path(request.target);
    if (!parsed) return Refusal{std::move(parsed).error(), true};
    if (*parsed) return route_actor_path(request, std::move(**parsed));
  }

  if (const auto protocol = host_protocol_of_path(request.target)) return HostConnectTarget{*protocol};
  if (const auto name = target_name(request)) return route_named(request, *name);
  return ManagementTarget{};
}

}  // namespace troupe
