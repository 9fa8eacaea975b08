#pragma once

#include <string>

#include "engine/core/actor_machine.h"

namespace troupe {

inline std::string text_of(StopOrder order) {
  constexpr const char* kNames[] = {"sleep_intent", "stop_intent", "going_away", "destroy", "lost"};
  return kNames[static_cast<std::size_t>(order)];
}

inline std::string text_of(const ActorEffect& effect) {
  using Kind = ActorEffect::Kind;
  switch (effect.kind) {
    case Kind::choose_host:
      return "choose";
    case Kind::store:
      return effect.durable ? "store(durable)" : "store";
    case Kind::start:
      return effect.durable ? "start(durable)" : "start";
    case Kind::stop:
      return "stop(" + text_of(effect.order) + ")";
    case Kind::release:
      return "release";
    case Kind::erase:
      return "erase";
    case Kind::set_timer:
      return "timer(" + std::to_string(effect.delay_ms) + ")";
    case Kind::clear_timer:
      return "clear";
    case Kind::tell_ready:
      return "ready";
    case Kind::tell_stopped:
      return "stopped";
    case Kind::watch_alarm:
      return effect.delay_ms > 0 ? "watch(" + std::to_string(effect.delay_ms) + ")" : "watch";
    case Kind::adopt:
      return "adopt";
    case Kind::confirm:
      return "confirm";
  }
  return "?";
}

/// "phase: effect effect"
inline std::string text_of(const ActorStep& step) {
  std::string text(name_of(step.state.phase));
  text += ':';
  for (const auto& effect : step.effects) text += " " + text_of(effect);
  return text;
}

}  // namespace troupe
