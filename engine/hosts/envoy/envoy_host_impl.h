#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/hosts/envoy/envoy_host.h"
#include "engine/hosts/envoy/envoy_registry.h"
#include "engine/hosts/envoy/envoy_requests.h"

namespace troupe {

class ConnectedEnvoy;

/// The host of envoys: hands out actors, watches connections, counts the slots of limited pools.
class EnvoyHostImpl final : public EnvoyHost, public std::enable_shared_from_this<EnvoyHostImpl> {
 public:
  explicit EnvoyHostImpl(EnvoyHostParts parts);
  ~EnvoyHostImpl() override;

  // Host
  bool serves(const NamespaceId& ns, const std::string& pool, const std::string& name) const override;
  bool can_lose_actors() const override { return true; }
  HostOffer offer(const NamespaceId& ns, const std::string& pool) override;
  void withdraw(const NamespaceId& ns, const std::string& pool) override;
  std::vector<EnvoyInfo> envoys(const NamespaceId& ns) const override;
  std::shared_ptr<HostedActor> start(const ActorRecord& record, std::shared_ptr<HostEvents> events,
                                     std::vector<HibernatingSocket> hibernating) override;
  std::shared_ptr<HostedActor> adopt(const ActorRecord& record, std::shared_ptr<HostEvents> events) override;
  void listen(std::weak_ptr<HostListener> listener) override { listener_ = std::move(listener); }
  Task<void> stop() override;
  EnvoyGate* envoy_gate() override { return this; }

  // EnvoyGate
  Result<std::shared_ptr<EnvoySession>> connect(EnvoyHello hello, std::shared_ptr<EnvoyWire> wire) override;
  TunnelStats tunnel_stats() const override { return parts_.tunnel->stats(); }

  // EnvoyHost
  void evict_older(const NamespaceId& ns, const std::string& pool, std::uint32_t version) override;

  // -- for sessions --
  const EnvoyHostParts& parts() const { return parts_; }
  const Strand& strand() const { return strand_; }
  void session_closed(ConnectedEnvoy& session, bool goodbye);
  /// The process has announced its end: its actors leave it at the pace of the pool.
  void begin_eviction(const std::shared_ptr<EnvoyProcess>& process);
  /// An actor of a serverless pool that nobody has reported yet; bound to the process when its pool is the same.
  std::shared_ptr<EnvoyActor> bind_unbound(const std::shared_ptr<EnvoyProcess>& process, const ActorId& id,
                                           std::uint32_t generation);

 private:
  using ProcessPtr = std::shared_ptr<EnvoyProcess>;
  using PoolKey = std::pair<NamespaceId, std::string>;

  std::shared_ptr<EnvoyActor> make_actor(const ActorRecord& record, std::shared_ptr<HostEvents> events);
  std::shared_ptr<HostedActor> start_serverless(const PoolPtr& pool, std::shared_ptr<EnvoyActor> actor,
                                                std::vector<HibernatingSocket> hibernating);
  bool take_slot(const PoolKey& pool, std::uint64_t max);
  void give_slot_back(const EnvoyActor& actor);
  void free_slot(const PoolKey& pool);
  void available(const NamespaceId& ns, const std::string& pool);
  /// Asks the envoy for actors that it may not have any more; the tunnel reports those that it does not.
  void look_for(const ProcessPtr& process, std::vector<std::shared_ptr<EnvoyActor>> actors);
  void run_detached(Task<Result<void>> task, const char* what);

  // -- liveness (envoy_liveness.cpp), on the strand --
  /// Looks after the process: pings while it is connected, gives it up when it stays away.
  void watch(const ProcessPtr& process);
  void tick(const ProcessPtr& process, std::uint64_t round);
  void lose(const ProcessPtr& process);
  /// Has the actors leave, one each `interval`, the first in `delay`.
  void evict_after(std::shared_ptr<Timer> timer, std::shared_ptr<std::vector<std::shared_ptr<EnvoyActor>>> left,
                   Millis delay, Millis interval);

  EnvoyHostParts parts_;
  Strand strand_;
  EnvoyRegistry registry_;
  std::weak_ptr<HostListener> listener_;
  std::atomic<bool> stopping_{false};

  /// Strand only.
  struct Watch {
    std::unique_ptr<Timer> timer;
    std::uint64_t round = 0;
    /// When the timer is to fire. Later is how long this process has stood still.
    std::chrono::nanoseconds due{0};
  };
  std::map<const EnvoyProcess*, Watch> watches_;

  std::mutex mutex_;
  struct Unbound {
    std::shared_ptr<EnvoyActor> actor;
    std::vector<HibernatingSocket> hibernating;
  };
  std::map<ActorId, Unbound> unbound_;
  struct Slots {
    std::uint64_t used = 0;
    /// Somebody was turned away since the last slot came free.
    bool wanted = false;
  };
  std::map<PoolKey, Slots> slots_;
  std::map<std::uint64_t, std::weak_ptr<ConnectedEnvoy>> sessions_;
  std::uint64_t next_session_ = 1;
};

}  // namespace troupe
