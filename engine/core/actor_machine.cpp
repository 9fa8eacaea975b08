#include "engine/core/actor_machine.h"

#include <algorithm>
#include <utility>

#include "engine/core/actor_table.h"

namespace troupe {
namespace {

using Kind = ActorEffect::Kind;

bool is_host_failure(const std::optional<ActorFailure>& failure) {
  using K = ActorFailure::Kind;
  return failure && (failure->kind == K::no_envoys || failure->kind == K::envoy_no_response ||
                     failure->kind == K::envoy_connection_lost);
}

/// One application of one rule.
class Stepper {
 public:
  Stepper(ActorState state, const ActorEvent& event, std::int64_t now_ms, const LifecycleLimits& limits)
      : state_(std::move(state)), event_(event), now_ms_(now_ms), limits_(limits) {}

  ActorStep apply(ActorRule rule) {
    perform(rule);
    return {std::move(state_), std::move(effects_)};
  }

 private:
  void perform(ActorRule rule);

  void add(Kind kind) { effects_.push_back({kind}); }
  void order(StopOrder order) { effects_.push_back({Kind::stop, order}); }
  void store(bool durable = false) { effects_.push_back({Kind::store, StopOrder::sleep_intent, 0, durable}); }
  void set_timer(std::int64_t delay_ms) { effects_.push_back({Kind::set_timer, StopOrder::sleep_intent, delay_ms}); }
  /// Where the actor is has to be found again after a restart when its host outlives the engine.
  void store_phase() {
    if (state_.can_be_lost) store();
  }
  /// Such a host survives a power failure too, and reports the end of the actor afterwards. The end of one that nobody
  /// is known to have told to sleep or to move is its destruction.
  void store_order() {
    if (state_.can_be_lost) store(true);
  }
  /// Limits on silence make sense only where silence can mean loss.
  void limit_silence(std::int64_t delay_ms) {
    if (state_.can_be_lost) set_timer(delay_ms);
  }

  bool alarm_is_due() const { return state_.alarm_ts && *state_.alarm_ts <= now_ms_; }

  void allocate() {
    if (state_.halted) return;
    state_.alarm_taken = alarm_is_due();
    state_.phase = ActorPhase::allocating;
    state_.drain_after_start = false;
    add(Kind::clear_timer);
    add(Kind::choose_host);
  }

  void accept_host() {
    if (state_.halted) return settle_asleep();
    state_.generation += 1;
    state_.sleep_ts.reset();
    state_.reschedule_ts.reset();
    state_.failure.reset();
    state_.can_be_lost = event_.can_be_lost;
    state_.host = event_.host;
    state_.asked = event_.must_acknowledge;
    state_.start_received = false;
    state_.wake_after_stop = false;
    state_.retries = 0;
    state_.last_retry_ts.reset();
    state_.retry_by_wake = false;
    if (!event_.must_acknowledge) state_.phase = ActorPhase::starting;
    // A host that survives a power failure must never be given the same generation twice.
    effects_.push_back({Kind::start, StopOrder::sleep_intent, 0, state_.can_be_lost});
    if (event_.must_acknowledge) return set_timer(limits_.allocation_threshold_ms);
    limit_silence(limits_.start_threshold_ms);
  }

  void acknowledge() {
    if (!std::exchange(state_.asked, false)) return;
    state_.phase = ActorPhase::starting;
    store_phase();
    limit_silence(limits_.start_threshold_ms);
  }

  void note_received() {
    if (std::exchange(state_.start_received, true)) return;
    store_phase();
  }

  void retry_later() {
    if (state_.destroy_after_start) return finish();
    if (state_.halted) return settle_asleep();
    const bool first = !state_.last_retry_ts;
    const bool stale = !first && now_ms_ - *state_.last_retry_ts > limits_.retry_reset_ms;
    if (stale) state_.retries = 0;
    const auto exponent = std::min(state_.retries, limits_.retry_exponent_max);
    std::int64_t delay_ms = stale ? 0 : limits_.retry_base_ms << exponent;
    if (state_.retry_by_wake && state_.reschedule_ts) {
      delay_ms = std::max<std::int64_t>(0, *state_.reschedule_ts - now_ms_);
    } else if (!stale) {
      state_.retries += 1;
    }
    state_.retry_by_wake = false;
    state_.last_retry_ts = now_ms_;
    state_.phase = ActorPhase::reallocating;
    state_.sleep_ts = now_ms_;
    state_.reschedule_ts = now_ms_ + delay_ms;
    state_.failure = event_.failure;
    store();
    set_timer(delay_ms);
  }

  void become_running() {
    const bool first = !state_.start_ts;
    if (first) state_.start_ts = now_ms_;
    const bool served = std::exchange(state_.alarm_taken, false);
    if (served) state_.alarm_ts.reset();
    if (!event_.host.empty()) state_.host = event_.host;
    state_.asked = false;
    state_.start_received = true;
    if (first || served || state_.can_be_lost) store();
    if (state_.destroy_after_start) return begin_destroy(true);
    if (state_.drain_after_start) return stop_to(ActorPhase::going_away, StopOrder::going_away);
    state_.phase = ActorPhase::running;
    state_.connectable_ts = now_ms_;
    add(Kind::clear_timer);
    add(Kind::tell_ready);
  }

