#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "troupe/behavior.h"
#include "troupe/result.h"

namespace troupe::daemon {

/// Serves one text for every path. Threads: any. Bounds: 16 connections, one request each, 10 s.
/// Lifetime: `stop` before the executor's threads end.
class MetricsServer {
 public:
  virtual ~MetricsServer() = default;
  virtual std::uint16_t port() const = 0;
  virtual void stop() = 0;
};

/// Errors: `server.port_in_use`, `server.listen_failed`.
Result<std::unique_ptr<MetricsServer>> start_metrics_server(Executor executor, const std::string& host,
                                                            std::uint16_t port, std::function<std::string()> render);

}  // namespace troupe::daemon
