#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "troupe/result.h"

namespace troupe::daemon {

using ConfigNode = nlohmann::ordered_json;

/// Nested settings as read, with a note where each value came from. Later sources win, key by key.
/// Errors: `config.unreadable`, `config.syntax`.
class ConfigTree {
 public:
  /// A JSON or YAML file, or a directory: its `.json`, `.jsonc`, `.yaml` and `.yml` files in the order of their names.
  Result<void> add_path(const std::filesystem::path& path);
  /// `environment` is null-terminated `NAME=value` entries; those that start with `RIVET__` count:
  /// `RIVET__GUARD__PORT=80` sets `guard.port`.
  void add_environment(const char* const* environment);
  /// `path` is dotted.
  void set(std::string_view path, ConfigNode value, const std::string& source);

  const ConfigNode& root() const { return root_; }
  /// Where the value at `path` came from.
  std::string source(const std::string& path) const;

 private:
  Result<void> add_file(const std::filesystem::path& file);
  void merge(const std::string& path, ConfigNode& into, ConfigNode from, const std::string& source);

  ConfigNode root_ = ConfigNode::object();
  std::map<std::string, std::string> sources_;
};

/// Text of one file; `name` decides the format. For tests and for `add_path`.
Result<ConfigNode> parse_config(const std::string& text, const std::filesystem::path& name);

}  // namespace troupe::daemon
