#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/actor_state.h"

/// The lifecycle of an actor as a pure function. Who performs the effects: placement/.
/// Source: the actor state machine of Rivet Engine 2.3.19; deviations are listed in docs/internals/placement.md.
namespace troupe {

enum class ActorInput : std::uint8_t {
  // Answers to `choose_host`.
  host_chosen,
  host_acknowledged,
  no_host,
  // From the host of the current generation.
  start_received,
  running,
  sleep_intent,
  stop_intent,
  stopped_ok,
  stopped_error,
  lost,
  set_alarm,
  // From callers.
  wake,
  alarm_due,
  sleep,
  reschedule,
  drain,
  destroy,
  halt,
  // From the shell itself.
  timer,
  erase_failed,
};
inline constexpr std::size_t kActorInputs = 20;

struct ActorEvent {
  ActorInput input;
  /// Set on inputs that mean one generation; of another than the current one they are ignored.
  std::optional<std::uint32_t> generation = std::nullopt;
  /// Of `set_alarm`.
  std::optional<std::int64_t> alarm_ts = std::nullopt;
  /// Of `no_host`, `stopped_error`, `lost`, `timer`.
  std::optional<ActorFailure> failure = std::nullopt;
  /// Of `host_chosen`.
  bool must_acknowledge = false;
  bool can_be_lost = false;
  /// Of `host_chosen` and `running`: which of the hosts that can be lost.
  std::string host = {};
};

enum class StopOrder : std::uint8_t { sleep_intent, stop_intent, going_away, destroy, lost };

/// What the shell has to do, in order.
struct ActorEffect {
  enum class Kind : std::uint8_t {
    /// Answer with `host_chosen` or `no_host`.
    choose_host,
    /// Write the record as `snapshot` says; `durable` = not before it is on disk.
    store,
    /// Write the record (`durable`: not before it is on disk), fence older generations, then start the generation.
    start,
    stop,
    /// The generation is over: forget its host.
    release,
    /// Remove the actor with its data, then tell whoever waits. Failure: `erase_failed`.
    erase,
    /// Replaces the one timer of the actor.
    set_timer,
    clear_timer,
    // Notices to whoever waits.
    tell_ready,
    tell_stopped,
    /// An actor fell asleep with this alarm. With a delay: a start for the alarm has failed, and is tried again then.
    watch_alarm,
    /// Take up a generation that an earlier process of the engine has started.
    adopt,
    /// Never decided: the shell waits for what was stored before.
    confirm,
  };
  Kind kind;
  StopOrder order = StopOrder::sleep_intent;
  std::int64_t delay_ms = 0;
  bool durable = false;
};

struct LifecycleLimits {
  std::int64_t allocation_threshold_ms = 2'000;
  std::int64_t start_threshold_ms = 30'000;
  std::int64_t stop_threshold_ms = 1'800'000;
  std::int64_t retry_base_ms = 2'000;
  std::uint32_t retry_exponent_max = 8;
  std::int64_t retry_reset_ms = 600'000;
  /// How long a host that outlived the engine has at least to come back.
  std::int64_t return_grace_ms = 15'000;
  /// Until a start that an alarm has caused and that failed is tried again.
  std::int64_t alarm_retry_ms = 10'000;
};

struct ActorStep {
  ActorState state;
  std::vector<ActorEffect> effects;
};

/// Total: every input is defined in every phase.
ActorStep step(ActorState state, const ActorEvent& event, std::int64_t now_ms, const LifecycleLimits& limits);

/// Goes on with an actor of which no memory is left but its record.
ActorStep resume(const ActorRecord& record, std::int64_t now_ms, const LifecycleLimits& limits);

std::string_view name_of(ActorPhase phase);
std::string_view name_of(ActorInput input);
std::string_view name_of(ActorFailure::Kind kind);

}  // namespace troupe
