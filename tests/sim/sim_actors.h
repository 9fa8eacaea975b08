#pragma once

#include "troupe/behavior.h"

namespace troupe::sim {

/// Deliberate defects, each of which a checker has to notice.
struct ActorDefects {
  /// Alarms of `timer` are set for half of their time.
  bool hurries_alarms = false;
  /// `ledger` takes messages two at a time and applies the second one first.
  bool reverses_queue = false;
  /// `book` stays awake.
  bool never_sleeps = false;
};

/// Adds `book` to the demo actors, and replaces those that are to be defective. `book`: `note(client, number)` adds to
/// the state and writes a key-value entry in the same turn; `read()` gives both; falls asleep soon.
void register_sim_actors(Registry& registry, const ActorDefects& defects);

}  // namespace troupe::sim
