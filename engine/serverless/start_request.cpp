#include "engine/serverless/start_request.h"

#include <algorithm>
#include <limits>

namespace troupe {
namespace {

constexpr std::uint32_t kPollExponentMax = 8;

StartStep step_open(StartInput input) {
  using Effect = StartEffect;
  switch (input) {
    case StartInput::stopping:
      return {StartPhase::done, {Effect::close}};
    case StartInput::ended:
      // The actor lives on at its host, which is connected by other means.
      return {StartPhase::done, {Effect::report_early_end, Effect::close}};
    case StartInput::failed:
      return {StartPhase::done, {Effect::report_failure, Effect::tell_lost, Effect::close}};
    case StartInput::lifespan_over:
    case StartInput::engine_stops:
      return {StartPhase::draining, {Effect::tell_going_away, Effect::arm_grace}};
    case StartInput::grace_over:
      break;
  }
  return {StartPhase::open, {}};
}

StartStep step_draining(StartInput input) {
  switch (input) {
    case StartInput::stopping:
    case StartInput::ended:
    case StartInput::failed:
    case StartInput::grace_over:
      return {StartPhase::done, {StartEffect::close}};
    case StartInput::lifespan_over:
    case StartInput::engine_stops:
      break;
  }
  return {StartPhase::draining, {}};
}

}  // namespace

StartStep step(StartPhase phase, StartInput input) {
  switch (phase) {
    case StartPhase::open:
      return step_open(input);
    case StartPhase::draining:
      return step_draining(input);
    case StartPhase::done:
      break;
  }
  return {StartPhase::done, {}};
}

std::uint64_t poll_delay_ms(std::uint64_t interval_ms, std::uint32_t failures) {
  if (failures == 0) return interval_ms;
  const auto exponent = std::min(failures - 1, kPollExponentMax);
  if (interval_ms > (std::numeric_limits<std::uint64_t>::max() >> exponent))
    return std::numeric_limits<std::uint64_t>::max();
  return interval_ms << exponent;
}

}  // namespace troupe