  void stop_to(ActorPhase phase, StopOrder reason) {
    state_.phase = phase;
    store_order();
    order(reason);
    limit_silence(limits_.stop_threshold_ms);
  }

  void fall_asleep() {
    state_.connectable_ts.reset();
    state_.sleep_ts = now_ms_;
    stop_to(ActorPhase::sleep_intent, StopOrder::sleep_intent);
  }

  void end() {
    state_.connectable_ts.reset();
    stop_to(ActorPhase::stop_intent, StopOrder::stop_intent);
  }

  void begin_destroy(bool order_stop) {
    state_.phase = ActorPhase::destroying;
    state_.connectable_ts.reset();
    state_.destroy_after_start = false;
    store_phase();
    if (order_stop) order(StopOrder::destroy);
    limit_silence(limits_.stop_threshold_ms);
  }

  void note_failure() {
    if (!event_.failure || is_host_failure(state_.failure)) return;
    state_.failure = event_.failure;
    if (is_host_failure(event_.failure) && event_.failure->text.empty()) state_.failure->text = state_.host;
  }

  void release() {
    state_.connectable_ts.reset();
    state_.can_be_lost = false;
    state_.host.clear();
    state_.asked = false;
    state_.start_received = false;
    add(Kind::release);
  }

  void settle_asleep() {
    state_.phase = ActorPhase::sleeping;
    state_.sleep_ts = now_ms_;
    state_.reschedule_ts.reset();
    state_.wake_after_stop = false;
    state_.drain_after_start = false;
    add(Kind::clear_timer);
    store();
    const bool again = std::exchange(state_.alarm_taken, false);
    if (state_.alarm_ts)
      effects_.push_back({Kind::watch_alarm, StopOrder::sleep_intent, again ? limits_.alarm_retry_ms : 0});
    add(Kind::tell_stopped);
  }

  void rest() {
    note_failure();
    release();
    if (state_.destroy_after_start) return remove();
    if (alarm_is_due() && !state_.alarm_taken && !state_.halted) return allocate();
    settle_asleep();
  }

  void restart() {
    note_failure();
    release();
    if (state_.halted) return settle_asleep();
    allocate();
  }

  void rest_or_rewake() {
    if (state_.wake_after_stop) return restart();
    rest();
  }

  void remove() {
    state_.phase = ActorPhase::destroyed;
    state_.destroy_ts = now_ms_;
    state_.reschedule_ts.reset();
    state_.destroy_after_start = false;
    add(Kind::clear_timer);
    add(Kind::erase);
  }

  void finish() {
    release();
    remove();
  }

  /// The engine stops and its host does not: the next start of the engine finds it there.
  void leave_to_host() { add(Kind::clear_timer); }

  void give_up_host() { order(StopOrder::lost); }

  void survive() {
    state_.destroy_ts.reset();
    settle_asleep();
  }

