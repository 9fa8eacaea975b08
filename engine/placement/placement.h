#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/directory/directory.h"
#include "engine/engine.h"
#include "engine/placement/alarm_clock.h"
#include "engine/placement/deadlines.h"
#include "engine/placement/slot.h"
#include "engine/placement/wait_graph.h"
#include "engine/sockets/sockets.h"

namespace troupe {

/// Which actors are resident, in what phase, and at which host. Performs what core/actor_machine.h decides.
///
/// An actor has a slot while it is anything but asleep. Slots live in shards; a shard's mutex guards its slots and is
/// held for look-ups and decisions only, never while an effect is performed.
/// Threads: any. Lifetime: shared; what it is made from outlives it.
class Placement : public HostListener, public std::enable_shared_from_this<Placement> {
 public:
  Placement(Ports ports, EngineSettings settings, Directory& directory, ActorStore& actors);
  ~Placement() override;

  /// Before anything else; the first host that serves an actor gets it.
  void add_host(std::shared_ptr<Host> host);
  /// Before anything else: tells whether a pool reports errors, so that requests need not wait for its actors.
  void set_pool_fails(std::function<bool(const NamespaceId&, const std::string& pool)> fails) {
    pool_fails_ = std::move(fails);
  }
  const std::vector<std::shared_ptr<Host>>& hosts() const { return hosts_; }
  /// At the very end: actors that a host goes on running refer to the placement. Nothing may be called afterwards.
  void drop_hosts() { hosts_.clear(); }
  bool served(const NamespaceId& ns, const std::string& pool, const std::string& name) const;
  const std::shared_ptr<DeadlineQueue>& shared_deadlines() const { return deadlines_; }
  const std::shared_ptr<Sockets>& sockets() const { return sockets_; }
  bool stopping() const { return stopping_.load(); }
  /// When a request that comes now stops waiting for its actor.
  std::chrono::nanoseconds ready_deadline() const { return ports_.clock.monotonic() + settings_.actor_ready_timeout; }

  /// Before anything else, too; apart from the constructor because it needs the shared owner.
  void make_sockets();
  /// Takes up what an earlier process of the engine left running or waiting for a host, then fires overdue alarms.
  Task<Result<void>> start();
  Task<void> stop(Millis grace);

  // HostListener
  void host_available(const NamespaceId& ns, const std::string& pool) override;
  void wake(const ActorId& id) override;

  /// Has a sleeping actor started; does not wait for it. `why`: `wake` or `alarm_due`.
  Task<Result<void>> wake(ActorId id, ActorInput why);

  /// The warm path: the running generation, or null.
  std::shared_ptr<HostedActor> running(const ActorId& id);

  struct Acquire {
    bool skip_ready_wait = false;
    /// A generation that refused: wait for another.
    std::shared_ptr<HostedActor> not_this;
    /// On the monotonic clock.
    std::chrono::nanoseconds deadline{};
  };
  /// Wakes the actor if need be and waits for it. Errors as `Engine::fetch`.
  Task<Result<std::shared_ptr<HostedActor>>> acquire(ActorId id, Acquire how);

  /// What a resident actor is in the middle of.
  Transition transition(const ActorId& id) const;

  /// Gives an order to a resident actor; no-op on others. Blocks: never.
  void order(const ActorId& id, ActorInput input);
  /// Returns once the actor is gone. Errors: `actor.not_found`, storage errors.
  Task<Result<void>> destroy(ActorId id);

  /// Completes a stored record by what is known of the running actor.
  void refresh(ActorRecord& record) const;
  std::size_t residents() const { return residents_.load(); }

 private:
  class SlotEvents;
  using SlotPtr = std::shared_ptr<Slot>;
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<ActorId, SlotPtr> slots;
    /// Counts slots that went away: what was read from the directory before is then out of date.
    std::uint64_t departures = 0;
  };
  static constexpr std::size_t kShards = 64;

  Shard& shard_of(const ActorId& id) { return shards_[std::hash<ActorId>{}(id) % kShards]; }
  const Shard& shard_of(const ActorId& id) const { return shards_[std::hash<ActorId>{}(id) % kShards]; }

