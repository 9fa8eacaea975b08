#include "engine/base/errors.h"
#include "engine/hosts/local/front_answer.h"
#include "engine/hosts/local/front_counters.h"
#include "engine/hosts/local/http_front.h"

namespace troupe {
namespace {

using Kind = FrontRoute::Kind;

constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kJson = "application/json";

HttpResponse metadata_page(const ActorInfo& actor) {
  HttpResponse response = text_answer(actor, 200, kJson, R"({"runtime":"rivetkit","version":"2.3.19","type":"local"})");
  response.headers.set("referrer-policy", "no-referrer");
  return response;
}

/// About the process, so it names no actor.
HttpResponse metrics_page() {
  HttpResponse response;
  response.headers.set("content-type", "text/plain; version=0.0.4; charset=utf-8");
  response.body = to_bytes(front_counters_text());
  return response;
}

HttpResponse unauthorized_inspector(const ActorInfo& actor) {
  return text_answer(
      actor, 401, kJson,
      R"({"group":"inspector","code":"unauthorized","message":"Inspector request requires a valid bearer token","metadata":null})");
}

/// What the reference's host says when it cannot even read the path.
HttpResponse fetch_failed(const ActorInfo& actor) {
  HttpResponse response = text_answer(
      actor, 500, kJson, R"({"group":"envoy","code":"fetch_failed","message":"actor fetch failed","metadata":{}})");
  response.headers.set("x-rivet-error", "envoy.fetch_failed");
  return response;
}

HttpResponse unknown_route(const ActorInfo& actor, const HttpRequest& request) {
  const std::string_view path = path_of(request.target);
  Value metadata = Value::object({{"id", path}, {"resource", "route"}});
  return error_answer(actor, request_encoding(request.headers), make_error("actor", "not_found", std::move(metadata)));
}

}  // namespace

HttpResponse method_not_allowed(const ActorInfo& actor, const HttpRequest& request) {
  Value metadata = Value::object({{"method", request.method}, {"path", path_of(request.target)}});
  return error_answer(actor, request_encoding(request.headers),
                      make_error("actor", "method_not_allowed", std::move(metadata)));
}

HttpResponse builtin_answer(const ActorInfo& actor, const HttpRequest& request, FrontRoute::Kind kind) {
  if (kind == Kind::inspector) return unauthorized_inspector(actor);
  if (kind == Kind::broken_escape) return fetch_failed(actor);
  if (kind == Kind::unknown) return unknown_route(actor, request);
  if (request.method != "GET") return method_not_allowed(actor, request);
  switch (kind) {
    case Kind::health:
      return text_answer(actor, 200, kText, "ok");
    case Kind::metadata:
      return metadata_page(actor);
    case Kind::metrics:
      return metrics_page();
    default:
      return text_answer(actor, 200, kText, "This is an RivetKit actor.\n\nLearn more at https://rivetkit.org");
  }
}

}  // namespace troupe
