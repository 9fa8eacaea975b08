#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/engine.h"
#include "engine/hosts/envoy/envoy_engine.h"
#include "engine/storage/open.h"
#include "gateway/http/server.h"
#include "inspector/http_inspector.h"

namespace troupe::node {

/// What the parts of one engine need to know. The daemon's names are listed in docs/reference/configuration.md.
struct NodeSettings {
  ServerSettings server;
  EngineSettings engine;
  EnvoyOptions envoys;
  StorageSettings storage;
  InspectorSettings inspector;

  /// False: no socket is opened.
  bool listen = true;
  std::string admin_token;
  /// Empty: the loopback address and the public port.
  std::string public_url;
  std::filesystem::path data_directory = "data";

  /// 0: one for each core.
  unsigned io_threads = 0;
  /// 0: half of the cores, at least two, at most four.
  unsigned storage_threads = 0;

  /// A handler of an actor that holds an I/O thread for longer is logged and counted; 0 = none is.
  Millis stall_threshold{5};
  /// How long clients get to finish at a stop, after the actors are asleep.
  Millis socket_grace{500};
};

}  // namespace troupe::node
