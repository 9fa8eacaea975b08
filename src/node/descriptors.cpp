#include "src/node/descriptors.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>

namespace troupe::node {

namespace {

/// Descriptors that are no client sockets: RocksDB, logs, listeners.
constexpr std::size_t kOwnDescriptors = 256;
/// A database file and its log.
constexpr std::size_t kDescriptorsPerDatabase = 2;
/// Of all descriptors at most one in so many is for databases.
constexpr std::size_t kDatabasesShare = 4;

}  // namespace

std::size_t file_descriptors_max() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<std::size_t>(limit.rlim_cur) : 1'024;
}

void fit_to_descriptors(NodeSettings& settings) {
  const std::size_t available = file_descriptors_max();
  auto& databases = settings.storage.sqlite_handles_max;
  const auto databases_possible = std::max<std::size_t>(available / kDatabasesShare / kDescriptorsPerDatabase, 1);
  if (databases > databases_possible) {
    spdlog::info("open databases are limited to {} instead of {}: the process may open {} files", databases_possible,
                 databases, available);
    databases = databases_possible;
  }
  const auto reserved = kOwnDescriptors + databases * kDescriptorsPerDatabase;
  const auto possible = available > 2 * reserved ? available - reserved : available / 2;
  if (settings.server.connections_max <= possible) return;
  spdlog::info("connections are limited to {} instead of {}: the process may open {} files", possible,
               settings.server.connections_max, available);
  settings.server.connections_max = possible;
}

}  // namespace troupe::node
