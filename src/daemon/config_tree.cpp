#include "src/daemon/config_tree.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <vector>

namespace troupe::daemon {

namespace {

constexpr int kDepthMax = 32;
constexpr std::uintmax_t kFileBytesMax = 1u << 20;

Error unreadable(const std::filesystem::path& path, const std::string& why) {
  return {"config", "unreadable", path.string() + ": " + why};
}

Error syntax(const std::filesystem::path& path, const std::string& why) {
  return {"config", "syntax", path.string() + ": " + why};
}

bool is_config_file(const std::filesystem::path& path) {
  const auto extension = path.extension();
  return extension == ".json" || extension == ".jsonc" || extension == ".yaml" || extension == ".yml";
}

/// Scalars become texts: the declaration of the key decides what they mean.
Result<ConfigNode> from_yaml(const YAML::Node& node, const std::filesystem::path& file, int depth) {
  if (depth > kDepthMax) return syntax(file, "nested too deeply");
  if (node.IsScalar()) return ConfigNode(node.Scalar());
  if (node.IsSequence()) {
    auto list = ConfigNode::array();
    for (const auto& item : node) {
      TROUPE_TRY(auto value, from_yaml(item, file, depth + 1));
      list.push_back(std::move(value));
    }
    return list;
  }
  if (node.IsMap()) {
    auto object = ConfigNode::object();
    for (const auto& member : node) {
      if (!member.first.IsScalar()) return syntax(file, "a key is no text");
      TROUPE_TRY(auto value, from_yaml(member.second, file, depth + 1));
      object[member.first.Scalar()] = std::move(value);
    }
    return object;
  }
  return ConfigNode(nullptr);
}

std::string joined(const std::string& path, const std::string& name) { return path.empty() ? name : path + "." + name; }

std::vector<std::string> split(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + separator.size());
  }
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

}  // namespace

Result<ConfigNode> parse_config(const std::string& text, const std::filesystem::path& name) {
  if (!is_config_file(name)) return unreadable(name, "not a .json, .jsonc, .yaml or .yml file");
  ConfigNode root;
  try {
    const auto extension = name.extension();
    if (extension == ".json" || extension == ".jsonc") {
      root = ConfigNode::parse(text, nullptr, true, extension == ".jsonc");
    } else {
      TROUPE_TRY(root, from_yaml(YAML::Load(text), name, 0));
    }
  } catch (const std::exception& error) {
    return syntax(name, error.what());
  }
  if (root.is_null()) root = ConfigNode::object();
  if (!root.is_object()) return syntax(name, "the outermost value is no object");
  return root;
}

Result<void> ConfigTree::add_file(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) return unreadable(file, error.message());
  if (size > kFileBytesMax) return unreadable(file, "larger than 1 MiB");
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) return unreadable(file, "cannot be read");
  TROUPE_TRY(auto node, parse_config(text.str(), file));
  merge({}, root_, std::move(node), file.string());
  return {};
}

Result<void> ConfigTree::add_path(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return add_file(path);
  std::vector<std::filesystem::path> files;
  for (auto it = std::filesystem::directory_iterator(path, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error))
    if (is_config_file(it->path()) && it->is_regular_file()) files.push_back(it->path());
  if (error) return unreadable(path, error.message());
  std::ranges::sort(files);
  for (const auto& file : files) TROUPE_CHECK(add_file(file));
  return {};
}

void ConfigTree::add_environment(const char* const* environment) {
  constexpr std::string_view kPrefix = "RIVET__";
  for (; *environment; ++environment) {
    const std::string_view entry = *environment;
    const auto equals = entry.find('=');
    if (!entry.starts_with(kPrefix) || equals == std::string_view::npos) continue;
    const auto name = std::string(entry.substr(0, equals));
    std::string path;
    for (const auto& part : split(name.substr(kPrefix.size()), "__")) path = joined(path, lower(part));
    set(path, std::string(entry.substr(equals + 1)), name);
  }
}

void ConfigTree::set(std::string_view path, ConfigNode value, const std::string& source) {
  const auto parts = split(path, ".");
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    auto outer = ConfigNode::object();
    outer[*part] = std::move(value);
    value = std::move(outer);
  }
  merge({}, root_, std::move(value), source);
}

void ConfigTree::merge(const std::string& path, ConfigNode& into, ConfigNode from, const std::string& source) {
  if (!from.is_object()) {
    into = std::move(from);
    sources_[path] = source;
    return;
  }
  if (!into.is_object()) into = ConfigNode::object();
  sources_[path] = source;
  for (auto& [name, value] : from.items()) merge(joined(path, name), into[name], std::move(value), source);
}

std::string ConfigTree::source(const std::string& path) const {
  const auto found = sources_.find(path);
  return found == sources_.end() ? "configuration" : found->second;
}

}  // namespace troupe::daemon
