#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/id.h"
#include "troupe/abort.h"

namespace troupe {

/// An actor that waits for a call it has made, and through `caller` those that wait for it in turn. Immutable, shared
/// by all calls that take the same way.
struct CallFrame {
  ActorId actor;
  std::uint32_t generation = 0;
  std::string name;
  std::vector<std::string> key;
  /// The start of that generation waits for the call.
  bool blocks_start = false;
  /// Null: nobody of the engine's actors waits for this one.
  std::shared_ptr<const CallFrame> caller;
};

/// Where a call between actors comes from, and what bounds it. Default-constructed: from outside, without bounds.
struct CallOrigin {
  std::shared_ptr<const CallFrame> path;
  /// On the monotonic clock: the caller does not wait any longer.
  std::optional<std::chrono::nanoseconds> deadline;
  /// Fires when the caller does not wait any more. May be null.
  std::shared_ptr<AbortSignal> abort;
};

}  // namespace troupe
