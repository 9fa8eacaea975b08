#include "engine/placement/placement.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "engine/base/errors.h"

namespace troupe {
namespace {

LifecycleLimits limits_of(const EngineSettings& settings) {
  LifecycleLimits limits;
  limits.allocation_threshold_ms = settings.actor_allocation_threshold.count();
  limits.start_threshold_ms = settings.actor_start_threshold.count();
  limits.stop_threshold_ms = settings.actor_stop_threshold.count();
  limits.retry_base_ms = settings.base_retry_timeout.count();
  limits.retry_exponent_max = settings.reschedule_backoff_max_exponent;
  limits.retry_reset_ms = settings.retry_reset_duration.count();
  limits.return_grace_ms = settings.envoy_lost_threshold.count();
  return limits;
}

SocketSettings socket_settings_of(const EngineSettings& settings) {
  SocketSettings limits;
  limits.pending_bytes_max = settings.websocket_pending_bytes_max;
  limits.pending_messages_max = settings.websocket_pending_messages_max;
  limits.ack_timeout = settings.websocket_ack_timeout;
  return limits;
}

bool has_connectable_host(ActorPhase phase) { return phase == ActorPhase::running || phase == ActorPhase::going_away; }

}  // namespace

Placement::Placement(Ports ports, EngineSettings settings, Directory& directory, ActorStore& actors)
    : ports_(ports),
      settings_(std::move(settings)),
      limits_(limits_of(settings_)),
      directory_(directory),
      actors_(actors),
      deadlines_(std::make_shared<DeadlineQueue>(ports)),
      start_ts_(ports.clock.now_ms()) {}

Placement::~Placement() { deadlines_->stop(); }

bool Placement::served(const NamespaceId& ns, const std::string& pool, const std::string& name) const {
  return std::any_of(hosts_.begin(), hosts_.end(), [&](const auto& host) { return host->serves(ns, pool, name); });
}

void Placement::add_host(std::shared_ptr<Host> host) {
  host->listen(weak_from_this());
  hosts_.push_back(std::move(host));
}

void Placement::make_sockets() {
  auto acquire = [weak = weak_from_this()](
                     ActorId id, std::shared_ptr<HostedActor> not_this) -> Task<Result<std::shared_ptr<HostedActor>>> {
    auto self = weak.lock();
    if (!self) co_return make_error("guard", "service_unavailable");
    Acquire how;
    how.not_this = std::move(not_this);
    how.deadline = self->ready_deadline();
    co_return co_await self->acquire(id, std::move(how));
  };
  sockets_ = std::make_shared<Sockets>(ports_, socket_settings_of(settings_), deadlines_, std::move(acquire));
}

Task<Result<void>> Placement::start() {
  start_ts_ = ports_.clock.now_ms();
  TROUPE_CO_CHECK(co_await take_up_awake());
  auto wake = [weak = weak_from_this()](ActorId id) -> Task<Result<void>> {
    auto self = weak.lock();
    if (!self) co_return Result<void>();
    co_return co_await self->wake(id, ActorInput::alarm_due);
  };
  alarms_ = std::make_shared<AlarmClock>(ports_, directory_, deadlines_, std::move(wake));
  alarms_->start();
  co_return Result<void>();
}

Task<Result<void>> Placement::take_up_awake() {
  /// Records read at a time.
  constexpr std::size_t kPageMax = 256;
  std::optional<ActorId> after;
  for (;;) {
    TROUPE_CO_TRY(auto ids, co_await directory_.awake(after, kPageMax));
    for (const ActorId& id : ids) {
      auto slot = co_await resident(id);
      if (slot) perform(*slot);
      if (!slot && !slot.error().is("actor", "not_found")) co_return slot.error();
    }
    if (ids.size() < kPageMax) co_return Result<void>();
    after = ids.back();
  }
}

Placement::SlotPtr Placement::find_slot(const ActorId& id) const {
  const Shard& shard = shard_of(id);
  std::lock_guard lock(shard.mutex);
  auto it = shard.slots.find(id);
  return it == shard.slots.end() ? nullptr : it->second;
}

std::shared_ptr<HostedActor> Placement::running(const ActorId& id) {
  const Shard& shard = shard_of(id);
  std::lock_guard lock(shard.mutex);
  auto it = shard.slots.find(id);
  if (it == shard.slots.end() || it->second->state.phase != ActorPhase::running) return nullptr;
  return it->second->hosted;
}

Placement::SlotPtr Placement::emplace_slot(Shard& shard, const ActorRecord& record) {
  auto [it, added] = shard.slots.try_emplace(record.id);
  if (added) {
    it->second = std::make_shared<Slot>(record);
    ActorStep resumed = resume(record, ports_.clock.now_ms(), limits_);
    Slot& slot = *it->second;
    slot.state = std::move(resumed.state);
    slot.effects = std::move(resumed.effects);
    if (record.hosting) slot.adopted = std::make_unique<ActorRecord>(record);
    residents_.fetch_add(1);
  }
  return it->second;
}

Task<Result<Placement::SlotPtr>> Placement::resident(ActorId id) {
  Shard& shard = shard_of(id);
  for (;;) {
    std::uint64_t departures = 0;
    {
      std::lock_guard lock(shard.mutex);
      auto it = shard.slots.find(id);
      if (it != shard.slots.end()) co_return it->second;
      departures = shard.departures;
    }
    TROUPE_CO_TRY(auto record, co_await directory_.find(id));
    if (!record || record->destroyed()) co_return make_error("actor", "not_found");
    std::lock_guard lock(shard.mutex);
    if (stopping_.load()) co_return make_error("guard", "service_unavailable");
    if (shard.departures == departures || shard.slots.contains(id)) co_return emplace_slot(shard, *record);
  }
}

bool Placement::retire(Shard& shard, Slot& slot) {
  const ActorState& state = slot.state;
  const bool settled = state.phase == ActorPhase::sleeping || state.phase == ActorPhase::destroyed;
  // What runs elsewhere or waits for a host is taken up by the next start of the engine.
  const bool left = state.halted && (state.can_be_lost || state.phase == ActorPhase::reallocating);
  if (slot.unwritten && !state.halted) return false;
  if (!(settled || left) || slot.gone || !slot.ready_waiters.empty() || !slot.gone_waiters.empty()) return false;
  slot.gone = true;
  ++shard.departures;
  shard.slots.erase(slot.id);
  return true;
}

Task<Result<void>> Placement::wake(ActorId id, ActorInput why) {
  TROUPE_CO_TRY(auto slot, co_await resident(id));
  post(slot, {why});
  co_return Result<void>();
}

void Placement::wake(const ActorId& id) {
  auto task = [self = shared_from_this(), id]() -> Task<void> { (void)co_await self->wake(id, ActorInput::wake); };
  boost::asio::co_spawn(ports_.io, std::move(task), boost::asio::detached);
}

void Placement::host_available(const NamespaceId& ns, const std::string& pool) {
  for (Shard& shard : shards_) {
    std::vector<SlotPtr> waiting;
    {
      std::lock_guard lock(shard.mutex);
      for (const auto& [id, slot] : shard.slots) {
        const bool wants = slot->state.phase == ActorPhase::reallocating && !slot->state.halted;
        if (wants && slot->namespace_id == ns && slot->pool == pool) waiting.push_back(slot);
      }
    }
    for (const SlotPtr& slot : waiting) post(slot, {ActorInput::wake});
  }
}

void Placement::order(const ActorId& id, ActorInput input) {
  if (auto slot = find_slot(id)) post(slot, {input});
}

void Placement::refresh(ActorRecord& record) const {
  if (record.destroyed()) return;
  const Shard& shard = shard_of(record.id);
  std::lock_guard lock(shard.mutex);
  auto it = shard.slots.find(record.id);
  if (it == shard.slots.end()) {
    // Nobody wrote that it went to sleep: it was running or starting when the engine ended.
    const bool interrupted = !record.awake() && (record.start_ts || record.create_ts < start_ts_);
    if (interrupted && !record.sleep_ts) record.sleep_ts = std::max(start_ts_, record.create_ts);
    return;
  }
  const ActorState& state = it->second->state;
  store_into(state, record);
  if (has_connectable_host(state.phase)) record.connectable_ts = state.connectable_ts;
}

}  // namespace troupe
