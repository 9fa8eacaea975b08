#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "engine/base/ports.h"
#include "engine/hosts/host.h"
#include "engine/placement/deadlines.h"
#include "engine/sockets/socket_stats.h"

namespace troupe {

class SocketRelay;

struct SocketSettings {
  std::size_t pending_bytes_max = 128u << 20;
  std::size_t pending_messages_max = 65'535;
  Millis ack_timeout{30'000};
};

/// The open WebSockets of all actors, each of them a relay between its client and whichever generation of the actor
/// runs. The placement says what becomes of the generations.
/// Threads: any. Lifetime: shared by the engine and every relay; knows relays only as long as they are open, or their
/// close is yet to be handled.
class Sockets : public std::enable_shared_from_this<Sockets> {
 public:
  /// Has the actor woken and waits until another generation than `not_this` runs.
  using Acquire =
      std::function<Task<Result<std::shared_ptr<HostedActor>>>(ActorId id, std::shared_ptr<HostedActor> not_this)>;

  Sockets(Ports ports, SocketSettings settings, std::shared_ptr<DeadlineQueue> deadlines, Acquire acquire);

  /// As `Engine::open_websocket`.
  Task<Result<std::shared_ptr<ActorSocket>>> open(ActorId actor, std::shared_ptr<HostedActor> hosted,
                                                  HttpRequest upgrade, std::shared_ptr<ClientSocket> client);

  // -- from the placement ---------------------------------------------------------------------------------------------
  /// A generation is about to be started: what its host has to know of.
  std::vector<HibernatingSocket> start_generation(const ActorId& actor);
  void running(const ActorId& actor, const std::shared_ptr<HostedActor>& hosted);
  void stopped(const ActorId& actor, const HostedActor& hosted);
  void destroyed(const ActorId& actor);
  /// The engine stops: nobody is woken any more.
  void stop();
  /// The engine has stopped: open sockets, which the gateway closes later, let go of the actors.
  void close();

  /// Walks over all sockets.
  SocketStats stats() const;

  // -- for relays -----------------------------------------------------------------------------------------------------
  const Ports& ports() const { return ports_; }
  const SocketSettings& settings() const { return settings_; }
  DeadlineQueue& deadlines() { return *deadlines_; }
  bool engine_stops() const { return stopping_.load(); }
  Task<Result<std::shared_ptr<HostedActor>>> acquire(ActorId id, std::shared_ptr<HostedActor> not_this) {
    return acquire_(id, std::move(not_this));
  }
  void remove(const ActorId& actor, const SocketId& id);
  /// Its client is gone: keeps the relay until it is removed, or the engine stops.
  void keep(const ActorId& actor, const SocketId& id, std::shared_ptr<SocketRelay> relay);
  void count_repeated() { repeated_messages_.fetch_add(1, std::memory_order_relaxed); }
  /// Runs `task` on the I/O pool.
  void detach(std::function<Task<void>()> task);

 private:
  struct Entry {
    std::weak_ptr<SocketRelay> relay;
    std::shared_ptr<SocketRelay> kept;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<ActorId, std::map<SocketId, Entry>> relays;
  };
  static constexpr std::size_t kShards = 64;

  Shard& shard_of(const ActorId& id) { return shards_[std::hash<ActorId>{}(id) % kShards]; }
  std::vector<std::shared_ptr<SocketRelay>> relays_of(const ActorId& actor);
  SocketId next_id();

  const Ports ports_;
  const SocketSettings settings_;
  const std::shared_ptr<DeadlineQueue> deadlines_;
  const Acquire acquire_;
  std::array<std::uint8_t, 4> gateway_id_{};
  /// Request ids are a permutation of a counter: unlike random ones they do not repeat.
  std::uint32_t id_step_ = 1;
  std::atomic<std::uint32_t> last_id_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> repeated_messages_{0};
  std::array<Shard, kShards> shards_;
};

}  // namespace troupe
