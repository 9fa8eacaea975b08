#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "engine/engine.h"
#include "engine/hosts/envoy/envoy_engine.h"
#include "engine/storage/open.h"
#include "gateway/http/server.h"

namespace troupe::daemon {

enum class LogFormat { text, json };

/// Everything that can be configured, with its defaults. The names are listed in docs/reference/configuration.md.
struct Settings {
  ServerSettings server;
  EngineSettings engine;
  EnvoyOptions envoys;
  StorageSettings storage;

  std::string admin_token;
  /// Empty: the loopback address and the public port.
  std::string public_url;
  std::filesystem::path data_directory = "data";

  std::string metrics_host = "::";
  /// Nothing: ten above the public port.
  std::optional<std::uint16_t> metrics_port;

  /// 0: one for each core.
  unsigned io_threads = 0;
  /// 0: half of the cores, at least two, at most four.
  unsigned storage_threads = 0;

  std::string log_level = "info";
  LogFormat log_format = LogFormat::text;

  /// Registers the demo actors.
  bool demo = false;

  /// How long clients get to finish at a stop, after the actors are asleep.
  Millis socket_grace{500};
  /// After this time a stop that hangs ends the process.
  Millis force_stop{10'000};
};

}  // namespace troupe::daemon
