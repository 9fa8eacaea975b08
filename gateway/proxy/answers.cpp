#include "gateway/proxy/answers.h"

#include "engine/base/codec/json.h"
#include "engine/base/errors.h"

namespace troupe {

HttpResponse error_answer(const Error& error) {
  std::string body = R"({"group":)";
  append_json_string(body, error.group());
  body += R"(,"code":)";
  append_json_string(body, error.code());
  body += R"(,"message":)";
  append_json_string(body, error.message());
  if (error.metadata()) body.append(R"(,"metadata":)").append(to_json(*error.metadata()));
  body += '}';

  HttpResponse response;
  response.status = gateway_http_status(error);
  response.headers.set("content-type", "application/json");
  response.headers.set("x-rivet-error", error.id());
  response.body = to_bytes(body);
  return response;
}

HttpResponse preflight_answer(const HttpHeaders& request) {
  HttpResponse response;
  response.status = 204;
  response.headers.set("access-control-allow-methods", "GET, POST, PUT, DELETE, OPTIONS, PATCH");
  const auto* wanted = request.find("access-control-request-headers");
  response.headers.set("access-control-allow-headers", wanted ? *wanted : "*");
  response.headers.set("access-control-max-age", "86400");
  return response;
}

void apply_cors(HttpHeaders& response, const std::optional<std::string>& origin) {
  response.set("access-control-allow-origin", origin.value_or("*"));
  response.set("access-control-allow-credentials", "true");
  response.set("access-control-expose-headers", "*");
  if (origin) response.set("vary", "Origin");
}

std::string close_reason(const Error& error, const std::string& ray_id) { return error.id() + "#" + ray_id; }

std::uint16_t close_code(const Error& error) {
  constexpr std::uint16_t kNormal = 1000, kError = 1011;
  return error.is("ws", "connection_closed") || error.is("ws", "eviction") ? kNormal : kError;
}

}  // namespace troupe
