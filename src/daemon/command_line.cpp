#include "src/daemon/command_line.h"

#include <CLI/CLI.hpp>

#include "gateway/management/build_info.h"
#include "gateway/management/http/api_call.h"
#include "src/daemon/exit_codes.h"

namespace troupe::daemon {

namespace {

/// An option that stands for one configuration key.
struct Shortcut {
  const char* option;
  const char* key;
  const char* help;
};

constexpr Shortcut kShortcuts[] = {
    {"--host", "guard.host", "Address of the public listener"},
    {"--port", "guard.port", "Port of the public listener"},
    {"--data", "file_system.path", "Data directory"},
    {"--metrics-port", "metrics.port", "Port of the metrics listener"},
    {"--admin-token", "auth.admin_token", "Token that the management API asks for"},
    {"--durability", "troupe.durability", "sync, interval or os"},
    {"--threads", "troupe.io_threads", "I/O threads, 0 = one for each core"},
    {"--log-level", "troupe.log_level", "trace, debug, info, warn, error or off"},
    {"--log-format", "troupe.log_format", "text or json"},
};

std::string version_text() {
  return "troupe " + std::string(build_info::kVersion) + " (" + std::string(build_info::kGitSha) +
         "), compatible with Rivet Engine " + std::string(management::kEngineVersion);
}

}  // namespace

std::optional<CommandLine> parse_command_line(int argc, const char* const* argv, int& exit_code) {
  CommandLine line;
  CLI::App app{"Troupe: a standalone actor engine", "troupe"};
  app.set_version_flag("--version", version_text());
  app.require_subcommand(1);

  auto* start = app.add_subcommand("start", "Run the engine until SIGTERM or SIGINT");
  start->add_option("--config", line.config_paths, "JSON or YAML file, or a directory of them; may be repeated")
      ->type_name("PATH");
  std::vector<std::string> values(std::size(kShortcuts));
  for (std::size_t i = 0; i < std::size(kShortcuts); ++i)
    start->add_option(kShortcuts[i].option, values[i],
                      std::string(kShortcuts[i].help) + " (" + kShortcuts[i].key + ")");
  std::vector<std::string> assignments;
  start->add_option("--set", assignments, "Any configuration key, as KEY=VALUE; may be repeated")
      ->type_name("KEY=VALUE")
      ->check([](const std::string& text) {
        return text.find('=') == std::string::npos || text.starts_with('=') ? "expected KEY=VALUE" : std::string();
      });
  std::vector<std::string> libraries;
  start->add_option("--actors", libraries, "Shared library with actors; may be repeated (troupe.actors)")
      ->type_name("LIBRARY");
  bool demo = false;
  start->add_flag("--demo", demo, "Register the demo actors");

  auto* health = app.add_subcommand("health", "Ask the engine on this machine whether it is healthy");
  health->add_option("--config", line.config_paths, "The configuration that the engine was started with")
      ->type_name("PATH");
  std::string health_host, health_port;
  health->add_option("--host", health_host, "Address of its public listener (guard.host)");
  health->add_option("--port", health_port, "Port of its public listener (guard.port)");

  auto* db = app.add_subcommand("db", "Databases of actors");
  db->require_subcommand(1);
  auto* db_export = db->add_subcommand("export", "Write an actor's database as a plain SQLite file");
  db_export->add_option("--data", line.data, "Data directory of an engine that does not run")
      ->type_name("PATH")
      ->required();
  db_export->add_option("ACTOR_ID", line.actor_id, "Id of the actor")->required();
  db_export->add_option("FILE", line.file, "The file to make; must not exist")->required();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? kExitSuccess : kExitUsage;
    return std::nullopt;
  }
  if (db_export->parsed()) {
    line.command = CommandLine::Command::db_export;
    return line;
  }
  if (health->parsed()) {
    line.command = CommandLine::Command::health;
    if (!health_host.empty()) line.overrides.emplace_back("guard.host", health_host);
    if (!health_port.empty()) line.overrides.emplace_back("guard.port", health_port);
    return line;
  }
  for (std::size_t i = 0; i < std::size(kShortcuts); ++i)
    if (start->count(kShortcuts[i].option) > 0) line.overrides.emplace_back(kShortcuts[i].key, values[i]);
  for (const auto& assignment : assignments) {
    const auto equals = assignment.find('=');
    line.overrides.emplace_back(assignment.substr(0, equals), assignment.substr(equals + 1));
  }
  if (!libraries.empty()) line.actor_libraries = std::move(libraries);
  if (demo) line.overrides.emplace_back("troupe.demo", "true");
  return line;
}

}  // namespace troupe::daemon
