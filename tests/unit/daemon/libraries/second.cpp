#include "troupe/plugin.h"

TROUPE_ACTORS(registry) {
  registry.add(troupe::actor("second").action("ping", [] { return "pong 2"; }));
}
