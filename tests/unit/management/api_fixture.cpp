#include "tests/unit/management/api_fixture.h"

namespace troupe::testing {

ApiTest::ApiTest() = default;
ApiTest::~ApiTest() = default;

std::string ApiTest::Answer::header(std::string_view name) const {
  const auto* value = headers.find(name);
  return value ? *value : "(none)";
}

std::string ApiTest::Answer::error() const {
  const auto parsed = body();
  return std::to_string(status) + " " + parsed.at("group").get<std::string>() + "." +
         parsed.at("code").get<std::string>();
}

std::string ApiTest::Answer::reason() const { return body().at("metadata").at("reason").get<std::string>(); }

void ApiTest::use_token(std::string token) {
  settings.admin_token = std::move(token);
  api = make_management_api(world.ports(), engine, settings);
}

ApiTest::Answer ApiTest::call(std::string method, std::string target, std::string body, HttpHeaders headers) {
  HttpRequest request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.headers = std::move(headers);
  request.body = to_bytes(std::string_view(body));
  auto response = world.run(api->handle(std::move(request), "ray"));
  return {response.status, response.headers, to_string(BytesView(response.body))};
}

ApiTest::Answer ApiTest::get(std::string target, HttpHeaders headers) {
  return call("GET", std::move(target), {}, std::move(headers));
}

ApiTest::Answer ApiTest::send(std::string method, std::string target, const std::string& body) {
  return call(std::move(method), std::move(target), body, {{"content-type", "application/json"}});
}

ApiTest::Answer ApiTest::create(std::string method, json fields, std::string query) {
  json body = {{"name", "counter"}, {"runner_name_selector", "default"}, {"crash_policy", "sleep"}};
  if (fields.is_object()) body.update(fields);
  return send(std::move(method), "/actors?" + query, body.dump());
}

std::string ApiTest::create_id(json fields) {
  return create("POST", std::move(fields)).body().at("actor").at("actor_id").get<std::string>();
}

}  // namespace troupe::testing
