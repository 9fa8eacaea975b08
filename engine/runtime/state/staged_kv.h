#pragma once

#include <memory>

#include "engine/base/id.h"
#include "engine/runtime/state/state_saver.h"
#include "troupe/key_value.h"

namespace troupe {

/// Key-value entries whose writes go with the actor's next commit, so that they and the state of one turn are one.
/// Reads see them at once. `stored` reads what the store has; the saver outlives the result.
/// Threads: the actor's executor only.
std::unique_ptr<KeyValue> make_staged_kv(ActorId id, StateSaver& saver, std::unique_ptr<KeyValue> stored);

}  // namespace troupe
