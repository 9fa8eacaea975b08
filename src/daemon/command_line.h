#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::daemon {

struct CommandLine {
  enum class Command { start, health, db_export };
  Command command = Command::start;
  std::vector<std::filesystem::path> config_paths;
  /// Dotted key, value; as given on the command line.
  std::vector<std::pair<std::string, std::string>> overrides;
  /// Of `db_export`.
  std::filesystem::path data, file;
  std::string actor_id;
  /// `--actors`: take the place of the configured ones.
  std::optional<std::vector<std::string>> actor_libraries;
};

/// Nothing when there is nothing to run (help, version, wrong usage); `exit_code` is set then.
std::optional<CommandLine> parse_command_line(int argc, const char* const* argv, int& exit_code);

}  // namespace troupe::daemon
