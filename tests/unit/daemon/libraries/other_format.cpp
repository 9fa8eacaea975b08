#include "troupe/plugin.h"

/// As a library for a later daemon looks.
extern "C" __attribute__((visibility("default"))) const troupe::PluginEntry troupe_plugin_entry;
const troupe::PluginEntry troupe_plugin_entry = {troupe::kPluginFormat + 1, TROUPE_ABI, troupe::layout_digest(),
                                                 [](troupe::Registry&, std::string&) noexcept { return true; }};
