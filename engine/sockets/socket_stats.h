#pragma once

#include <cstddef>
#include <cstdint>

namespace troupe {

/// What is kept for WebSockets that go on without their actor.
struct SocketStats {
  /// Open ones that no generation of their actor has at the moment.
  std::size_t hibernating = 0;
  /// Client messages that their actors have not acknowledged.
  std::size_t pending_bytes = 0;
  /// Client messages given to an actor again, since the start of the engine.
  std::uint64_t repeated_messages = 0;
};

}  // namespace troupe
