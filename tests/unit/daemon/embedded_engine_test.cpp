#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "src/demo/demo.h"
#include "tests/unit/base/warnings.h"
#include "troupe/embed.h"

namespace troupe {
namespace {

/// Without what a busy machine alone can cause.
std::string without_stalls(const std::string& warnings) {
  std::istringstream lines(warnings);
  std::string kept;
  for (std::string line; std::getline(lines, line);)
    if (line.find("held an I/O thread") == std::string::npos) kept += line + "\n";
  return kept;
}

class EmbeddedEngines : public testing::TestWithParam<WriteSync> {
 protected:
  ~EmbeddedEngines() override { std::filesystem::remove_all(options_.data_directory); }

  Result<EmbeddedEngine> start() {
    Registry registry;
    register_demo_actors(registry);
    options_.durability = GetParam();
    options_.port = 0;
    options_.io_threads = 2;
    return EmbeddedEngine::start(std::move(registry), options_);
  }

  EngineOptions options_ = [] {
    EngineOptions options;
    std::string name = (std::filesystem::temp_directory_path() / "troupe-embedded-XXXXXX").string();
    options.data_directory = ::mkdtemp(name.data());
    return options;
  }();
};

TEST_P(EmbeddedEngines, LeaveNothingBehindWhenActorsHaveRun) {
  const test::Warnings warnings;
  for (int run = 1; run <= 2; ++run) {
    auto engine = start();
    ASSERT_TRUE(engine) << engine.error().id();
    // A save that a sync follows later, and a database file that is closed when it has been idle for long.
    EXPECT_EQ(engine->call_and_wait<int>({"counter", {"k"}}, "increment", 1).value(), run);
    ASSERT_TRUE(engine->call_and_wait({"chat", {"k"}}, "send", std::string("hello")));
    engine->stop();
    EXPECT_EQ(without_stalls(warnings.text()), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Durabilities, EmbeddedEngines,
                         testing::Values(WriteSync::sync, WriteSync::interval, WriteSync::os));

}  // namespace
}  // namespace troupe
