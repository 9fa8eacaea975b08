#include "gateway/management/http/responses.h"

#include "engine/base/codec/json.h"

namespace troupe::management {

namespace {

constexpr const char* kVary = "origin, access-control-request-method, access-control-request-headers";

bool is_internal(const Error& error) { return error.code() == "internal_error" || error.group() == "storage"; }

void mirror(HttpResponse& response, const HttpRequest& request, std::string_view from, std::string_view to) {
  if (const auto* value = request.headers.find(from)) response.headers.set(to, *value);
}

}  // namespace

int error_status(const Error& error) {
  if (error.group() == "api") {
    if (error.code() == "not_found") return 404;
    if (error.code() == "unauthorized") return 401;
    if (error.code() == "forbidden") return 403;
  }
  if (is_internal(error)) return 500;
  // The engine is stopping: another try, elsewhere or later, helps.
  if (error.is("guard", "service_unavailable")) return 503;
  return 400;
}

HttpResponse error_answer(const Error& error) {
  HttpResponse response;
  response.status = error_status(error);
  response.headers.set("content-type", "application/json");
  if (is_internal(error)) {
    response.body = to_bytes(R"({"group":"core","code":"internal_error","message":"An internal error occurred"})");
    return response;
  }
  std::string body = "{\"group\":";
  append_json_string(body, error.group());
  body += ",\"code\":";
  append_json_string(body, error.code());
  body += ",\"message\":";
  append_json_string(body, error.message());
  if (error.metadata()) body.append(",\"metadata\":").append(to_json(*error.metadata()));
  body += '}';
  response.body = to_bytes(body);
  return response;
}

HttpResponse method_not_allowed(const Route& route) {
  HttpResponse response;
  response.status = 405;
  response.headers.set("allow", allowed_methods(route));
  return response;
}

HttpResponse options_answer(const HttpRequest& request, const Route* route) {
  if (route && !route->cors) return method_not_allowed(*route);
  HttpResponse response;
  response.headers.set("vary", kVary);
  if (!route) {
    for (const auto* name :
         {"access-control-allow-origin", "access-control-allow-methods", "access-control-allow-headers"})
      response.headers.set(name, "*");
    return response;
  }
  mirror(response, request, "origin", "access-control-allow-origin");
  mirror(response, request, "access-control-request-method", "access-control-allow-methods");
  mirror(response, request, "access-control-request-headers", "access-control-allow-headers");
  response.headers.set("access-control-allow-credentials", "true");
  response.headers.set("allow", allowed_methods(*route));
  return response;
}

void add_cors(HttpResponse& response, const HttpRequest& request, const Route* route) {
  if (route && !route->cors) return;
  response.headers.set("vary", kVary);
  if (!route) {
    response.headers.set("access-control-allow-origin", "*");
    response.headers.set("access-control-expose-headers", "*");
    return;
  }
  mirror(response, request, "origin", "access-control-allow-origin");
  response.headers.set("access-control-allow-credentials", "true");
}

}  // namespace troupe::management
