#include "engine/hosts/envoy/envoy_process.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace troupe {

EnvoyProcess::EnvoyProcess(Ports ports, const EnvoySettings& settings, NamespaceId ns, std::string key)
    : namespace_id(ns),
      ports_(ports),
      settings_(settings),
      key_(std::move(key)),
      create_ts_(ports.clock.now_ms()),
      heard_at_(ports.clock.monotonic()) {}

// -- link -----------------------------------------------------------------------------------------

envoyproto::Version EnvoyProcess::version() const {
  const std::lock_guard lock(mutex_);
  return protocol_;
}

bool EnvoyProcess::connected() const {
  const std::lock_guard lock(mutex_);
  return wire_ != nullptr;
}

std::uint64_t EnvoyProcess::connection() const {
  const std::lock_guard lock(mutex_);
  return connection_;
}

std::shared_ptr<EnvoyWire> EnvoyProcess::wire() const {
  const std::lock_guard lock(mutex_);
  return wire_;
}

bool EnvoyProcess::send(const envoyproto::ToEnvoy& message) {
  const auto to = wire();
  return to && to->send(message);
}

std::size_t EnvoyProcess::buffered_bytes() const {
  const auto to = wire();
  return to ? to->buffered_bytes() : 0;
}

Task<void> EnvoyProcess::wait_drained() {
  const auto to = wire();
  if (to) co_await to->wait_drained();
}

void EnvoyProcess::actor_missing(const ActorId& actor, std::uint32_t generation) {
  ActorPtr missing;
  bool stop_ordered = false;
  {
    const std::lock_guard lock(mutex_);
    if (!wire_) return;
    Hosted* found = hosted(actor, generation);
    if (!found) return;
    missing = found->actor;
    stop_ordered = found->stop_ordered;
    // An end that was ordered has been reached; its notice was lost with a connection.
    if (stop_ordered) actors_.erase(actor);
  }
  if (stop_ordered) {
    if (missing->finish()) missing->events->stopped(std::nullopt);
  } else {
    missing->events->lost({ActorFailure::Kind::envoy_connection_lost, key_});
  }
}

// -- connections -----------------------------------------------------------------------------------------

EnvoyProcess::Attached EnvoyProcess::attach(const EnvoyHello& hello, std::shared_ptr<EnvoyWire> wire) {
  envoyproto::ToEnvoyInit init;
  init.metadata.envoy_lost_threshold = settings_.lost_threshold.count();
  init.metadata.actor_stop_threshold = settings_.actor_stop_threshold.count();
  init.metadata.max_response_payload_size = settings_.max_response_payload_bytes;

  const std::lock_guard lock(mutex_);
  const bool was_away = wire_ == nullptr;
  Attached attached{++connection_, std::exchange(wire_, std::move(wire)), {}};
  if (was_away) attached.uncertain = take_uncertain();
  pool_ = hello.pool;
  deployed_version_ = hello.version;
  protocol_ = hello.protocol;
  stopping_ = false;
  heard_at_ = ports_.clock.monotonic();
  last_ping_ts_ = ports_.clock.now_ms();
  wire_->send(init);
  auto commands = unconfirmed_commands();
  if (!commands.empty()) wire_->send(envoyproto::ToEnvoyCommands{std::move(commands)});
  return attached;
}

bool EnvoyProcess::detach(std::uint64_t connection) {
  const std::lock_guard lock(mutex_);
  if (connection != connection_ || !wire_) return false;
  wire_ = nullptr;
  left_at_ = ports_.clock.monotonic();
  return true;
}

std::vector<EnvoyProcess::ActorPtr> EnvoyProcess::take_uncertain() {
  // An envoy that was away for the whole threshold has ended all its actors by itself, by its own clock.
  const auto away = ports_.clock.monotonic() - left_at_;
  const bool too_long = away > settings_.lost_threshold / 2;
  std::vector<ActorPtr> uncertain;
  for (auto& [id, found] : actors_) {
    const bool adopted = std::exchange(found.adopted, false);
    const bool told = found.unconfirmed.empty() || found.unconfirmed.front().sent != 0;
    if ((too_long || adopted || found.stop_ordered) && told) uncertain.push_back(found.actor);
  }
  return uncertain;
}

void EnvoyProcess::ping() {
  const std::int64_t now_ms = ports_.clock.now_ms();
  send(envoyproto::ToEnvoyPing{now_ms});
}

