#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "troupe/result.h"

/// The lifecycle of one generation of an actor as data: which state follows which, and what each state lets in. Pure;
/// the instance performs what it decides.
namespace troupe {

enum class LifecycleState { loading, started, sleep_grace, destroy_grace, sleep_finalize, destroying, terminated };

enum class LifecycleEvent {
  start_succeeded,
  start_failed,
  stop_sleep,
  stop_destroy,
  /// Going on could lose or double something.
  crashed,
  /// Everything drained, or the grace period is over.
  grace_over,
  finalized,
};

/// What wants to enter an actor.
enum class Traffic {
  /// An action or an HTTP request.
  call,
  /// A connection that stays.
  connection,
};

struct LifecycleTransition {
  LifecycleState from;
  LifecycleEvent event;
  LifecycleState to;
};

/// Every transition there is; an event without a row is ignored.
std::span<const LifecycleTransition> lifecycle_transitions();

std::string_view to_string(LifecycleState state);

class Lifecycle {
 public:
  LifecycleState state() const { return state_; }

  /// True when the state changed. A stop during the loading waits for its end: see `deferred_stop`.
  bool apply(LifecycleEvent event);
  /// The stop that arrived during the loading; a destroy outweighs a sleep.
  std::optional<LifecycleEvent> take_deferred_stop();

  /// Why traffic is not let in, or nothing.
  std::optional<Error> refusal(Traffic traffic) const;
  /// The abort signal: on from the start of a stop.
  bool aborted() const;
  bool stopping() const;
  /// Work of the actor's own may still be added.
  bool accepts_work() const;

  /// The actor asks to sleep: true when the host has to hear of it. Errors: `actor.starting`, `actor.stopping`.
  Result<bool> request_sleep();
  /// The actor asks to be destroyed. Errors: `actor.starting`, `actor.stopping`.
  Result<void> request_destroy();
  bool sleep_requested() const { return sleep_requested_; }
  bool destroy_requested() const { return destroy_requested_; }

 private:
  LifecycleState state_ = LifecycleState::loading;
  std::optional<LifecycleEvent> deferred_stop_;
  bool sleep_requested_ = false;
  bool destroy_requested_ = false;
};

}  // namespace troupe
