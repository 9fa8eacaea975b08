#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "src/node/settings.h"

namespace troupe::daemon {

enum class LogFormat { text, json };

/// Everything that can be configured, with its defaults. The names are listed in docs/reference/configuration.md.
struct Settings : node::NodeSettings {
  std::string metrics_host = "::";
  /// Nothing: ten above the public port.
  std::optional<std::uint16_t> metrics_port;

  std::string log_level = "info";
  LogFormat log_format = LogFormat::text;

  /// Registers the demo actors.
  bool demo = false;
  /// Libraries of actors, loaded in this order.
  std::vector<std::filesystem::path> actor_libraries;

  /// After this time a stop that hangs ends the process.
  Millis force_stop{10'000};
};

}  // namespace troupe::daemon
