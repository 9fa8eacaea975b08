#include "engine/hosts/envoy/envoy_host.h"

#include <spdlog/spdlog.h>
#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <utility>

#include "engine/base/codec/bare.h"
#include "engine/base/errors.h"
#include "engine/envoyproto/encode.h"
#include "engine/hosts/envoy/connected_envoy.h"
#include "engine/hosts/envoy/envoy_host_impl.h"

namespace troupe {
namespace {

/// What the endpoint of a serverless pool reports about one start.
class StartEvents final : public ServerlessEvents {
 public:
  explicit StartEvents(std::weak_ptr<EnvoyActor> actor) : actor_(std::move(actor)) {}
  void lost() override {
    if (auto actor = actor_.lock()) actor->events->lost({ActorFailure::Kind::envoy_connection_lost, {}});
  }
  void going_away() override {
    if (auto actor = actor_.lock()) actor->events->drain();
  }

 private:
  std::weak_ptr<EnvoyActor> actor_;
};

std::vector<envoyproto::HibernatingRequest> requests_of(const std::vector<HibernatingSocket>& sockets) {
  std::vector<envoyproto::HibernatingRequest> requests;
  requests.reserve(sockets.size());
  for (const HibernatingSocket& socket : sockets) requests.push_back({socket.id.gateway, socket.id.request});
  return requests;
}

Result<Bytes> start_payload(const Ports& ports, const Pool& pool, const EnvoyActor& actor,
                            const std::vector<HibernatingSocket>& hibernating) {
  const auto version = pool.protocol_version.value_or(envoyproto::kMaxVersion);
  envoyproto::CommandStartActor start;
  start.config.name = actor.record.name;
  start.config.key = actor.record.key;
  start.config.create_ts = ports.clock.now_ms();
  start.config.input = actor.record.input;
  start.hibernating_requests = requests_of(hibernating);
  envoyproto::ToEnvoyCommands commands;
  // Commands that follow over the envoy's own connection count from 1.
  commands.commands.push_back({{actor.record.id.text(), actor.record.generation, 0}, std::move(start)});
  const envoyproto::ToEnvoy message = std::move(commands);
  Bytes payload;
  BareWriter(payload).u16(version);
  TROUPE_CHECK(envoyproto::append(version, message, payload));
  return payload;
}

}  // namespace

EnvoyHostImpl::EnvoyHostImpl(EnvoyHostParts parts)
    : parts_(std::move(parts)),
      strand_(boost::asio::make_strand(parts_.ports.io)),
      registry_(parts_.ports, parts_.settings) {}

EnvoyHostImpl::~EnvoyHostImpl() {
  // What is left refers to its process, which has it.
  for (const ProcessPtr& process : registry_.all()) process->let_go();
}

std::shared_ptr<EnvoyHost> make_envoy_host(EnvoyHostParts parts) {
  return std::make_shared<EnvoyHostImpl>(std::move(parts));
}

// -- giving out actors -----------------------------------------------------------------------------------------

bool EnvoyHostImpl::serves(const NamespaceId& ns, const std::string& pool, const std::string&) const {
  return parts_.pools.find(ns, pool) != nullptr;
}

HostOffer EnvoyHostImpl::offer(const NamespaceId& ns, const std::string& pool) {
  HostOffer offer;
  const PoolPtr config = parts_.pools.find(ns, pool);
  if (config && config->is_serverless() && parts_.serverless) {
    if (!take_slot({ns, pool}, config->config.serverless->max_concurrent_actors))
      offer.refusal = ActorFailure{ActorFailure::Kind::concurrent_actor_limit_reached, {}};
    offer.must_accept = true;
    return offer;
  }
  if (const auto process = stopping_.load() ? nullptr : registry_.choose(ns, pool))
    offer.envoy_key = process->key();
  else
    offer.refusal = ActorFailure{ActorFailure::Kind::no_envoys, {}};
  return offer;
}

std::shared_ptr<EnvoyActor> EnvoyHostImpl::make_actor(const ActorRecord& record, std::shared_ptr<HostEvents> events) {
  auto ended = [weak = weak_from_this()](const EnvoyActor& actor) {
    if (auto host = weak.lock()) host->give_slot_back(actor);
  };
  return std::make_shared<EnvoyActor>(record, std::move(events), parts_.tunnel, std::move(ended));
}

std::shared_ptr<HostedActor> EnvoyHostImpl::start(const ActorRecord& record, std::shared_ptr<HostEvents> events,
                                                  std::vector<HibernatingSocket> hibernating) {
  auto actor = make_actor(record, std::move(events));
  if (!record.hosting || record.hosting->envoy_key.empty()) {
    const PoolPtr pool = parts_.pools.find(record.namespace_id, record.pool);
    return start_serverless(pool, std::move(actor), std::move(hibernating));
  }
  const ProcessPtr process = registry_.obtain(record.namespace_id, record.hosting->envoy_key).first;
  actor->place(process);
  auto listed = requests_of(hibernating);
  parts_.tunnel->actor_started({record.id, record.generation, process}, std::move(hibernating));
  process->order_start(actor, std::move(listed));
  // Gone meanwhile, for good or for a while: the same as if it had gone a moment later.
  if (!process->connected()) watch(process);
  if (process->stopping()) actor->events->drain();
  return actor;
}

std::shared_ptr<HostedActor> EnvoyHostImpl::start_serverless(const PoolPtr& pool, std::shared_ptr<EnvoyActor> actor,
                                                             std::vector<HibernatingSocket> hibernating) {
  actor->in_limited_pool = true;
  auto payload = pool && pool->is_serverless() ? start_payload(parts_.ports, *pool, *actor, hibernating)
                                               : Result<Bytes>(make_error("ws", "no_runner_config"));
  if (!payload || stopping_.load()) {
    actor->events->lost({ActorFailure::Kind::no_envoys, {}});
    return actor;
  }
  {
    const std::lock_guard lock(mutex_);
    unbound_[actor->record.id] = {actor, std::move(hibernating)};
  }
  ServerlessStart start{pool, actor->record.id, actor->record.generation, std::move(*payload)};
  parts_.serverless->start(std::move(start), std::make_shared<StartEvents>(actor));
  actor->events->accepted();
  return actor;
}

std::shared_ptr<HostedActor> EnvoyHostImpl::adopt(const ActorRecord& record, std::shared_ptr<HostEvents> events) {
  auto actor = make_actor(record, std::move(events));
  const PoolPtr pool = parts_.pools.find(record.namespace_id, record.pool);
  actor->in_limited_pool = pool && pool->is_serverless();
  {
    const std::lock_guard lock(mutex_);
    if (actor->in_limited_pool) ++slots_[{record.namespace_id, record.pool}].used;
    if (record.hosting->envoy_key.empty()) unbound_[record.id] = {actor, {}};
  }
  if (record.hosting->envoy_key.empty()) return actor;
  const ProcessPtr process = registry_.obtain(record.namespace_id, record.hosting->envoy_key).first;
  actor->place(process);
  parts_.tunnel->actor_started({record.id, record.generation, process}, {});
  process->adopt(actor);
  if (!process->connected()) watch(process);
  return actor;
}

std::shared_ptr<EnvoyActor> EnvoyHostImpl::bind_unbound(const ProcessPtr& process, const ActorId& id,
                                                        std::uint32_t generation) {
  Unbound found;
  {
    const std::lock_guard lock(mutex_);
    const auto it = unbound_.find(id);
    if (it == unbound_.end() || it->second.actor->record.generation != generation) return nullptr;
    const ActorRecord& record = it->second.actor->record;
    if (record.namespace_id != process->namespace_id || record.pool != process->pool()) return nullptr;
    found = std::move(it->second);
    unbound_.erase(it);
  }
  parts_.tunnel->actor_started({id, generation, process}, std::move(found.hibernating));
  return found.actor->bind(process) ? found.actor : nullptr;
}

bool EnvoyHostImpl::take_slot(const PoolKey& pool, std::uint64_t max) {
  const std::lock_guard lock(mutex_);
  Slots& slots = slots_[pool];
  if (slots.used >= max) {
    slots.wanted = true;
    return false;
  }
  ++slots.used;
  return true;
}

void EnvoyHostImpl::give_slot_back(const EnvoyActor& actor) {
  const ActorRecord& record = actor.record;
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = unbound_.find(record.id);
        it != unbound_.end() && it->second.actor->record.generation == record.generation)
      unbound_.erase(it);
  }
  if (actor.in_limited_pool) free_slot({record.namespace_id, record.pool});
}

