#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "engine/base/errors.h"
#include "engine/placement/placement.h"

/// Carrying out what the lifecycle decided: in order, by one performer at a time, outside the shard's lock.
namespace troupe {
namespace {

using Kind = ActorEffect::Kind;

StopReason reason_of(StopOrder order) {
  switch (order) {
    case StopOrder::sleep_intent:
      return StopReason::sleep_intent;
    case StopOrder::stop_intent:
      return StopReason::destroy_intent;
    case StopOrder::destroy:
      return StopReason::destroy;
    default:
      return StopReason::going_away;
  }
}

/// Of a record that could not be written.
constexpr Millis kWriteAgainAfter{1'000};

/// Of those who wait until an actor is settled; the word of a later one holds for those before it too.
constexpr std::size_t kSettledMax = 64;

ActorFailure crashed(std::string text) { return {ActorFailure::Kind::crashed, std::move(text)}; }

}  // namespace

/// What one generation's host is given to report to. Keeps nothing alive.
class Placement::SlotEvents final : public HostEvents {
 public:
  SlotEvents(std::weak_ptr<Placement> placement, std::weak_ptr<Slot> slot, std::uint32_t generation)
      : placement_(std::move(placement)), slot_(std::move(slot)), generation_(generation) {}

  void running() override { say({ActorInput::running, generation_}); }
  void sleep_intent() override { say({ActorInput::sleep_intent, generation_}); }
  void destroy_intent() override { say({ActorInput::stop_intent, generation_}); }
  void stopped(std::optional<std::string> failure) override {
    ActorEvent event{failure ? ActorInput::stopped_error : ActorInput::stopped_ok, generation_};
    if (failure) event.failure = crashed(std::move(*failure));
    say(std::move(event));
  }
  void alarm(std::optional<std::int64_t> at_ms) override { say({ActorInput::set_alarm, generation_, at_ms}); }
  Task<Result<void>> set_alarm(std::optional<std::int64_t> at_ms, Ack ack) override {
    auto placement = placement_.lock();
    auto slot = slot_.lock();
    if (!placement || !slot) return gone();
    return placement->confirmed(std::move(slot), {ActorInput::set_alarm, generation_, at_ms}, ack);
  }
  void running_at(const std::string& envoy_key) override {
    ActorEvent event{ActorInput::running, generation_};
    event.host = envoy_key;
    say(std::move(event));
  }
  void accepted() override { say({ActorInput::host_acknowledged, generation_}); }
  void start_received() override { say({ActorInput::start_received, generation_}); }
  void lost(ActorFailure failure) override {
    ActorEvent event{ActorInput::lost, generation_};
    event.failure = std::move(failure);
    say(std::move(event));
  }
  void drain() override { say({ActorInput::drain, generation_}); }
  void when_settled(std::function<void()> fn) override {
    auto placement = placement_.lock();
    auto slot = slot_.lock();
    if (!placement || !slot) return fn();
    placement->when_settled(slot, std::move(fn));
  }

 private:
  static Task<Result<void>> gone() { co_return make_error("actor", "stopping"); }
  void say(ActorEvent event) {
    auto placement = placement_.lock();
    auto slot = slot_.lock();
    if (placement && slot) placement->host_said(slot, std::move(event));
  }

