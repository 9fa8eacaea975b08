#pragma once

#include <cstdint>
#include <string>

#include "troupe/abi.h"
#include "troupe/actor.h"

/// A shared library of actors: build it with `troupe_add_plugin` of the CMake package, start it with
/// `troupe start --actors LIBRARY`. The guide is docs/guides/plugins.md.
namespace troupe {

/// What such a library shows: a constant named `troupe_plugin_entry`. The first two members never change, so that every
/// daemon can say why it does not take a library.
struct PluginEntry {
  std::uint32_t format;
  /// TROUPE_ABI as the library saw it. Nothing else is looked at when it differs from the daemon's.
  const char* abi;
  std::uint64_t layout;
  /// Adds the actors. False: `problem` says why.
  bool (*add)(Registry& registry, std::string& problem) noexcept;
};

constexpr std::uint32_t kPluginFormat = 1;

namespace detail {

/// Keeps exceptions of `add` inside the library.
bool add_actors(void (*add)(Registry&), Registry& registry, std::string& problem) noexcept;

}  // namespace detail
}  // namespace troupe

/// Once in a library: `TROUPE_ACTORS(registry) { registry.add(counter_actor()); }`. What is thrown refuses the library.
/// Threads: the main thread of the daemon, before anything runs. Lifetime: the library is never unloaded.
#define TROUPE_ACTORS(registry)                                                                                      \
  static void troupe_add_actors(::troupe::Registry& registry);                                                       \
  static bool troupe_add_or_explain(::troupe::Registry& to, std::string& problem) noexcept {                         \
    return ::troupe::detail::add_actors(&troupe_add_actors, to, problem);                                            \
  }                                                                                                                  \
  extern "C" __attribute__((visibility("default"))) const ::troupe::PluginEntry troupe_plugin_entry;                 \
  const ::troupe::PluginEntry troupe_plugin_entry = {::troupe::kPluginFormat, TROUPE_ABI, ::troupe::layout_digest(), \
                                                     &troupe_add_or_explain};                                        \
  static void troupe_add_actors([[maybe_unused]] ::troupe::Registry& registry)
