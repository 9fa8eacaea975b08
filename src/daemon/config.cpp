#include "src/daemon/config.h"

#include <spdlog/spdlog.h>

#include "src/daemon/config_keys.h"

namespace troupe::daemon {

namespace {

class Applier {
 public:
  Applier(const ConfigTree& tree, Settings& settings) : tree_(tree), settings_(settings) {}

  Result<void> apply(const ConfigNode& node, const std::string& path) {
    for (const auto& [name, value] : node.items())
      TROUPE_CHECK(apply_member(path.empty() ? name : path + "." + name, value));
    return {};
  }

 private:
  Result<void> apply_member(const std::string& path, const ConfigNode& value) {
    for (const auto& key : config_keys()) {
      if (key.path != path) continue;
      if (value.is_null()) return {};
      if (const auto problem = key.apply(settings_, value))
        return Error("config", "invalid_value", path + " " + *problem + " (" + tree_.source(path) + ")");
      return {};
    }
    if (is_accepted_key(path)) {
      if (is_foreign_section(path))
        spdlog::warn("{} is ignored: this daemon has nothing of the kind ({})", path, tree_.source(path));
      return {};
    }
    // A section: something below it may be known.
    if (is_section(path)) {
      if (value.is_null()) return {};
      if (value.is_object()) return apply(value, path);
      return Error("config", "invalid_value", path + " is no object (" + tree_.source(path) + ")");
    }
    return Error("config", "unknown_key", "unknown configuration key " + path + " (" + tree_.source(path) + ")");
  }

  static bool is_section(const std::string& path) {
    const auto prefix = path + ".";
    for (const auto& key : config_keys())
      if (key.path.starts_with(prefix)) return true;
    return path == "api_peer" || path == "features" || path == "features.guard_gateway_v3";
  }

  const ConfigTree& tree_;
  Settings& settings_;
};

}  // namespace

Result<void> apply_config(const ConfigTree& tree, Settings& settings) {
  TROUPE_CHECK(Applier(tree, settings).apply(tree.root(), {}));
  if (settings.public_url.empty())
    settings.public_url = "http://127.0.0.1:" + std::to_string(settings.server.port) + "/";
  else if (settings.public_url.find('/', settings.public_url.find("://") + 3) == std::string::npos)
    settings.public_url += '/';
  settings.engine.serverless_identity = {settings.public_url, settings.admin_token};
  return {};
}

}  // namespace troupe::daemon
