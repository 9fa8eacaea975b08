#include <spdlog/spdlog.h>

#include <cstdlib>
#include <exception>

#include "src/cli/db_export.h"
#include "src/daemon/command_line.h"
#include "src/daemon/config.h"
#include "src/daemon/daemon.h"
#include "src/daemon/exit_codes.h"
#include "src/daemon/health.h"
#include "src/daemon/logging.h"
#include "src/daemon/process.h"

extern char** environ;

namespace {

using namespace troupe;
using namespace troupe::daemon;

/// Files, then the environment, then the command line; later ones win.
Result<Settings> read_settings(const CommandLine& line) {
  ConfigTree tree;
  for (const auto& path : line.config_paths) TROUPE_CHECK(tree.add_path(path));
  // The reference's own name for it.
  if (const char* token = std::getenv("_RIVET_TEST_INSPECTOR_TOKEN"))
    tree.set("troupe.inspector_token", token, "_RIVET_TEST_INSPECTOR_TOKEN");
  tree.add_environment(environ);
  for (const auto& [key, value] : line.overrides) tree.set(key, value, "command line");
  Settings settings;
  TROUPE_CHECK(apply_config(tree, settings));
  if (line.actor_libraries) settings.actor_libraries.assign(line.actor_libraries->begin(), line.actor_libraries->end());
  return settings;
}

int run(int argc, char** argv) {
  int exit_code = kExitSuccess;
  const auto line = parse_command_line(argc, argv, exit_code);
  if (!line) return exit_code;
  if (line->command == CommandLine::Command::db_export) {
    return cli::run_db_export({line->data, line->actor_id, line->file});
  }
  prepare_process();
  set_up_logging("info", LogFormat::text);
  auto settings = read_settings(*line);
  if (!settings) {
    spdlog::critical("{}: {}", settings.error().id(), settings.error().message());
    return exit_code_of(settings.error());
  }
  if (line->command == CommandLine::Command::health) return check_health(settings->server.host, settings->server.port);
  set_up_logging(settings->log_level, settings->log_format);
  return run_daemon(*std::move(settings));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& exception) {
    spdlog::critical("{}", exception.what());
    return kExitFailure;
  }
}
