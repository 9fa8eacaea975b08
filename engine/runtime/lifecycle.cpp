#include "engine/runtime/lifecycle.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/errors.h"

namespace troupe {
namespace {

using State = LifecycleState;
using Event = LifecycleEvent;

constexpr std::array kTransitions = {
    LifecycleTransition{State::loading, Event::start_succeeded, State::started},
    LifecycleTransition{State::loading, Event::start_failed, State::terminated},
    LifecycleTransition{State::started, Event::stop_sleep, State::sleep_grace},
    LifecycleTransition{State::started, Event::stop_destroy, State::destroy_grace},
    // What is left is as at the end of any sleep, but that nothing is saved. One that stops already goes on stopping.
    LifecycleTransition{State::started, Event::crashed, State::sleep_finalize},
    LifecycleTransition{State::sleep_grace, Event::grace_over, State::sleep_finalize},
    LifecycleTransition{State::destroy_grace, Event::grace_over, State::destroying},
    LifecycleTransition{State::sleep_finalize, Event::finalized, State::terminated},
    LifecycleTransition{State::destroying, Event::finalized, State::terminated},
};

struct Gate {
  State state;
  /// Code of the refusal in group `actor`; empty lets the traffic in.
  std::string_view call, connection;
  bool aborted, accepts_work;
};

constexpr std::array kGates = {
    Gate{State::loading, "not_ready", "not_ready", false, true},
    Gate{State::started, "", "", false, true},
    // A connection made now would be closed at once; the next generation serves it.
    Gate{State::sleep_grace, "", "stopping", true, true},
    Gate{State::destroy_grace, "destroying", "destroying", true, true},
    Gate{State::sleep_finalize, "stopping", "stopping", true, false},
    Gate{State::destroying, "destroying", "destroying", true, false},
    Gate{State::terminated, "stopping", "stopping", true, false},
};

const Gate& gate(State state) {
  return *std::find_if(kGates.begin(), kGates.end(), [&](const Gate& row) { return row.state == state; });
}

}  // namespace

std::span<const LifecycleTransition> lifecycle_transitions() { return kTransitions; }

std::string_view to_string(State state) {
  switch (state) {
    case State::loading:
      return "Loading";
    case State::started:
      return "Started";
    case State::sleep_grace:
      return "SleepGrace";
    case State::destroy_grace:
      return "DestroyGrace";
    case State::sleep_finalize:
      return "SleepFinalize";
    case State::destroying:
      return "Destroying";
    case State::terminated:
      return "Terminated";
  }
  return "";
}

bool Lifecycle::apply(Event event) {
  const bool is_stop = event == Event::stop_sleep || event == Event::stop_destroy;
  if (is_stop && state_ == State::loading) {
    if (deferred_stop_ != Event::stop_destroy) deferred_stop_ = event;
    return false;
  }
  for (const auto& row : kTransitions) {
    if (row.from == state_ && row.event == event) {
      state_ = row.to;
      return true;
    }
  }
  return false;
}

std::optional<Event> Lifecycle::take_deferred_stop() { return std::exchange(deferred_stop_, std::nullopt); }

std::optional<Error> Lifecycle::refusal(Traffic traffic) const {
  const auto& row = gate(state_);
  auto code = traffic == Traffic::call ? row.call : row.connection;
  if (code.empty() && destroy_requested_) code = "destroying";
  if (code.empty()) return std::nullopt;
  return make_error("actor", code);
}

bool Lifecycle::aborted() const { return gate(state_).aborted; }
bool Lifecycle::stopping() const { return state_ != State::loading && state_ != State::started; }
bool Lifecycle::accepts_work() const { return gate(state_).accepts_work; }

Result<bool> Lifecycle::request_sleep() {
  if (state_ == State::loading) return make_error("actor", "starting");
  if (state_ != State::started || destroy_requested_) return make_error("actor", "stopping");
  return !std::exchange(sleep_requested_, true);
}

Result<void> Lifecycle::request_destroy() {
  if (state_ == State::loading) return make_error("actor", "starting");
  if (state_ != State::started || destroy_requested_) return make_error("actor", "stopping");
  destroy_requested_ = true;
  return {};
}

}  // namespace troupe
