#include "src/daemon/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace troupe::daemon {
namespace {

using ::testing::HasSubstr;

class Config : public ::testing::Test {
 protected:
  Config() {
    std::string path = (std::filesystem::temp_directory_path() / "troupe-config-XXXXXX").string();
    directory_ = ::mkdtemp(path.data());
  }
  ~Config() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path file(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
    return directory_ / name;
  }
  void environment(std::vector<const char*> entries) {
    entries.push_back(nullptr);
    tree_.add_environment(entries.data());
  }
  Settings applied() {
    Settings settings;
    const auto result = apply_config(tree_, settings);
    EXPECT_TRUE(result) << result.error().message();
    return settings;
  }
  /// "code: message"
  std::string refused() {
    Settings settings;
    const auto result = apply_config(tree_, settings);
    return result ? "accepted" : result.error().code() + ": " + result.error().message();
  }

  std::filesystem::path directory_;
  ConfigTree tree_;
};

TEST_F(Config, NothingConfiguredGivesTheDefaults) {
  const auto settings = applied();
  EXPECT_EQ(settings.server.host, "::");
  EXPECT_EQ(settings.server.port, 6420);
  EXPECT_EQ(settings.public_url, "http://127.0.0.1:6420/");
  EXPECT_EQ(settings.data_directory, "data");
  EXPECT_EQ(settings.storage.durability, DurabilityMode::sync);
  EXPECT_FALSE(settings.metrics_port);
}

TEST_F(Config, JsonAndYamlSayTheSame) {
  for (const auto& path :
       {file("a.json", R"({"guard":{"port":7000},"troupe":{"durability":"os","demo":true}})"),
        file("a.yaml", "guard:\n  port: 7000\ntroupe:\n  durability: os\n  demo: true\n"),
        file("a.jsonc",
             "// a comment\n{\"guard\":{\"port\":7000},\"troupe\":{\"durability\":\"os\",\"demo\":true}}")}) {
    tree_ = ConfigTree();
    ASSERT_TRUE(tree_.add_path(path)) << path;
    const auto settings = applied();
    EXPECT_EQ(settings.server.port, 7000) << path;
    EXPECT_EQ(settings.storage.durability, DurabilityMode::os) << path;
    EXPECT_TRUE(settings.demo) << path;
  }
}

TEST_F(Config, ADirectoryIsReadInTheOrderOfItsNames) {
  file("20.yaml", "guard: {port: 7002}");
  file("10.json", R"({"guard":{"port":7001,"host":"127.0.0.1"}})");
  file("notes.txt", "not a configuration");
  ASSERT_TRUE(tree_.add_path(directory_));
  EXPECT_EQ(applied().server.port, 7002);
  EXPECT_EQ(applied().server.host, "127.0.0.1");
}

TEST_F(Config, TheEnvironmentWinsOverFilesAndTheCommandLineOverBoth) {
  ASSERT_TRUE(
      tree_.add_path(file("a.json", R"({"guard":{"port":7000,"host":"10.0.0.1"},"auth":{"admin_token":"a"}})")));
  environment({"RIVET__GUARD__PORT=7001", "RIVET__AUTH__ADMIN_TOKEN=b", "RIVET_TOKEN=x", "PATH=/bin"});
  tree_.set("guard.port", "7002", "command line");
  const auto settings = applied();
  EXPECT_EQ(settings.server.host, "10.0.0.1");
  EXPECT_EQ(settings.server.port, 7002);
  EXPECT_EQ(settings.admin_token, "b");
}

TEST_F(Config, WhatAnAppPassesToItsEngineIsAccepted) {
  environment({"RIVET__GUARD__HOST=127.0.0.1",
               "RIVET__GUARD__PORT=6420",
               "RIVET__API_PEER__HOST=127.0.0.1",
               "RIVET__API_PEER__PORT=6421",
               "RIVET__METRICS__HOST=127.0.0.1",
               "RIVET__METRICS__PORT=6430",
               "RIVET__FILE_SYSTEM__PATH=/tmp/x/db",
               "RIVET__FEATURES__GUARD_GATEWAY_V3__MODE=on",
               "RIVET__FEATURES__GUARD_GATEWAY_V3__PERCENTAGE=100",
               "RIVET__PEGBOARD__ENVOY_LOST_THRESHOLD=7000",
               "RIVET__PEGBOARD__RUNNER_LOST_THRESHOLD=7000",
               "RIVET__PEGBOARD__ENVOY_ELIGIBLE_THRESHOLD=5000",
               "RIVET__PEGBOARD__RUNNER_ELIGIBLE_THRESHOLD=5000",
               "RIVET__PEGBOARD__BASE_RETRY_TIMEOUT=100",
               "RIVET__PEGBOARD__RESCHEDULE_BACKOFF_MAX_EXPONENT=1",
               "RIVET__PEGBOARD__RETRY_RESET_DURATION=100",
               "RIVET__PEGBOARD__MIN_METADATA_POLL_INTERVAL=1000",
               "RIVET__RUNTIME__WORKER_SHUTDOWN_DURATION=1",
               "RIVET__RUNTIME__GUARD_SHUTDOWN_DURATION=1",
               "RIVET__RUNTIME__FORCE_SHUTDOWN_DURATION=2"});
  const auto settings = applied();
  EXPECT_EQ(settings.server.host, "127.0.0.1");
  EXPECT_EQ(settings.metrics_host, "127.0.0.1");
  EXPECT_EQ(settings.metrics_port, 6430);
  EXPECT_EQ(settings.data_directory, "/tmp/x/db");
  EXPECT_EQ(settings.engine.base_retry_timeout, Millis(100));
  EXPECT_EQ(settings.engine.reschedule_backoff_max_exponent, 1u);
  EXPECT_EQ(settings.engine.retry_reset_duration, Millis(100));
  EXPECT_EQ(settings.engine.shutdown_grace, Millis(1'000));
  EXPECT_EQ(settings.socket_grace, Millis(1'000));
  EXPECT_EQ(settings.force_stop, Millis(2'000));
}

TEST_F(Config, AnUnknownKeyIsRefusedWithItsSource) {
  environment({"RIVET__GUARD__PROT=1"});
  EXPECT_EQ(refused(), "unknown_key: unknown configuration key guard.prot (RIVET__GUARD__PROT)");
  tree_ = ConfigTree();
  const auto path = file("a.json", R"({"troupe":{"durabilty":"os"}})");
  ASSERT_TRUE(tree_.add_path(path));
  EXPECT_EQ(refused(), "unknown_key: unknown configuration key troupe.durabilty (" + path.string() + ")");
  tree_ = ConfigTree();
  tree_.set("colour", "red", "command line");
  EXPECT_EQ(refused(), "unknown_key: unknown configuration key colour (command line)");
}

TEST_F(Config, AWrongValueIsRefusedWithItsKey) {
  const auto value = [&](const std::string& key, ConfigNode node) {
    tree_ = ConfigTree();
    tree_.set(key, std::move(node), "command line");
    return refused();
  };
  EXPECT_EQ(value("guard.port", 70'000), "invalid_value: guard.port is not a number from 0 to 65535 (command line)");
  EXPECT_THAT(value("guard.port", "http"), HasSubstr("guard.port is not a number"));
  EXPECT_THAT(value("guard.port", true), HasSubstr("guard.port is not a number"));
  EXPECT_THAT(value("troupe.durability", "always"), HasSubstr("is not one of sync, interval, os"));
  EXPECT_THAT(value("troupe.demo", "yes"), HasSubstr("is neither true nor false"));
  EXPECT_THAT(value("auth.admin_token", ""), HasSubstr("is empty"));
  EXPECT_THAT(value("guard", "x"), HasSubstr("guard is no object"));
  EXPECT_EQ(value("guard.port", nullptr), "accepted");
  EXPECT_EQ(value("guard.port", "6421"), "accepted");
}

TEST_F(Config, KnownKeysWithoutMeaningAreAccepted) {
  ASSERT_TRUE(tree_.add_path(file("a.yaml",
                                  "api_peer: {port: 1}\npegboard: {envoy_load_balancer: {hash: {samples: 2}}}\n"
                                  "runtime: {worker_load_shedding_curve: [[700, 1000], [900, 50]]}\n"
                                  "sqlite: {max_storage_bytes: 1}\ntelemetry: {enabled: false}\nlogs:\n")));
  EXPECT_EQ(refused(), "accepted");
}

TEST_F(Config, TopologyNamesThisDatacenter) {
  ASSERT_TRUE(tree_.add_path(file("a.json", R"({"topology":{"datacenter_label":7,"datacenters":{"home":
      {"datacenter_label":7,"is_leader":true,"public_url":"https://x.example","peer_url":"http://y"}}}})")));
  auto settings = applied();
  EXPECT_EQ(settings.engine.datacenter_label, 7);
  EXPECT_EQ(settings.engine.datacenter_name, "home");
  EXPECT_EQ(settings.public_url, "https://x.example/");

  tree_ = ConfigTree();
  ASSERT_TRUE(tree_.add_path(file("b.json", R"({"topology":{"datacenters":[{"name":"list","datacenter_label":1,
      "public_url":"http://x/"}]}})")));
  settings = applied();
  EXPECT_EQ(settings.engine.datacenter_name, "list");

  tree_ = ConfigTree();
  environment({"RIVET__TOPOLOGY__DATACENTERS__DEFAULT__PUBLIC_URL=http://host:1"});
  EXPECT_EQ(applied().public_url, "http://host:1/");

  tree_ = ConfigTree();
  ASSERT_TRUE(tree_.add_path(file("c.json", R"({"topology":{"datacenters":{"a":{},"b":{}}}})")));
  EXPECT_THAT(refused(), HasSubstr("more than one datacenter"));
  tree_ = ConfigTree();
  ASSERT_TRUE(tree_.add_path(file("d.json", R"({"topology":{"datacenters":{"a":{"publik_url":""}}}})")));
  EXPECT_THAT(refused(), HasSubstr("unknown key publik_url"));
}

TEST_F(Config, FilesThatCannotBeReadAreNamed) {
  const auto code = [&](const std::filesystem::path& path) {
    const auto result = ConfigTree().add_path(path);
    return result ? "accepted" : result.error().id();
  };
  EXPECT_EQ(code(directory_ / "missing.json"), "config.unreadable");
  EXPECT_EQ(code(file("a.toml", "x = 1")), "config.unreadable");
  EXPECT_EQ(code(file("a.json", "{")), "config.syntax");
  EXPECT_EQ(code(file("b.json", "[]")), "config.syntax");
  EXPECT_EQ(code(file("a.yaml", "a: [")), "config.syntax");
  EXPECT_EQ(code(file("b.yaml", "- 1")), "config.syntax");
  EXPECT_EQ(code(file("deep.yaml", std::string(100, '[') + std::string(100, ']'))), "config.syntax");
  EXPECT_EQ(code(file("empty.yaml", "")), "accepted");
  EXPECT_EQ(code(file("large.json", std::string(2u << 20, ' '))), "config.unreadable");
}

}  // namespace
}  // namespace troupe::daemon
