#include "troupe/plugin.h"

TROUPE_ACTORS(registry) {
  registry.add(troupe::actor("twice"));
  registry.add(troupe::actor("twice"));
}
