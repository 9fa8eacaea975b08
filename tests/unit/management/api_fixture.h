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
  ApiTest();
  ~ApiTest() override;

  struct Answer {
    int status = 0;
    HttpHeaders headers;
    std::string text;

    json body() const { return json::parse(text); }
    std::string header(std::string_view name) const;
    /// "400 group.code"
    std::string error() const;
    std::string reason() const;
  };

  void use_token(std::string token);

  Answer call(std::string method, std::string target, std::string body = {}, HttpHeaders headers = {});
  Answer get(std::string target, HttpHeaders headers = {});
  Answer send(std::string method, std::string target, const std::string& body);
  Answer create(std::string method, json fields, std::string query = "namespace=default");
  std::string create_id(json fields);
  ActorRecord& record(const std::string& id) { return engine.records().at(*Id::parse(id)); }

  VirtualWorld world;
  FakeEngine engine{world.ports()};
  ManagementSettings settings{"", "http://127.0.0.1:6420/", {}};
  std::unique_ptr<ManagementApi> api = make_management_api(world.ports(), engine, settings);
};

}  // namespace troupe::testing
