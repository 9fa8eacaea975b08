#include "engine/pools/pool_rules.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

constexpr std::int64_t kStopThresholdMs = 1'800'000;

PoolConfig endpoint() {
  PoolConfig config;
  config.serverless.emplace();
  config.serverless->url = "http://app.test:3000/api/rivet";
  config.serverless->request_lifespan_s = 3'600;
  return config;
}

std::string reason(const PoolConfig& config, std::int64_t stop_threshold_ms = kStopThresholdMs) {
  const auto checked = check_pool_config(config, stop_threshold_ms);
  if (checked) return "ok";
  EXPECT_EQ(checked.error().id(), "runner_config.invalid");
  return std::string(*checked.error().metadata()->find("reason")->as_string());
}

TEST(PoolRules, NormalPoolsAreAlwaysFine) { EXPECT_EQ(reason(PoolConfig{}), "ok"); }

TEST(PoolRules, TheUrlIsAbsolute) {
  auto config = endpoint();
  EXPECT_EQ(reason(config), "ok");
  config.serverless->url = "/api/rivet";
  EXPECT_EQ(reason(config), "invalid serverless url: relative URL without a base");
  config.serverless->url = "http://";
  EXPECT_EQ(reason(config), "invalid serverless url: empty host");
  config.serverless->url = "";
  EXPECT_EQ(reason(config), "invalid serverless url: relative URL without a base");
}

TEST(PoolRules, HeadersAreHeadersAndFew) {
  auto config = endpoint();
  auto& headers = config.serverless->headers;
  headers = {{"authorization", "Bearer x"}, {"x-empty", ""}};
  EXPECT_EQ(reason(config), "ok");
  headers = {{"a b", "x"}};
  EXPECT_EQ(reason(config), "invalid header name: invalid HTTP header name");
  headers = {{"", "x"}};
  EXPECT_EQ(reason(config), "invalid header name: invalid HTTP header name");
  headers = {{std::string(129, 'n'), "x"}};
  EXPECT_EQ(reason(config), "invalid header name: too long (max 128)");
  headers = {{"x", "a\r\nb: c"}};
  EXPECT_EQ(reason(config), "invalid header value: failed to parse header value");
  headers = {{"x", std::string(4'097, 'v')}};
  EXPECT_EQ(reason(config), "invalid header value: too long (max 4096)");
  headers.clear();
  for (int i = 0; i < 17; ++i) headers["h" + std::to_string(i)] = "v";
  EXPECT_EQ(reason(config), "too many headers (max 16)");
}

TEST(PoolRules, ADrainFitsIntoTheLifespanAndIntoTheStopThreshold) {
  auto config = endpoint();
  config.serverless->request_lifespan_s = 900;
  EXPECT_EQ(reason(config), "`drain_grace_period` must be less than `request_lifespan` (1800s >= 900s)");
  config.serverless->drain_grace_period_s = 899;
  EXPECT_EQ(reason(config), "ok");
  EXPECT_EQ(reason(config, 60'000),
            "`drain_grace_period` cannot be greater than `actor_stop_threshold` (899000ms > 60000ms). If "
            "`drain_grace_period` was omitted, the default is 1800s.");
  config.serverless->slots_per_runner = 0;
  EXPECT_EQ(reason(config), "`slots_per_runner` cannot be 0");
}

}  // namespace
}  // namespace troupe
