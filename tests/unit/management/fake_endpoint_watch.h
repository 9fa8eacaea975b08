#pragma once

#include <string>
#include <vector>

#include "engine/serverless/endpoint_watch.h"

namespace troupe::testing {

/// Every endpoint answers the same; notes what it is asked.
class FakeEndpointWatch final : public EndpointWatch {
 public:
  MetadataResult answer = MetadataProblem{};
  std::vector<std::string> calls;
  std::map<std::string, std::string> headers;

  void start() override {}
  void changed(const PoolChange&) override {}
  void stop() override {}
  Task<MetadataResult> fetch(std::string url, std::map<std::string, std::string> with) override {
    calls.push_back("fetch " + url);
    headers = std::move(with);
    co_return answer;
  }
  Task<Result<MetadataResult>> refresh(PoolPtr pool) override {
    calls.push_back("refresh " + pool->name + " " + pool->config.serverless->url);
    co_return answer;
  }
};

}  // namespace troupe::testing
