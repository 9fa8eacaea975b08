#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "tests/unit/core/lifecycle_text.h"

namespace troupe {
namespace {

using P = ActorPhase;
using I = ActorInput;

constexpr std::int64_t kNow = 1'000;

/// An actor at a host that can be lost, so that all time limits show.
ActorState in_phase(P phase) {
  ActorState state;
  state.phase = phase;
  state.generation = 3;
  state.start_ts = 100;
  state.can_be_lost = true;
  state.asked = phase == P::allocating;
  if (phase == P::running) state.connectable_ts = 150;
  if (phase == P::sleeping || phase == P::reallocating) state.sleep_ts = 200;
  if (phase == P::destroyed) state.destroy_ts = 900;
  return state;
}

ActorEvent event_of(I input) {
  ActorEvent event{input};
  if (input == I::set_alarm) event.alarm_ts = 5'000;
  if (input == I::stopped_error) event.failure = ActorFailure{ActorFailure::Kind::crashed, "x"};
  if (input == I::host_chosen) event.can_be_lost = true;
  return event;
}

/// Everything that does something; whatever is missing must do nothing.
const std::map<std::pair<I, P>, std::string> kExpected{
    {{I::host_chosen, P::allocating}, "starting: start(durable) timer(30000)"},
    {{I::host_acknowledged, P::allocating}, "starting: store timer(30000)"},
    {{I::no_host, P::allocating}, "reallocating: store timer(2000)"},

    {{I::start_received, P::starting}, "starting: store"},
    {{I::running, P::allocating}, "running: store clear ready"},
    {{I::running, P::starting}, "running: store clear ready"},

    {{I::sleep_intent, P::starting},
     "sleep_intent: store clear ready store(durable) stop(sleep_intent) timer(1800000)"},
    {{I::stop_intent, P::starting}, "stop_intent: store clear ready store(durable) stop(stop_intent) timer(1800000)"},
    {{I::sleep_intent, P::running}, "sleep_intent: store(durable) stop(sleep_intent) timer(1800000)"},
    {{I::stop_intent, P::running}, "stop_intent: store(durable) stop(stop_intent) timer(1800000)"},

    {{I::stopped_ok, P::starting}, "destroyed: release clear erase"},
    {{I::stopped_ok, P::running}, "destroyed: release clear erase"},
    {{I::stopped_ok, P::sleep_intent}, "sleeping: release clear store stopped"},
    {{I::stopped_ok, P::stop_intent}, "destroyed: release clear erase"},
    {{I::stopped_ok, P::going_away}, "allocating: release clear choose"},
    {{I::stopped_ok, P::destroying}, "destroyed: release clear erase"},

    {{I::stopped_error, P::starting}, "sleeping: release clear store stopped"},
    {{I::stopped_error, P::running}, "sleeping: release clear store stopped"},
    {{I::stopped_error, P::sleep_intent}, "sleeping: release clear store stopped"},
    {{I::stopped_error, P::stop_intent}, "sleeping: release clear store stopped"},
    {{I::stopped_error, P::going_away}, "allocating: release clear choose"},
    {{I::stopped_error, P::destroying}, "destroyed: release clear erase"},

    {{I::lost, P::allocating}, "sleeping: store(durable) stop(lost) release clear store stopped"},
    {{I::lost, P::starting}, "sleeping: store(durable) stop(lost) release clear store stopped"},
    {{I::lost, P::running}, "sleeping: store(durable) stop(lost) release clear store stopped"},
    {{I::lost, P::sleep_intent}, "sleeping: stop(lost) release clear store stopped"},
    {{I::lost, P::stop_intent}, "sleeping: store(durable) stop(lost) release clear store stopped"},
    {{I::lost, P::going_away}, "allocating: stop(lost) release clear choose"},
    {{I::lost, P::destroying}, "destroyed: stop(lost) release clear erase"},

    {{I::set_alarm, P::starting}, "starting: store(durable)"},
    {{I::set_alarm, P::running}, "running: store(durable)"},
    {{I::set_alarm, P::sleep_intent}, "sleep_intent: store(durable)"},
    {{I::set_alarm, P::stop_intent}, "stop_intent: store(durable)"},
    {{I::set_alarm, P::going_away}, "going_away: store(durable)"},
    {{I::set_alarm, P::destroying}, "destroying: store(durable)"},

    {{I::wake, P::sleep_intent}, "sleep_intent:"},
    {{I::wake, P::sleeping}, "allocating: clear choose"},
    {{I::wake, P::reallocating}, "allocating: clear choose"},

    {{I::sleep, P::running}, "sleep_intent: store(durable) stop(sleep_intent) timer(1800000)"},
    {{I::sleep, P::reallocating}, "sleeping: clear store stopped"},

    {{I::reschedule, P::running}, "going_away: store(durable) stop(going_away) timer(1800000)"},
    {{I::reschedule, P::sleep_intent}, "going_away: store(durable) timer(1800000)"},
    {{I::reschedule, P::stop_intent}, "going_away: store(durable) timer(1800000)"},

    {{I::drain, P::allocating}, "allocating:"},
    {{I::drain, P::starting}, "starting:"},
    {{I::drain, P::running}, "going_away: store(durable) stop(going_away) timer(1800000)"},
    {{I::drain, P::sleep_intent}, "going_away: store(durable) timer(1800000)"},
    {{I::drain, P::stop_intent}, "going_away: store(durable) timer(1800000)"},

    {{I::destroy, P::allocating}, "allocating:"},
    {{I::destroy, P::starting}, "starting:"},
    {{I::destroy, P::running}, "destroying: store stop(destroy) timer(1800000)"},
    {{I::destroy, P::sleep_intent}, "destroying: store timer(1800000)"},
    {{I::destroy, P::stop_intent}, "destroying: store timer(1800000)"},
    {{I::destroy, P::going_away}, "destroying: store timer(1800000)"},
    {{I::destroy, P::sleeping}, "destroyed: clear erase"},
    {{I::destroy, P::reallocating}, "destroyed: clear erase"},

    {{I::halt, P::allocating}, "allocating: clear"},
    {{I::halt, P::starting}, "starting: clear"},
    {{I::halt, P::running}, "running: clear"},
    {{I::halt, P::sleep_intent}, "sleep_intent: clear"},
    {{I::halt, P::stop_intent}, "stop_intent: clear"},
    {{I::halt, P::going_away}, "going_away: clear"},
    {{I::halt, P::sleeping}, "sleeping:"},
    {{I::halt, P::reallocating}, "reallocating: clear"},

    {{I::timer, P::allocating}, "sleeping: store(durable) stop(lost) release clear store stopped"},
    {{I::timer, P::starting}, "sleeping: store(durable) stop(lost) release clear store stopped"},
    {{I::timer, P::sleep_intent}, "sleeping: stop(lost) release clear store stopped"},
    {{I::timer, P::stop_intent}, "sleeping: store(durable) stop(lost) release clear store stopped"},
    {{I::timer, P::going_away}, "allocating: stop(lost) release clear choose"},
    {{I::timer, P::destroying}, "destroyed: stop(lost) release clear erase"},
    {{I::timer, P::reallocating}, "allocating: clear choose"},

    {{I::erase_failed, P::destroyed}, "sleeping: clear store stopped"},
};

TEST(ActorTable, EveryInputDoesInEveryPhaseWhatTheTableSaysAndNothingElse) {
  for (std::size_t i = 0; i < kActorInputs; ++i) {
    for (std::size_t p = 0; p < kActorPhases; ++p) {
      const auto input = static_cast<I>(i);
      const auto phase = static_cast<P>(p);
      SCOPED_TRACE(std::string(name_of(input)) + " in " + std::string(name_of(phase)));
      const ActorState before = in_phase(phase);
      const ActorStep after = step(before, event_of(input), kNow, {});
      const auto expected = kExpected.find({input, phase});
      if (expected == kExpected.end()) {
        EXPECT_EQ(after.state, before);
        EXPECT_TRUE(after.effects.empty());
      } else {
        EXPECT_EQ(text_of(after), expected->second);
        EXPECT_NE(after.state, before);
      }
    }
  }
}

TEST(ActorTable, InputsOfAnotherGenerationAreIgnoredInEveryPhase) {
  for (std::size_t i = 0; i < kActorInputs; ++i) {
    for (std::size_t p = 0; p < kActorPhases; ++p) {
      const ActorState before = in_phase(static_cast<P>(p));
      ActorEvent event = event_of(static_cast<I>(i));
      event.generation = before.generation - 1;
      const ActorStep after = step(before, event, kNow, {});
      EXPECT_EQ(after.state, before);
      EXPECT_TRUE(after.effects.empty());
    }
  }
}

TEST(ActorTable, AHostThatCannotBeLostHasNoTimeLimits) {
  for (std::size_t i = 0; i < kActorInputs; ++i) {
    for (std::size_t p = 0; p < kActorPhases; ++p) {
      ActorState before = in_phase(static_cast<P>(p));
      before.can_be_lost = false;
      ActorEvent event = event_of(static_cast<I>(i));
      event.can_be_lost = false;
      const ActorStep after = step(before, event, kNow, {});
      if (after.state.phase == P::reallocating) continue;
      EXPECT_EQ(text_of(after).find("timer("), std::string::npos) << text_of(after);
    }
  }
}

}  // namespace
}  // namespace troupe
