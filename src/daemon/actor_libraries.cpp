#include "src/daemon/actor_libraries.h"

#include <dlfcn.h>
#include <spdlog/spdlog.h>

#include "engine/base/errors.h"
#include "troupe/plugin.h"

namespace troupe::daemon {

namespace {

constexpr const char* kEntry = "troupe_plugin_entry";

Error refused(const char* code, const std::filesystem::path& path, Value::Object more = {}) {
  Value::Object metadata{{"path", Value(path.string())}};
  for (auto& member : more) metadata.push_back(std::move(member));
  return make_error("plugin", code, Value(std::move(metadata)));
}

std::string last_dl_error() {
  const char* text = ::dlerror();
  return text != nullptr ? text : "unknown reason";
}

/// `text` up to the first `end`, which is taken away with it.
std::string_view take_until(std::string_view& text, char end) {
  const auto at = text.find(end);
  const auto taken = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return taken;
}

Result<void> check_abi(const std::filesystem::path& path, const PluginEntry& entry) {
  std::string difference;
  if (entry.format != kPluginFormat) {
    difference = "its entry point has format " + std::to_string(entry.format) + ", this daemon knows " +
                 std::to_string(kPluginFormat);
  } else {
    difference = abi_difference(entry.abi, TROUPE_ABI);
    if (difference.empty() && entry.layout != layout_digest())
      difference = "its compiler options give other sizes to the types of the interface";
  }
  if (difference.empty()) return {};
  return refused("abi_mismatch", path, {{"difference", Value(std::move(difference))}});
}

Result<void> check_actors(const std::filesystem::path& path, const Registry& found, const Registry& registry) {
  if (found.all().empty()) return refused("no_actors", path);
  if (!found.replaced().empty()) return refused("duplicate_actor", path, {{"name", Value(found.replaced().front())}});
  for (const auto& [name, definition] : found.all()) {
    if (name.empty() || !definition->make) return refused("invalid_actor", path, {{"name", Value(name)}});
    if (registry.find(name)) return refused("duplicate_actor", path, {{"name", Value(name)}});
  }
  return {};
}

}  // namespace

std::string abi_difference(std::string_view library, std::string_view daemon) {
  while (!library.empty() || !daemon.empty()) {
    const auto theirs = take_until(library, '\n');
    const auto ours = take_until(daemon, '\n');
    if (theirs == ours) continue;
    return "it was built with " + std::string(theirs.empty() ? "nothing" : theirs) + ", this daemon with " +
           std::string(ours.empty() ? "nothing" : ours);
  }
  return {};
}

Result<void> load_actor_library(const std::filesystem::path& path, Registry& registry) {
  std::error_code error;
  // Absolute, because the loader looks for a bare name in the system's folders.
  const auto file = std::filesystem::absolute(path, error);
  if (error || !std::filesystem::exists(file, error)) return refused("not_found", path);
  // Never unloaded: coroutines and types of the library may live in any actor.
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) return refused("not_loadable", path, {{"reason", Value(last_dl_error())}});
  const auto* entry = static_cast<const PluginEntry*>(::dlsym(library, kEntry));
  if (entry == nullptr) return refused("no_entry_point", path);
  TROUPE_CHECK(check_abi(path, *entry));

  Registry found;
  std::string problem;
  if (!entry->add(found, problem)) return refused("registration_failed", path, {{"reason", Value(std::move(problem))}});
  TROUPE_CHECK(check_actors(path, found, registry));
  for (const auto& [name, definition] : found.all()) registry.add(*definition);
  spdlog::info("{} actor kinds from {}", found.all().size(), path.string());
  return {};
}

}  // namespace troupe::daemon
