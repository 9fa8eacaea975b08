#include "src/demo/demo.h"
#include "troupe/actor.h"

namespace troupe {

ActorDefinition boss_actor() {
  using Ctx = Context<None>;
  return actor("boss")
      .action("hire", [](Ctx& c, std::string name, Raw n) { return c.actor("account", name).call<Raw>("deposit", n); })
      .action("suicide", [](Ctx& c) { return c.destroy(); })
      .action("ping", [] { return "pong"; });
}

}  // namespace troupe
