#pragma once

#include <cstddef>
#include <cstdint>

namespace troupe {

/// Where an actor is between two decisions. Stored: values stay.
enum class ActorPhase : std::uint8_t {
  /// A host is being chosen, or one that must confirm has been asked and has not answered.
  allocating,
  /// A host has the generation and has not said that it runs.
  starting,
  running,
  /// The four that wait for `stopped`: it asked to sleep, it asked to end, it has to move, it is being destroyed.
  sleep_intent,
  stop_intent,
  going_away,
  destroying,
  sleeping,
  /// No host was available; tried again later.
  reallocating,
  destroyed,
};
inline constexpr std::size_t kActorPhases = 10;

/// Whether a host has, or may have, the generation.
constexpr bool is_hosted(ActorPhase phase) {
  return phase == ActorPhase::allocating || phase == ActorPhase::starting || phase == ActorPhase::running ||
         phase == ActorPhase::sleep_intent || phase == ActorPhase::stop_intent || phase == ActorPhase::going_away ||
         phase == ActorPhase::destroying;
}

}  // namespace troupe