  ActorState state_;
  const ActorEvent& event_;
  std::int64_t now_ms_;
  const LifecycleLimits& limits_;
  std::vector<ActorEffect> effects_;
};

void Stepper::perform(ActorRule rule) {
  switch (rule) {
    case ActorRule::ignore:
      return;
    case ActorRule::allocate:
      return allocate();
    case ActorRule::allocate_for_alarm:
      // The alarm may have been moved since it was found due.
      if (alarm_is_due()) allocate();
      return;
    case ActorRule::retry_now:
      state_.retry_by_wake = true;
      return allocate();
    case ActorRule::accept_host:
      return accept_host();
    case ActorRule::acknowledge:
      return acknowledge();
    case ActorRule::retry_later:
      return retry_later();
    case ActorRule::note_received:
      return note_received();
    case ActorRule::become_running_unasked:
      // Its answer is overtaken by the actor itself.
      if (state_.asked) become_running();
      return;
    case ActorRule::become_running:
      return become_running();
    case ActorRule::fall_asleep:
      return fall_asleep();
    case ActorRule::end:
      return end();
    case ActorRule::run_and_sleep:
      become_running();
      if (state_.phase == ActorPhase::running) fall_asleep();
      return;
    case ActorRule::run_and_end:
      become_running();
      if (state_.phase == ActorPhase::running) end();
      return;
    case ActorRule::move:
      state_.connectable_ts.reset();
      return stop_to(ActorPhase::going_away, StopOrder::going_away);
    case ActorRule::move_connectable:
      return stop_to(ActorPhase::going_away, StopOrder::going_away);
    case ActorRule::move_instead:
      state_.phase = ActorPhase::going_away;
      store_order();
      return limit_silence(limits_.stop_threshold_ms);
    case ActorRule::destroy_running:
      return begin_destroy(true);
    case ActorRule::destroy_instead:
      return begin_destroy(false);
    case ActorRule::rest:
      return rest();
    case ActorRule::rest_or_rewake:
      return rest_or_rewake();
    case ActorRule::restart:
      return restart();
    case ActorRule::finish:
      return finish();
    case ActorRule::lose_rest:
      // The host may be told that the actor is given up, and then reports an end that nobody has ordered.
      store_order();
      give_up_host();
      return rest();
    case ActorRule::lose_rest_or_rewake:
      give_up_host();
      return rest_or_rewake();
    case ActorRule::lose_restart:
      give_up_host();
      return restart();
    case ActorRule::lose_finish:
      give_up_host();
      return finish();
    case ActorRule::finish_unhosted:
      return remove();
    case ActorRule::store_alarm: {
      state_.alarm_taken = false;
      if (state_.alarm_ts == event_.alarm_ts) return;
      // A wake-up that was promised must not be lost with the power; one that comes late or not at all is harmless.
      const bool earlier = event_.alarm_ts && (!state_.alarm_ts || *event_.alarm_ts < *state_.alarm_ts);
      state_.alarm_ts = event_.alarm_ts;
      return store(earlier);
    }
    case ActorRule::remember_wake:
      state_.wake_after_stop = true;
      return;
    case ActorRule::remember_drain:
      state_.drain_after_start = true;
      return;
    case ActorRule::remember_destroy:
      state_.destroy_after_start = true;
      return;
    case ActorRule::give_up_retrying:
      return settle_asleep();
    case ActorRule::halt_starting:
      state_.halted = true;
      if (state_.can_be_lost) return leave_to_host();
      state_.drain_after_start = true;
      return;
    case ActorRule::halt_running:
      state_.halted = true;
      if (state_.can_be_lost) return leave_to_host();
      state_.connectable_ts.reset();
      return stop_to(ActorPhase::going_away, StopOrder::going_away);
    case ActorRule::halt_stopping:
      state_.halted = true;
      if (state_.can_be_lost) leave_to_host();
      return;
    case ActorRule::halt_asleep:
      state_.halted = true;
      return;
    case ActorRule::halt_retrying:
      // Stored, and found again by the next start of the engine.
      state_.halted = true;
      return add(Kind::clear_timer);
    case ActorRule::survive:
      return survive();
  }
}

bool is_for_other_generation(const ActorState& state, const ActorEvent& event) {
  return event.generation && *event.generation != state.generation;
}

}  // namespace

ActorStep step(ActorState state, const ActorEvent& event, std::int64_t now_ms, const LifecycleLimits& limits) {
  if (is_for_other_generation(state, event)) return {std::move(state), {}};
  const ActorRule rule = rule_for(state.phase, event.input);
  const ActorPhase before = state.phase;
  ActorStep next = Stepper(std::move(state), event, now_ms, limits).apply(rule);
  if (next.state.phase != before) next.state.phase_ts = now_ms;
  return next;
}

ActorStep resume(const ActorRecord& record, std::int64_t now_ms, const LifecycleLimits& limits) {
  ActorStep resumed{state_from(record), {}};
  const ActorState& state = resumed.state;
  const auto at_most = [now_ms, &limits, since = state.phase_ts](std::int64_t threshold_ms) {
    const std::int64_t left = threshold_ms - (now_ms - since);
    return std::clamp(left, std::min(limits.return_grace_ms, threshold_ms), threshold_ms);
  };
  const auto set_timer = [&resumed](std::int64_t delay_ms) {
    resumed.effects.push_back({Kind::set_timer, StopOrder::sleep_intent, delay_ms});
  };
  if (state.phase == ActorPhase::reallocating) {
    set_timer(std::max<std::int64_t>(0, *state.reschedule_ts - now_ms));
  } else if (is_hosted(state.phase)) {
    resumed.effects.push_back({Kind::adopt});
    if (state.phase == ActorPhase::starting) set_timer(at_most(limits.start_threshold_ms));
    if (state.phase > ActorPhase::running) set_timer(at_most(limits.stop_threshold_ms));
  }
  return resumed;
}

std::string_view name_of(ActorPhase phase) {
  constexpr std::string_view kNames[] = {"allocating", "starting",   "running",  "sleep_intent", "stop_intent",
                                         "going_away", "destroying", "sleeping", "reallocating", "destroyed"};
  return kNames[static_cast<std::size_t>(phase)];
}

std::string_view name_of(ActorFailure::Kind kind) {
  constexpr std::string_view kNames[] = {"crashed",           "no_envoys",
                                         "no_capacity",       "envoy_connection_lost",
                                         "envoy_no_response", "concurrent_actor_limit_reached",
                                         "internal_error"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view name_of(ActorInput input) {
  constexpr std::string_view kNames[] = {"host_chosen",   "host_acknowledged",
                                         "no_host",       "start_received",
                                         "running",       "sleep_intent",
                                         "stop_intent",   "stopped_ok",
                                         "stopped_error", "lost",
                                         "set_alarm",     "wake",
                                         "alarm_due",     "sleep",
                                         "reschedule",    "drain",
                                         "destroy",       "halt",
                                         "timer",         "erase_failed"};
  return kNames[static_cast<std::size_t>(input)];
}

}  // namespace troupe
