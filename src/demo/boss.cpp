#include "src/demo/demo.h"
#include "troupe/actor.h"

namespace troupe {
namespace {

/// An action of any actor, of whatever kind, and what to give to it.
struct Question {
  std::string name, key, action;
  Raw argument;
  TROUPE_FIELDS(name, key, action, argument)
};

}  // namespace

ActorDefinition boss_actor() {
  using Ctx = Context<None>;
  return actor("boss")
      .action("hire", [](Ctx& c, std::string name, Raw n) { return c.actor("account", name).call<Raw>("deposit", n); })
      .action("ask",
              [](Ctx& c, Question q) { return c.actor(q.name, q.key).call<Raw>(q.action, std::move(q.argument)); })
      .action("suicide", [](Ctx& c) { return c.destroy(); })
      .action("ping", [] { return "pong"; });
}

}  // namespace troupe
