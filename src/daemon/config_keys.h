#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "src/daemon/config_tree.h"
#include "src/daemon/settings.h"

/// The keys that mean something, and those that are known and mean nothing.
namespace troupe::daemon {

/// What is wrong with a value, for instance "is not a number from 0 to 65535"; nothing when it was taken.
using Problem = std::optional<std::string>;

struct ConfigKey {
  /// Dotted.
  std::string_view path;
  std::function<Problem(Settings& settings, const ConfigNode& value)> apply;
};

std::span<const ConfigKey> config_keys();

/// Topology is read as a whole, because its parts only make sense together.
Problem apply_topology(Settings& settings, const ConfigNode& topology);

/// Keys of the reference that change nothing here, whole sections included.
bool is_accepted_key(std::string_view path);

/// Sections that ask for something this daemon does not have, so that ignoring them deserves a warning.
bool is_foreign_section(std::string_view section);

// Readers of values; texts are accepted for every type, because environment variables have no other.
std::optional<std::int64_t> read_integer(const ConfigNode& value);
std::optional<bool> read_boolean(const ConfigNode& value);
std::optional<std::string> read_text(const ConfigNode& value);

}  // namespace troupe::daemon
