#include <stdexcept>

#include "troupe/plugin.h"

TROUPE_ACTORS(registry) {
  registry.add(troupe::actor("half"));
  throw std::runtime_error("no such table");
}
