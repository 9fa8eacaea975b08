#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "gateway/management/management_api.h"
#include "tests/unit/management/fake_engine.h"

namespace troupe::testing {

using nlohmann::json;

class ApiTest : public ::testing::Test {
 protected:
  struct Answer {
    int status = 0;
    HttpHeaders headers;
    std::string text;

    json body() const { return json::parse(text); }
    std::string header(std::string_view name) const {
      const auto* value = headers.find(name);
      return value ? *value : "(none)";
    }
    /// "400 group.code"
    std::string error() const {
      const auto parsed = body();
      return std::to_string(status) + " " + parsed.at("group").get<std::string>() + "." +
             parsed.at("code").get<std::string>();
    }
    std::string reason() const { return body().at("metadata").at("reason").get<std::string>(); }
  };

  void use_token(std::string token) {
    settings.admin_token = std::move(token);
    api = make_management_api(world.ports(), engine, settings);
  }

  Answer call(std::string method, std::string target, std::string body = {}, HttpHeaders headers = {}) {
    HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.headers = std::move(headers);
    request.body = to_bytes(std::string_view(body));
    auto response = world.run(api->handle(std::move(request), "ray"));
    return {response.status, response.headers, to_string(BytesView(response.body))};
  }
  Answer get(std::string target, HttpHeaders headers = {}) {
    return call("GET", std::move(target), {}, std::move(headers));
  }
  Answer send(std::string method, std::string target, const std::string& body) {
    return call(std::move(method), std::move(target), body, {{"content-type", "application/json"}});
  }
  Answer create(std::string method, json fields, std::string query = "namespace=default") {
    json body = {{"name", "counter"}, {"runner_name_selector", "default"}, {"crash_policy", "sleep"}};
    if (fields.is_object()) body.update(fields);
    return send(std::move(method), "/actors?" + query, body.dump());
  }
  std::string create_id(json fields) {
    return create("POST", std::move(fields)).body().at("actor").at("actor_id").get<std::string>();
  }
  ActorRecord& record(const std::string& id) { return engine.records().at(*Id::parse(id)); }

  VirtualWorld world;
  FakeEngine engine{world.ports()};
  ManagementSettings settings{"", "http://127.0.0.1:6420/", {}};
  std::unique_ptr<ManagementApi> api = make_management_api(world.ports(), engine, settings);
};

}  // namespace troupe::testing
