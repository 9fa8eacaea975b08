#include <spdlog/spdlog.h>
#include <algorithm>
#include <array>

#include <boost/asio/dispatch.hpp>
#include <utility>

#include "engine/base/errors.h"
#include "engine/hosts/envoy/connected_envoy.h"
#include "engine/hosts/envoy/envoy_host_impl.h"

/// Which envoys are still there, and what becomes of the actors of those that are not or are about to go.
namespace troupe {
namespace {

/// So that many envoys are not pinged in step.
Millis ping_jitter(Random& random) {
  constexpr std::uint8_t kMaxMs = 127;
  std::array<std::uint8_t, 1> byte{};
  random.fill(byte);
  return Millis(byte[0] & kMaxMs);
}

}  // namespace

void EnvoyHostImpl::watch(const ProcessPtr& process) {
  auto begin = [self = shared_from_this(), process] {
    if (self->stopping_.load()) return;
    Watch& watch = self->watches_[process.get()];
    if (!watch.timer) watch.timer = self->parts_.ports.timers.make(self->strand_);
    const std::uint64_t round = ++watch.round;
    const EnvoySettings& settings = self->parts_.settings;
    const Millis delay = process->connected() ? settings.ping_interval + ping_jitter(self->parts_.ports.random)
                                              : settings.lost_threshold;
    watch.due = self->parts_.ports.clock.monotonic() + delay;
    watch.timer->start(delay, [weak = self->weak_from_this(), process, round] {
      if (auto host = weak.lock()) host->tick(process, round);
    });
  };
  boost::asio::dispatch(strand_, std::move(begin));
}

void EnvoyHostImpl::tick(const ProcessPtr& process, std::uint64_t round) {
  const auto it = watches_.find(process.get());
  if (it == watches_.end() || it->second.round != round) return;
  // While this process stood still it heard nobody, and nobody could come back to it.
  const auto late = parts_.ports.clock.monotonic() - it->second.due;
  if (!process->connected()) return late < parts_.settings.ping_interval ? lose(process) : watch(process);
  process->excuse(late);
  if (process->silence() <= parts_.settings.ping_timeout) {
    process->ping();
    return watch(process);
  }
  // What is under way must not touch storage any more: the envoy may be on its way over another connection.
  std::shared_ptr<ConnectedEnvoy> silent;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, weak] : sessions_) {
      auto session = weak.lock();
      if (session && session->process() == process && session->connection() == process->connection())
        silent = std::move(session);
    }
  }
  spdlog::warn("envoy {} does not answer pings: closing its connection", process->key());
  if (!silent) return watch(process);
  silent->cut_storage();
  silent->wire()->close(make_error("ws", "timed_out"));
  session_closed(*silent, false);
}

void EnvoyHostImpl::lose(const ProcessPtr& process) {
  const auto actors = process->actors();
  if (!actors.empty()) spdlog::warn("envoy {} is lost with {} actors", process->key(), actors.size());
  for (const auto& actor : actors) {
    actor->finish();
    actor->events->lost({ActorFailure::Kind::envoy_connection_lost, process->key()});
  }
  if (actors.empty()) {
    // Nothing was left to lose the last time either.
    process->forget_fences();
    watches_.erase(process.get());
    if (process->idle()) registry_.forget(process);
    return;
  }
  const auto watched = watches_.find(process.get());
  // The engine stops.
  if (watched == watches_.end()) return;
  Watch& watch = watched->second;
  const std::uint64_t round = ++watch.round;
  watch.due = parts_.ports.clock.monotonic() + parts_.settings.fence_retention;
  watch.timer->start(parts_.settings.fence_retention, [weak = weak_from_this(), process, round] {
    if (auto host = weak.lock()) host->tick(process, round);
  });
}

void EnvoyHostImpl::begin_eviction(const ProcessPtr& process) {
  const PoolPtr pool = parts_.pools.find(process->namespace_id, process->pool());
  // Endpoints are called for each actor and bound by the lifespan of that request.
  if (pool && pool->is_serverless()) return;
  process->set_stopping();
  const auto actors = process->actors();
  spdlog::info("envoy {} stops; {} actors leave it", process->key(), actors.size());
  const Eviction pace = pool ? pool->config.eviction : Eviction{};
  std::chrono::duration<double> interval{0};
  if (pace.period_s > 0 && !actors.empty()) {
    interval = std::chrono::duration<double>(static_cast<double>(pace.period_s) / static_cast<double>(actors.size()));
    if (pace.rate > 0) interval = std::min(interval, std::chrono::duration<double>(1.0 / pace.rate));
  }
  auto left = std::make_shared<std::vector<std::shared_ptr<EnvoyActor>>>(actors);
  auto begin = [self = shared_from_this(), left, interval, delay = pace.delay_s] {
    std::shared_ptr<Timer> timer = self->parts_.ports.timers.make(self->strand_);
    self->evict_after(std::move(timer), left, std::chrono::seconds(delay), std::chrono::ceil<Millis>(interval));
  };
  boost::asio::dispatch(strand_, std::move(begin));
}

void EnvoyHostImpl::evict_after(std::shared_ptr<Timer> timer,
                                std::shared_ptr<std::vector<std::shared_ptr<EnvoyActor>>> left, Millis delay,
                                Millis interval) {
  if (delay > Millis::zero()) {
    Timer& waits = *timer;
    waits.start(delay, [weak = weak_from_this(), timer, left, interval] {
      if (auto host = weak.lock()) host->evict_after(timer, left, Millis::zero(), interval);
    });
    return;
  }
  while (!left->empty()) {
    const auto actor = std::move(left->back());
    left->pop_back();
    if (actor->finished()) continue;
    actor->events->drain();
    if (interval > Millis::zero() && !left->empty()) return evict_after(std::move(timer), left, interval, interval);
  }
}

}  // namespace troupe
