#include "troupe/plugin.h"

TROUPE_ACTORS(registry) {
  registry.add(troupe::actor("first")
                   .action("ping", [] { return "pong"; })
                   .action("fail", []() -> int { throw troupe::UserError("no", "not today"); })
                   .action("break", []() -> int { throw std::runtime_error("broken"); }));
}
