#pragma once

#include "src/node/settings.h"

namespace troupe::node {

/// Files that the process may open.
std::size_t file_descriptors_max();

/// No more connections and databases than the process may open files for.
void fit_to_descriptors(NodeSettings& settings);

}  // namespace troupe::node
