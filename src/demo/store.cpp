#include "src/demo/demo.h"
#include "troupe/actor.h"

namespace troupe {

using namespace std::chrono_literals;

ActorDefinition store_actor() {
  using Ctx = Context<None>;
  return actor("store")
      .sleep_timeout(1000ms)
      .action("put", [](Ctx& c, std::string key, std::string value) { return c.kv().put(key, value); })
      .action("get", [](Ctx& c, std::string key) { return c.kv().get(key); })
      .action("list", [](Ctx& c, std::string prefix) { return c.kv().list(prefix); })
      .action("del", [](Ctx& c, std::string key) { return c.kv().erase(key); });
}

}  // namespace troupe
