#include "troupe/plugin.h"

TROUPE_ACTORS(registry) {}
