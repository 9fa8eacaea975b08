#pragma once

#include "troupe/behavior.h"

/// The actors that come with the daemon: examples of the SDK, and what its conformance tests talk to.
namespace troupe {

ActorDefinition counter_actor();
ActorDefinition account_actor();
ActorDefinition store_actor();
ActorDefinition notes_actor();
ActorDefinition raw_actor();
ActorDefinition boss_actor();
ActorDefinition chat_actor();
ActorDefinition ledger_actor();
ActorDefinition timer_actor();

/// All of them.
void register_demo_actors(Registry& registry);

}  // namespace troupe
