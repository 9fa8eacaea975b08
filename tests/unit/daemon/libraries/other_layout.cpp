#include "troupe/plugin.h"

/// As a library looks whose compiler packed the structures differently.
extern "C" __attribute__((visibility("default"))) const troupe::PluginEntry troupe_plugin_entry;
const troupe::PluginEntry troupe_plugin_entry = {troupe::kPluginFormat, TROUPE_ABI, troupe::layout_digest() + 1,
                                                 [](troupe::Registry&, std::string&) noexcept { return true; }};