void EnvoyHostImpl::free_slot(const PoolKey& pool) {
  bool wanted = false;
  {
    const std::lock_guard lock(mutex_);
    const auto it = slots_.find(pool);
    if (it == slots_.end() || it->second.used == 0) return;
    --it->second.used;
    wanted = std::exchange(it->second.wanted, false);
    if (it->second.used == 0) slots_.erase(it);
  }
  if (wanted) available(pool.first, pool.second);
}

void EnvoyHostImpl::withdraw(const NamespaceId& ns, const std::string& pool) {
  const PoolPtr config = parts_.pools.find(ns, pool);
  if (config && config->is_serverless()) free_slot({ns, pool});
}

void EnvoyHostImpl::available(const NamespaceId& ns, const std::string& pool) {
  // Later: who gives a slot back may be about to take it again.
  boost::asio::post(parts_.ports.io, [listener = listener_, ns, pool] {
    if (auto told = listener.lock()) told->host_available(ns, pool);
  });
}

// -- connections -----------------------------------------------------------------------------------------

Result<std::shared_ptr<EnvoySession>> EnvoyHostImpl::connect(EnvoyHello hello, std::shared_ptr<EnvoyWire> wire) {
  if (stopping_.load()) return make_error("ws", "going_away");
  const auto ns = parts_.directory.find_namespace(hello.namespace_name);
  if (!ns) return make_error("namespace", "not_found");
  const PoolPtr pool = parts_.pools.find(ns->id, hello.pool);
  if (!pool) return make_error("ws", "no_runner_config");

  const ProcessPtr process = registry_.obtain(ns->id, hello.key).first;
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = next_session_++;
  }
  auto session = std::make_shared<ConnectedEnvoy>(shared_from_this(), process, wire, hello.namespace_name, number);
  {
    const std::lock_guard lock(mutex_);
    sessions_[number] = session;
  }
  const auto attached = process->attach(hello, std::move(wire));
  session->set_connection(attached.connection);
  if (attached.evicted) {
    parts_.tunnel->disconnected(process);
    attached.evicted->close(make_error("ws", "eviction"));
  }
  parts_.tunnel->connected(process);
  process->ping();
  watch(process);
  look_for(process, attached.uncertain);
  spdlog::info("envoy {} of pool {} in {} connected: version {}, protocol {}", hello.key, hello.pool,
               hello.namespace_name, hello.version, hello.protocol);
  if (pool->is_serverless()) parts_.pool_errors.report_success(ns->id, hello.pool);
  run_detached(parts_.pools.note_protocol_version(ns->id, hello.pool, hello.protocol), "noting a protocol version");
  if (!pool->is_serverless()) available(ns->id, hello.pool);
  return std::shared_ptr<EnvoySession>(std::move(session));
}

