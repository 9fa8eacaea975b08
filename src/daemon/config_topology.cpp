#include <algorithm>

#include "src/daemon/config_keys.h"

namespace troupe::daemon {

namespace {

constexpr std::string_view kDatacenterKeys[] = {"name",     "datacenter_label", "is_leader",  "public_url",
                                                "peer_url", "proxy_url",        "valid_hosts"};

Problem apply_datacenter(Settings& settings, const std::string& name, const ConfigNode& datacenter) {
  if (!datacenter.is_object()) return "has a datacenter that is no object";
  for (const auto& [key, value] : datacenter.items())
    if (std::ranges::find(kDatacenterKeys, key) == std::end(kDatacenterKeys))
      return "has the unknown key " + key + " in datacenter " + name;
  const auto label = datacenter.contains("datacenter_label") ? read_integer(datacenter["datacenter_label"]) : 1;
  if (!label || *label < 0 || *label > UINT16_MAX) return "has no valid datacenter_label in datacenter " + name;
  if (*label != settings.engine.datacenter_label) return std::nullopt;
  settings.engine.datacenter_name = name;
  if (datacenter.contains("public_url")) {
    auto url = read_text(datacenter["public_url"]);
    if (!url || url->find("://") == std::string::npos) return "has no valid public_url in datacenter " + name;
    settings.public_url = *std::move(url);
  }
  return std::nullopt;
}

}  // namespace

Problem apply_topology(Settings& settings, const ConfigNode& topology) {
  if (!topology.is_object()) return "is no object";
  for (const auto& [key, value] : topology.items())
    if (key != "datacenter_label" && key != "datacenters") return "has the unknown key " + key;
  if (topology.contains("datacenter_label")) {
    const auto label = read_integer(topology["datacenter_label"]);
    if (!label || *label < 0 || *label > UINT16_MAX) return "has a datacenter_label that is no number from 0 to 65535";
    settings.engine.datacenter_label = static_cast<std::uint16_t>(*label);
  }
  if (!topology.contains("datacenters")) return std::nullopt;
  const auto& datacenters = topology["datacenters"];
  if (!datacenters.is_structured()) return "has datacenters that are neither a map nor a list";
  if (datacenters.size() > 1) return "names more than one datacenter; this daemon is one of its own";
  for (const auto& [key, datacenter] : datacenters.items()) {
    auto name = std::optional<std::string>(key);
    if (datacenters.is_array()) {
      name = datacenter.is_object() && datacenter.contains("name") ? read_text(datacenter["name"]) : std::nullopt;
      if (!name) return "has a datacenter without a name";
    }
    if (auto problem = apply_datacenter(settings, *name, datacenter)) return problem;
  }
  return std::nullopt;
}

}  // namespace troupe::daemon