  std::weak_ptr<Placement> placement_;
  std::weak_ptr<Slot> slot_;
  std::uint32_t generation_;
};

void Placement::apply(Slot& slot, const ActorEvent& event) {
  ActorStep next = step(std::move(slot.state), event, ports_.clock.now_ms(), limits_);
  slot.state = std::move(next.state);
  slot.effects.insert(slot.effects.end(), next.effects.begin(), next.effects.end());
}

void Placement::post(const SlotPtr& slot, const ActorEvent& event) {
  {
    Shard& shard = shard_of(slot->id);
    std::lock_guard lock(shard.mutex);
    if (slot->gone) return;
    apply(*slot, event);
  }
  perform(slot);
}

void Placement::host_said(const SlotPtr& slot, ActorEvent event) {
  {
    Shard& shard = shard_of(slot->id);
    std::lock_guard lock(shard.mutex);
    if (slot->gone) return;
    if (event.generation == slot->state.generation && slot->hosted_generation != slot->state.generation) {
      slot->early.push_back(std::move(event));
      return;
    }
    apply(*slot, event);
  }
  perform(slot);
}

Task<Result<void>> Placement::confirmed(SlotPtr slot, ActorEvent event, Ack ack) {
  auto begin = [self = shared_from_this(), slot, event = std::move(event),
                ack](Continuation<Result<void>> rest) mutable {
    bool over = false;
    {
      std::lock_guard lock(self->shard_of(slot->id).mutex);
      over = slot->gone || event.generation != slot->state.generation;
      if (!over) {
        if (slot->hosted_generation == slot->state.generation) {
          self->apply(*slot, event);
        } else {
          slot->early.push_back(std::move(event));
        }
        slot->effects.push_back({Kind::confirm, StopOrder::sleep_intent, 0, ack == Ack::durable});
        slot->confirmations.push_back(std::move(rest));
      }
    }
    if (over) return rest.post(make_error("actor", "stopping"));
    self->perform(slot);
  };
  return suspend<Result<void>>(std::move(begin));
}

Task<void> Placement::confirm(SlotPtr slot, Ack ack) {
  // Does nothing more when the record has been written already.
  const auto written = co_await write_record(slot, ack);
  Continuation<Result<void>> rest;
  {
    std::lock_guard lock(shard_of(slot->id).mutex);
    rest = std::move(slot->confirmations.front());
    slot->confirmations.erase(slot->confirmations.begin());
  }
  rest.post(written ? Result<void>() : Result<void>(written.error()));
}

void Placement::when_settled(const SlotPtr& slot, std::function<void()> fn) {
  {
    std::lock_guard lock(shard_of(slot->id).mutex);
    if (slot->performing || !slot->effects.empty() || slot->unwritten) {
      auto& waiting = slot->when_settled;
      if (waiting.size() == kSettledMax) waiting.pop_back();
      return waiting.push_back(std::move(fn));
    }
  }
  fn();
}

void Placement::perform(const SlotPtr& slot) {
  {
    Shard& shard = shard_of(slot->id);
    std::lock_guard lock(shard.mutex);
    if (slot->performing || slot->gone) return;
    slot->performing = true;
  }
  run_effects(slot);
}

void Placement::run_effects(const SlotPtr& slot) {
  while (auto effect = next_effect(slot)) {
    if (perform_at_once(slot, *effect)) continue;
    auto rest = [self = shared_from_this(), slot, waiting = *effect] { return self->perform_waiting(slot, waiting); };
    boost::asio::co_spawn(ports_.io, std::move(rest), boost::asio::detached);
    return;
  }
}

std::optional<ActorEffect> Placement::next_effect(const SlotPtr& slot) {
  bool retired = false;
  std::uint32_t generation = 0;
  std::vector<std::function<void()>> settled;
  {
    Shard& shard = shard_of(slot->id);
    std::lock_guard lock(shard.mutex);
    if (!slot->effects.empty()) {
      ActorEffect effect = slot->effects.front();
      slot->effects.erase(slot->effects.begin());
      return effect;
    }
    slot->performing = false;
    if (!slot->unwritten) settled.swap(slot->when_settled);
    retired = retire(shard, *slot);
    generation = slot->state.generation;
    // Before another generation can be started, which takes the shard's lock first.
    if (retired) actors_.forget_generation(slot->id, generation);
  }
  if (retired) departed();
  for (const auto& fn : settled) fn();
  return std::nullopt;
}

bool Placement::perform_at_once(const SlotPtr& slot, const ActorEffect& effect) {
  switch (effect.kind) {
    case Kind::store:
    case Kind::start:
    case Kind::erase:
    case Kind::confirm:
      return false;
    case Kind::choose_host:
      choose_host(slot);
      break;
    case Kind::adopt:
      adopt(slot);
      break;
    case Kind::stop:
      order_stop(slot, effect.order);
      break;
    case Kind::release:
      release_host(slot);
      break;
    case Kind::set_timer:
      set_timer(slot, effect.delay_ms);
      break;
    case Kind::clear_timer:
      clear_timer(slot);
      break;
    case Kind::tell_ready:
      tell_sockets_running(slot);
      tell(slot, ReadyOutcome::ready);
      break;
    case Kind::tell_stopped:
      tell(slot, ReadyOutcome::stopped);
      break;
    case Kind::watch_alarm: {
      std::optional<std::int64_t> alarm_ts;
      {
        std::lock_guard lock(shard_of(slot->id).mutex);
        alarm_ts = slot->state.alarm_ts;
      }
      if (!alarm_ts || !alarms_) break;
      if (effect.delay_ms > 0) {
        alarms_->offer_later(slot->id, effect.delay_ms);
      } else {
        alarms_->watch(*alarm_ts);
      }
      break;
    }
  }
  return true;
}

Task<void> Placement::perform_waiting(SlotPtr slot, ActorEffect effect) {
  std::optional<ActorEffect> next = effect;
  while (next) {
    if (next->kind == Kind::start) {
      co_await start_host(slot, next->durable ? Ack::durable : Ack::written);
    } else if (next->kind == Kind::erase) {
      co_await erase(slot);
    } else if (next->kind == Kind::confirm) {
      co_await confirm(slot, next->durable ? Ack::durable : Ack::written);
    } else if (next->kind == Kind::store) {
      // What could not be written is written later, or with the next change: every write carries the whole lifecycle.
      (void)co_await write_record(slot, next->durable ? Ack::durable : Ack::written);
      report(*slot);
    } else {
      perform_at_once(slot, *next);
    }
    next = next_effect(slot);
  }
}

/// Why an actor does not run although somebody wants it to, and when that is tried again.
void Placement::report(const Slot& slot) {
  std::optional<ActorFailure> failure;
  std::optional<std::int64_t> next_ts;
  {
    std::lock_guard lock(shard_of(slot.id).mutex);
    if (slot.state.phase != ActorPhase::sleeping && slot.state.phase != ActorPhase::reallocating) return;
    failure = slot.state.failure;
    next_ts = slot.state.reschedule_ts;
  }
  if (!failure) return;
  const std::string next =
      next_ts ? "next attempt in " + std::to_string(*next_ts - ports_.clock.now_ms()) + " ms" : "it sleeps now";
  spdlog::info("actor {} ({} in pool {}): {} {}; {}", slot.id.text(), slot.name, slot.pool, name_of(failure->kind),
               failure->text, next);
}

Task<Result<ActorRecord>> Placement::write_record(SlotPtr slot, Ack ack) {
  ActorState state;
  {
    std::lock_guard lock(shard_of(slot->id).mutex);
    state = slot->state;
  }
  auto change = [state = std::move(state)](ActorRecord& record) { store_into(state, record); };
  auto written = co_await directory_.update(slot->id, std::move(change), ack);
  const bool failed = !written && written.error().is("storage", "unavailable");
  bool first = false;
  {
    std::lock_guard lock(shard_of(slot->id).mutex);
    first = failed && !slot->unwritten;
    slot->unwritten = failed;
  }
  if (first) write_later(slot);
  co_return written;
}

void Placement::write_later(const SlotPtr& slot) {
  deadlines_->add(kWriteAgainAfter, [weak = weak_from_this(), weak_slot = std::weak_ptr(slot)] {
    const auto self = weak.lock();
    const auto late = weak_slot.lock();
    if (!self || !late) return;
    {
      std::lock_guard lock(self->shard_of(late->id).mutex);
      if (late->gone || !std::exchange(late->unwritten, false)) return;
      late->effects.push_back({Kind::store, StopOrder::sleep_intent, 0, true});
    }
    self->perform(late);
  });
}

void Placement::choose_host(const SlotPtr& slot) {
  std::shared_ptr<Host> chosen;
  for (const auto& host : hosts_) {
    if (!host->serves(slot->namespace_id, slot->pool, slot->name)) continue;
    chosen = host;
    break;
  }
  HostOffer offer;
  if (chosen) offer = chosen->offer(slot->namespace_id, slot->pool);
  ActorEvent event{ActorInput::host_chosen};
  // The local pool has a host, which then refuses names that it does not know.
  if (!chosen && slot->pool != settings_.local_pool) {
    event.input = ActorInput::no_host;
    event.failure = ActorFailure{ActorFailure::Kind::no_envoys, {}};
  }
  if (offer.refusal) {
    event.input = ActorInput::no_host;
    event.failure = std::move(offer.refusal);
  }
  event.can_be_lost = chosen && chosen->can_lose_actors();
  event.must_acknowledge = offer.must_accept;
  event.host = std::move(offer.envoy_key);
  std::lock_guard lock(shard_of(slot->id).mutex);
  slot->host = std::move(chosen);
  apply(*slot, event);
}

void Placement::adopt(const SlotPtr& slot) {
  std::shared_ptr<Host> found;
  for (const auto& host : hosts_)
    if (host->can_lose_actors()) found = host;
  std::unique_ptr<ActorRecord> record;
  {
    std::lock_guard lock(shard_of(slot->id).mutex);
    record = std::move(slot->adopted);
    if (!found) {
      apply(*slot, {ActorInput::lost, slot->state.generation});
      return;
    }
    slot->host = found;
  }
  actors_.set_generation(slot->id, record->generation);
  auto events = std::make_shared<SlotEvents>(weak_from_this(), slot, record->generation);
  auto hosted = found->adopt(*record, std::move(events));
  {
    std::lock_guard lock(shard_of(slot->id).mutex);
    slot->hosted = std::move(hosted);
    slot->hosted_generation = record->generation;
    for (const ActorEvent& event : std::exchange(slot->early, {})) apply(*slot, event);
  }
  // Who came first may find it running.
  tell(slot, ReadyOutcome::changed);
}

Task<void> Placement::start_host(SlotPtr slot, Ack ack) {
  auto record = co_await write_record(slot, ack);
  std::shared_ptr<Host> host;
  std::uint32_t generation = 0;
  bool given_up = false;
  {
    std::lock_guard lock(shard_of(slot->id).mutex);
    host = slot->host;
    generation = slot->state.generation;
    // Given up while the record was written.
    const bool wanted = slot->state.phase == ActorPhase::starting || slot->state.phase == ActorPhase::allocating;
    if (wanted && !record) {
      ActorEvent event{ActorInput::lost, generation};
      event.failure = ActorFailure{ActorFailure::Kind::internal_error, record.error().message()};
      apply(*slot, event);
    } else if (wanted && !host) {
      ActorEvent event{ActorInput::stopped_error, generation};
      event.failure = crashed("not_registered: Actor factory '" + slot->name + "' is not registered.");
      apply(*slot, event);
    }
    given_up = !wanted || !record || !host;
  }
  if (given_up) {
    if (host) host->withdraw(slot->namespace_id, slot->pool);
    co_return;
  }
  actors_.set_generation(slot->id, generation);
  auto events = std::make_shared<SlotEvents>(weak_from_this(), slot, generation);
  auto hosted = host->start(*record, std::move(events), sockets_->start_generation(slot->id));
  std::lock_guard lock(shard_of(slot->id).mutex);
  slot->hosted = std::move(hosted);
  slot->hosted_generation = generation;
  for (const ActorEvent& event : std::exchange(slot->early, {})) apply(*slot, event);
}

void Placement::order_stop(const SlotPtr& slot, StopOrder order) {
  std::shared_ptr<HostedActor> hosted;
  {
    std::lock_guard lock(shard_of(slot->id).mutex);
    hosted = slot->hosted;
  }
  if (!hosted) return;
  if (order == StopOrder::lost) {
    hosted->abandon();
  } else {
    hosted->stop(reason_of(order));
  }
}

void Placement::release_host(const SlotPtr& slot) {
  // Destroyed outside the lock: the end of an actor may report to its events.
  std::shared_ptr<HostedActor> hosted;
  {
    std::lock_guard lock(shard_of(slot->id).mutex);
    hosted = std::exchange(slot->hosted, nullptr);
  }
  if (hosted) sockets_->stopped(slot->id, *hosted);
}

void Placement::tell_sockets_running(const SlotPtr& slot) {
  std::shared_ptr<HostedActor> hosted;
  {
    std::lock_guard lock(shard_of(slot->id).mutex);
    hosted = slot->hosted;
  }
  if (hosted) sockets_->running(slot->id, hosted);
}

void Placement::set_timer(const SlotPtr& slot, std::int64_t delay_ms) {
  clear_timer(slot);
  std::uint64_t round = 0;
  {
    std::lock_guard lock(shard_of(slot->id).mutex);
    round = slot->timer_round;
  }
  auto due = [weak = weak_from_this(), weak_slot = std::weak_ptr(slot), round] {
    auto self = weak.lock();
    auto due_slot = weak_slot.lock();
    if (self && due_slot) self->timer_due(due_slot, round);
  };
  const auto token = deadlines_->add(Millis(delay_ms), std::move(due));
  std::lock_guard lock(shard_of(slot->id).mutex);
  slot->timer = token;
}

void Placement::timer_due(const SlotPtr& slot, std::uint64_t round) {
  {
    std::lock_guard lock(shard_of(slot->id).mutex);
    if (slot->gone || slot->timer_round != round) return;
    slot->timer = 0;
    ActorEvent event{ActorInput::timer};
    event.failure = ActorFailure{ActorFailure::Kind::envoy_no_response, {}};
    apply(*slot, event);
  }
  perform(slot);
}

void Placement::clear_timer(const SlotPtr& slot) {
  DeadlineQueue::Token token = 0;
  {
    std::lock_guard lock(shard_of(slot->id).mutex);
    token = std::exchange(slot->timer, 0);
    ++slot->timer_round;
  }
  if (token != 0) deadlines_->cancel(token);
}

void Placement::tell(const SlotPtr& slot, ReadyOutcome outcome) {
  std::vector<std::shared_ptr<ReadyWaiter>> waiters;
  {
    std::lock_guard lock(shard_of(slot->id).mutex);
    waiters.swap(slot->ready_waiters);
  }
  for (const auto& waiter : waiters) waiter->finish(outcome);
}

Task<void> Placement::erase(SlotPtr slot) {
  std::int64_t destroy_ts = 0;
  {
    std::lock_guard lock(shard_of(slot->id).mutex);
    destroy_ts = slot->state.destroy_ts.value_or(ports_.clock.now_ms());
  }
  sockets_->destroyed(slot->id);
  auto erased = co_await directory_.destroy(slot->id, destroy_ts);
  std::vector<std::shared_ptr<GoneWaiter>> waiters;
  {
    std::lock_guard lock(shard_of(slot->id).mutex);
    slot->erased = erased.has_value();
    if (!erased) apply(*slot, {ActorInput::erase_failed});
    waiters.swap(slot->gone_waiters);
  }
  if (erased) {
    for (const auto& host : hosts_) host->destroyed(slot->id);
    // Not before: the key is free for the next actor when they hear of it.
    tell(slot, ReadyOutcome::destroyed);
  }
  const Result<void> outcome = erased ? Result<void>() : Result<void>(erased.error());
  for (const auto& waiter : waiters) waiter->finish(outcome);
}

}  // namespace troupe