void EnvoyHostImpl::session_closed(ConnectedEnvoy& session, bool goodbye) {
  {
    const std::lock_guard lock(mutex_);
    sessions_.erase(session.number());
  }
  const ProcessPtr& process = session.process();
  if (!process->detach(session.connection())) return;
  spdlog::info("envoy {} disconnected; {} actors wait for it", process->key(), process->actor_count());
  parts_.tunnel->disconnected(process);
  watch(process);
  // An envoy that has announced its end and says goodbye does not come back: what it did not report has ended with it.
  if (!goodbye || !process->stopping() || stopping_.load()) return;
  auto end = [self = shared_from_this(), process] {
    if (!process->connected()) self->lose(process);
  };
  boost::asio::dispatch(strand_, std::move(end));
}

void EnvoyHostImpl::evict_older(const NamespaceId& ns, const std::string& pool, std::uint32_t version) {
  for (const ProcessPtr& process : registry_.active(ns)) {
    if (process->pool() != pool || process->deployed_version() >= version) continue;
    if (const auto wire = process->wire()) wire->close(make_error("ws", "eviction"));
  }
}

std::vector<EnvoyInfo> EnvoyHostImpl::envoys(const NamespaceId& ns) const {
  std::vector<EnvoyInfo> infos;
  for (const ProcessPtr& process : registry_.active(ns)) {
    EnvoyInfo info;
    info.key = process->key();
    info.namespace_id = ns;
    info.pool = process->pool();
    info.version = process->deployed_version();
    info.slots = process->actor_count();
    info.create_ts = process->create_ts();
    info.last_ping_ts = process->last_ping_ts();
    info.last_rtt_ms = process->last_rtt_ms();
    info.metadata = process->metadata();
    infos.push_back(std::move(info));
  }
  return infos;
}

void EnvoyHostImpl::run_detached(Task<Result<void>> task, const char* what) {
  auto done = [what](std::exception_ptr thrown, Result<void> result) {
    if (thrown || !result) spdlog::warn("{} failed", what);
  };
  boost::asio::co_spawn(parts_.ports.io, std::move(task), std::move(done));
}

Task<void> EnvoyHostImpl::stop() {
  auto self = shared_from_this();
  stopping_.store(true);
  std::vector<std::shared_ptr<ConnectedEnvoy>> open;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, weak] : sessions_)
      if (auto session = weak.lock()) open.push_back(std::move(session));
  }
  const auto deadline = parts_.ports.clock.monotonic() + parts_.settings.stop_grace;
  for (const auto& session : open) {
    const auto left = std::chrono::duration_cast<Millis>(deadline - parts_.ports.clock.monotonic());
    auto leave = [session, left] { return session->go_away(left); };
    co_await boost::asio::co_spawn(strand_, std::move(leave), boost::asio::use_awaitable);
  }
  parts_.tunnel->stop();
  parts_.store->stop();
  boost::asio::post(strand_, [self] { self->watches_.clear(); });
}

}  // namespace troupe
