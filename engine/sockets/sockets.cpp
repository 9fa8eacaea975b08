#include "engine/sockets/sockets.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstring>

#include "engine/sockets/socket_relay.h"

namespace troupe {

Sockets::Sockets(Ports ports, SocketSettings settings, std::shared_ptr<DeadlineQueue> deadlines, Acquire acquire)
    : ports_(ports), settings_(settings), deadlines_(std::move(deadlines)), acquire_(std::move(acquire)) {
  ports_.random.fill(gateway_id_);
  std::array<std::uint8_t, 8> seed{};
  ports_.random.fill(seed);
  std::uint32_t first = 0;
  std::memcpy(&first, seed.data(), sizeof first);
  std::memcpy(&id_step_, seed.data() + sizeof first, sizeof id_step_);
  last_id_ = first;
  // Odd, so that it runs through all values.
  id_step_ |= 1u;
}

SocketId Sockets::next_id() {
  SocketId id;
  id.gateway = gateway_id_;
  const std::uint32_t value = last_id_.fetch_add(id_step_, std::memory_order_relaxed) + id_step_;
  std::memcpy(id.request.data(), &value, sizeof value);
  return id;
}

Task<Result<std::shared_ptr<ActorSocket>>> Sockets::open(ActorId actor, std::shared_ptr<HostedActor> hosted,
                                                         HttpRequest upgrade, std::shared_ptr<ClientSocket> client) {
  const SocketId id = next_id();
  auto relay = std::make_shared<SocketRelay>(shared_from_this(), actor, id, std::move(upgrade), std::move(client));
  {
    // Before the actor hears of it, so that no end of the generation is missed.
    Shard& shard = shard_of(actor);
    const std::lock_guard lock(shard.mutex);
    shard.relays[actor].emplace(id, Entry{relay, nullptr});
  }
  TROUPE_CO_CHECK(co_await relay->open(std::move(hosted)));
  co_return std::shared_ptr<ActorSocket>(relay);
}

std::vector<std::shared_ptr<SocketRelay>> Sockets::relays_of(const ActorId& actor) {
  std::vector<std::shared_ptr<SocketRelay>> found;
  Shard& shard = shard_of(actor);
  const std::lock_guard lock(shard.mutex);
  const auto it = shard.relays.find(actor);
  if (it == shard.relays.end()) return found;
  found.reserve(it->second.size());
  for (const auto& [id, entry] : it->second)
    if (auto open = entry.relay.lock()) found.push_back(std::move(open));
  return found;
}

void Sockets::remove(const ActorId& actor, const SocketId& id) {
  // Let go of outside the lock.
  std::map<SocketId, Entry>::node_type removed;
  Shard& shard = shard_of(actor);
  const std::lock_guard lock(shard.mutex);
  const auto it = shard.relays.find(actor);
  if (it == shard.relays.end()) return;
  removed = it->second.extract(id);
  if (it->second.empty()) shard.relays.erase(it);
}

void Sockets::keep(const ActorId& actor, const SocketId& id, std::shared_ptr<SocketRelay> relay) {
  Shard& shard = shard_of(actor);
  const std::lock_guard lock(shard.mutex);
  const auto it = shard.relays.find(actor);
  if (it == shard.relays.end() || engine_stops()) return;
  // It may have been removed in the meantime.
  if (const auto entry = it->second.find(id); entry != it->second.end()) entry->second.kept = std::move(relay);
}

void Sockets::stop() {
  stopping_.store(true);
  std::vector<std::shared_ptr<SocketRelay>> dropped;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    for (auto& [actor, entries] : shard.relays)
      for (auto& [id, entry] : entries)
        if (entry.kept) dropped.push_back(std::move(entry.kept));
  }
}

void Sockets::close() {
  std::vector<std::shared_ptr<SocketRelay>> open;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    for (auto& [actor, entries] : shard.relays)
      for (auto& [id, entry] : entries)
        if (auto relay = entry.relay.lock()) open.push_back(std::move(relay));
    shard.relays.clear();
  }
  for (const auto& relay : open) relay->engine_stopped();
}

std::vector<HibernatingSocket> Sockets::start_generation(const ActorId& actor) {
  std::vector<HibernatingSocket> hibernating;
  for (const auto& relay : relays_of(actor))
    if (auto socket = relay->list()) hibernating.push_back(std::move(*socket));
  return hibernating;
}

void Sockets::running(const ActorId& actor, const std::shared_ptr<HostedActor>& hosted) {
  for (const auto& relay : relays_of(actor)) relay->resume(hosted);
}

void Sockets::stopped(const ActorId& actor, const HostedActor& hosted) {
  for (const auto& relay : relays_of(actor)) relay->generation_stopped(hosted);
}

void Sockets::destroyed(const ActorId& actor) {
  for (const auto& relay : relays_of(actor)) relay->actor_destroyed();
}

SocketStats Sockets::stats() const {
  SocketStats stats;
  stats.repeated_messages = repeated_messages_.load(std::memory_order_relaxed);
  for (const Shard& shard : shards_) {
    // Asked outside the lock.
    std::vector<std::shared_ptr<SocketRelay>> open;
    {
      const std::lock_guard lock(shard.mutex);
      for (const auto& [actor, entries] : shard.relays)
        for (const auto& [id, entry] : entries)
          if (auto relay = entry.relay.lock()) open.push_back(std::move(relay));
    }
    for (const auto& relay : open) relay->add_to(stats);
  }
  return stats;
}

void Sockets::detach(std::function<Task<void>()> task) {
  boost::asio::co_spawn(ports_.io, std::move(task), boost::asio::detached);
}

}  // namespace troupe
