#include "src/demo/demo.h"

namespace troupe {

void register_demo_actors(Registry& registry) {
  registry.add(counter_actor());
  registry.add(account_actor());
  registry.add(store_actor());
  registry.add(notes_actor());
  registry.add(raw_actor());
  registry.add(boss_actor());
  registry.add(chat_actor());
  registry.add(ledger_actor());
  registry.add(timer_actor());
}

}  // namespace troupe