void EnvoyProcess::pong(std::int64_t sent_ms) {
  const std::int64_t now_ms = ports_.clock.now_ms();
  const std::lock_guard lock(mutex_);
  heard_at_ = ports_.clock.monotonic();
  last_ping_ts_ = now_ms;
  constexpr std::uint32_t kMax = std::numeric_limits<std::uint32_t>::max();
  const bool plausible = sent_ms <= now_ms && sent_ms >= 0 && now_ms - sent_ms < kMax;
  last_rtt_ms_ = plausible ? static_cast<std::uint32_t>(now_ms - sent_ms) : kMax;
}

std::chrono::nanoseconds EnvoyProcess::silence() const {
  const std::lock_guard lock(mutex_);
  return ports_.clock.monotonic() - heard_at_;
}

void EnvoyProcess::excuse(std::chrono::nanoseconds time) {
  const std::lock_guard lock(mutex_);
  // A pong may have come since.
  heard_at_ = std::min(heard_at_ + time, ports_.clock.monotonic());
}

// -- what is known of it -----------------------------------------------------------------------------------------

std::string EnvoyProcess::pool() const {
  const std::lock_guard lock(mutex_);
  return pool_;
}

std::uint32_t EnvoyProcess::deployed_version() const {
  const std::lock_guard lock(mutex_);
  return deployed_version_;
}

bool EnvoyProcess::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void EnvoyProcess::set_stopping() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
}

std::int64_t EnvoyProcess::last_ping_ts() const {
  const std::lock_guard lock(mutex_);
  return last_ping_ts_;
}

std::uint32_t EnvoyProcess::last_rtt_ms() const {
  const std::lock_guard lock(mutex_);
  return last_rtt_ms_;
}

std::optional<std::string> EnvoyProcess::metadata() const {
  const std::lock_guard lock(mutex_);
  return metadata_;
}

void EnvoyProcess::set_metadata(std::string json) {
  const std::lock_guard lock(mutex_);
  metadata_ = std::move(json);
}

std::size_t EnvoyProcess::actor_count() const {
  const std::lock_guard lock(mutex_);
  return actors_.size();
}

std::vector<EnvoyProcess::ActorPtr> EnvoyProcess::actors() const {
  const std::lock_guard lock(mutex_);
  std::vector<ActorPtr> all;
  all.reserve(actors_.size());
  for (const auto& [id, hosted] : actors_) all.push_back(hosted.actor);
  return all;
}

EnvoyProcess::ActorPtr EnvoyProcess::find(const ActorId& id, std::uint32_t generation) const {
  const std::lock_guard lock(mutex_);
  const auto it = actors_.find(id);
  if (it == actors_.end() || it->second.actor->record.generation != generation) return nullptr;
  return it->second.actor;
}

void EnvoyProcess::let_go() {
  // Outside the lock: an actor refers to its process.
  decltype(actors_) left;
  const std::lock_guard lock(mutex_);
  left.swap(actors_);
}

bool EnvoyProcess::idle() const {
  const std::lock_guard lock(mutex_);
  return !wire_ && actors_.empty() && fences_.empty();
}

// -- events -----------------------------------------------------------------------------------------

bool EnvoyProcess::take_event(const EnvoyActor& actor, std::int64_t index, const envoyproto::Event& event) {
  const std::lock_guard lock(mutex_);
  Hosted* found = hosted(actor.record.id, actor.record.generation);
  if (!found) return false;
  const bool is_alarm = std::holds_alternative<envoyproto::EventActorSetAlarm>(event);
  if (index <= (is_alarm ? found->last_alarm : found->last_event)) return false;
  found->last_event = std::max(found->last_event, index);
  if (is_alarm) found->last_alarm = index;
  // Who tells of the actor has been told to start it.
  std::erase_if(found->unconfirmed, [](const Command& command) {
    return std::holds_alternative<envoyproto::CommandStartActor>(command.inner);
  });
  return true;
}

bool EnvoyProcess::remove(const EnvoyActor& actor) {
  const std::lock_guard lock(mutex_);
  if (!hosted(actor.record.id, actor.record.generation)) return false;
  actors_.erase(actor.record.id);
  return true;
}

EnvoyProcess::Hosted* EnvoyProcess::hosted(const ActorId& id, std::uint32_t generation) {
  const auto it = actors_.find(id);
  if (it == actors_.end() || it->second.actor->record.generation != generation) return nullptr;
  return &it->second;
}

}  // namespace troupe