  // -- slots (placement.cpp) --
  SlotPtr find_slot(const ActorId& id) const;
  /// The slot of an actor, made if need be. Errors: `actor.not_found`, `guard.service_unavailable`.
  Task<Result<SlotPtr>> resident(ActorId id);
  SlotPtr emplace_slot(Shard& shard, const ActorRecord& record);
  /// Takes the slot out when nothing needs it. With the shard locked.
  bool retire(Shard& shard, Slot& slot);

  // -- events and effects (perform.cpp) --
  /// Decides; with the shard locked. `perform` has to follow.
  void apply(Slot& slot, const ActorEvent& event);
  void post(const SlotPtr& slot, const ActorEvent& event);
  /// Performs what is queued unless somebody does already.
  void perform(const SlotPtr& slot);
  /// Continues a performance that had to wait.
  Task<void> perform_waiting(SlotPtr slot, ActorEffect effect);
  /// The next effect, or the end of the performance.
  std::optional<ActorEffect> next_effect(const SlotPtr& slot);
  /// False: it has to wait for the store.
  bool perform_at_once(const SlotPtr& slot, const ActorEffect& effect);
  void run_effects(const SlotPtr& slot);

  void choose_host(const SlotPtr& slot);
  void order_stop(const SlotPtr& slot, StopOrder order);
  void release_host(const SlotPtr& slot);
  void tell_sockets_running(const SlotPtr& slot);
  void set_timer(const SlotPtr& slot, std::int64_t delay_ms);
  void clear_timer(const SlotPtr& slot);
  void timer_due(const SlotPtr& slot, std::uint64_t round);
  void tell(const SlotPtr& slot, ReadyOutcome outcome);
  /// A write that fails is tried again until one succeeds; the actor is not let go of before.
  Task<Result<ActorRecord>> write_record(SlotPtr slot, Ack ack);
  void write_later(const SlotPtr& slot);
  /// Decides, and returns once the record is written as decided. Errors: `actor.stopping` when the event is of another
  /// generation, those of the store.
  Task<Result<void>> confirmed(SlotPtr slot, ActorEvent event, Ack ack);
  Task<void> confirm(SlotPtr slot, Ack ack);
  Task<void> start_host(SlotPtr slot, Ack ack);
  Task<Result<void>> take_up_awake();
  Task<void> erase(SlotPtr slot);
  void adopt(const SlotPtr& slot);
  void report(const Slot& slot);
  void host_said(const SlotPtr& slot, ActorEvent event);
  void when_settled(const SlotPtr& slot, std::function<void()> fn);

  // -- waiting (acquire.cpp) --
  /// The host to send to now; null = wait.
  std::shared_ptr<HostedActor> usable(const Slot& slot, const Acquire& how) const;
  Task<ReadyOutcome> wait_ready(SlotPtr slot, Acquire how);
  void enlist(const SlotPtr& slot, const Acquire& how, Continuation<ReadyOutcome> rest);
  void drop_finished_waiters(const SlotPtr& slot);
  void enlist_gone(const SlotPtr& slot, Continuation<GoneOutcome> rest);

  // -- stopping (stop.cpp) --
  void halt_residents();
  Task<void> wait_empty(Millis grace);
  void fail_waiters();
  void forget_rest();
  void departed();

  Ports ports_;
  EngineSettings settings_;
  LifecycleLimits limits_;
  Directory& directory_;
  ActorStore& actors_;
  std::vector<std::shared_ptr<Host>> hosts_;
  std::function<bool(const NamespaceId&, const std::string&)> pool_fails_;
  std::shared_ptr<DeadlineQueue> deadlines_;
  std::shared_ptr<AlarmClock> alarms_;
  std::shared_ptr<Sockets> sockets_;
  std::array<Shard, kShards> shards_;
  std::atomic<std::size_t> residents_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> stopped_{false};
  std::int64_t start_ts_ = 0;

  std::mutex empty_mutex_;
  std::shared_ptr<Waiter<Done>> empty_waiter_;
};

}  // namespace troupe
