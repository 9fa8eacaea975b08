#include <algorithm>
#include <tuple>
#include <utility>

#include "engine/hosts/envoy/envoy_process.h"

/// What an envoy is told to do. A command is kept until it is confirmed and sent again over each new connection, never
/// twice over the same: an envoy forgets what it has confirmed and would do it again.
namespace troupe {
namespace {

using envoyproto::ActorCheckpoint;
using envoyproto::CommandStartActor;
using envoyproto::CommandStopActor;
using envoyproto::CommandWrapper;
using envoyproto::StopActorReason;

/// A start, a stop, and that the actor is lost: no generation is told more.
constexpr std::int64_t kStartIndex = 1, kLastIndex = 3;

CommandWrapper wrap(const ActorId& id, std::uint32_t generation, std::int64_t index, envoyproto::Command inner) {
  return {ActorCheckpoint{id.text(), generation, index}, std::move(inner)};
}

StopActorReason reason_for(ActorPhase phase) {
  switch (phase) {
    case ActorPhase::sleep_intent:
      return StopActorReason::sleep_intent;
    case ActorPhase::stop_intent:
      return StopActorReason::stop_intent;
    case ActorPhase::destroying:
      return StopActorReason::destroy;
    default:
      return StopActorReason::going_away;
  }
}

}  // namespace

void EnvoyProcess::deliver(const EnvoyActor& actor, Command& command) {
  if (!wire_) return;
  envoyproto::ToEnvoyCommands message;
  message.commands.push_back(wrap(actor.record.id, actor.record.generation, command.index, command.inner));
  if (wire_->send(message)) command.sent = connection_;
}

void EnvoyProcess::order_start(const ActorPtr& actor, std::vector<envoyproto::HibernatingRequest> hibernating) {
  CommandStartActor start;
  start.config.name = actor->record.name;
  start.config.key = actor->record.key;
  start.config.create_ts = ports_.clock.now_ms();
  start.config.input = actor->record.input;
  start.hibernating_requests = std::move(hibernating);

  const std::lock_guard lock(mutex_);
  Hosted& added = actors_[actor->record.id];
  added = Hosted();
  added.actor = actor;
  added.last_command = kStartIndex;
  added.unconfirmed.push_back({kStartIndex, std::move(start)});
  deliver(*actor, added.unconfirmed.back());
}

void EnvoyProcess::add_unasked(const ActorPtr& actor) {
  const std::lock_guard lock(mutex_);
  Hosted& added = actors_[actor->record.id];
  added = Hosted();
  added.actor = actor;
}

void EnvoyProcess::adopt(const ActorPtr& actor) {
  const ActorHosting& hosting = *actor->record.hosting;
  if (hosting.phase == ActorPhase::starting && !hosting.start_received) return order_start(actor, {});
  add_unasked(actor);
  const std::lock_guard lock(mutex_);
  Hosted& adopted = actors_[actor->record.id];
  adopted.last_command = kStartIndex;
  adopted.adopted = true;
  if (hosting.phase <= ActorPhase::running) return;
  adopted.stop_ordered = true;
  adopted.last_command = kStartIndex + 1;
  adopted.unconfirmed.push_back({adopted.last_command, CommandStopActor{reason_for(hosting.phase)}, 0});
}

void EnvoyProcess::order_stop(const EnvoyActor& actor, StopActorReason reason) {
  const std::lock_guard lock(mutex_);
  Hosted* found = hosted(actor.record.id, actor.record.generation);
  if (!found) return;
  found->stop_ordered = true;
  found->unconfirmed.push_back({++found->last_command, CommandStopActor{reason}});
  deliver(actor, found->unconfirmed.back());
}

void EnvoyProcess::give_up(const EnvoyActor& actor) {
  const std::lock_guard lock(mutex_);
  Hosted* found = hosted(actor.record.id, actor.record.generation);
  if (!found) return;
  const bool known_there = found->last_command == 0 || found->unconfirmed.empty() ||
                           found->unconfirmed.front().index != kStartIndex || found->unconfirmed.front().sent != 0;
  const std::int64_t index = found->last_command + 1;
  actors_.erase(actor.record.id);
  // It has never heard of a generation whose start was not sent.
  if (known_there) fence(actor.record.id, actor.record.generation, index);
}

void EnvoyProcess::refuse(const ActorId& id, std::uint32_t generation) {
  const std::lock_guard lock(mutex_);
  if (!hosted(id, generation)) fence(id, generation, kLastIndex);
}

void EnvoyProcess::fence(const ActorId& id, std::uint32_t generation, std::int64_t index) {
  if (fences_.size() >= settings_.fences_max) return;
  const auto [it, added] = fences_.try_emplace(FenceKey{id.text(), generation}, Fence{index, 0});
  if (!added || !wire_) return;
  envoyproto::ToEnvoyCommands message;
  message.commands.push_back(wrap(id, generation, index, CommandStopActor{StopActorReason::lost}));
  if (wire_->send(message)) it->second.sent = connection_;
}

std::vector<CommandWrapper> EnvoyProcess::unconfirmed_commands() {
  std::vector<CommandWrapper> all;
  for (auto& [id, found] : actors_) {
    for (Command& command : found.unconfirmed) {
      all.push_back(wrap(id, found.actor->record.generation, command.index, command.inner));
      command.sent = connection_;
    }
  }
  for (auto& [key, fence] : fences_) {
    all.push_back({ActorCheckpoint{key.first, key.second, fence.index}, CommandStopActor{StopActorReason::lost}});
    fence.sent = connection_;
  }
  const auto order = [](const CommandWrapper& command) {
    return std::tie(command.checkpoint.actor_id, command.checkpoint.generation, command.checkpoint.index);
  };
  std::ranges::sort(all, [&](const auto& a, const auto& b) { return order(a) < order(b); });
  return all;
}

void EnvoyProcess::commands_received(const ActorId& id, std::uint32_t generation, std::int64_t index) {
  ActorPtr started;
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = fences_.find(FenceKey{id.text(), generation}); it != fences_.end() && it->second.index <= index)
      fences_.erase(it);
    Hosted* found = hosted(id, generation);
    if (!found) return;
    const bool start = !found->unconfirmed.empty() && found->unconfirmed.front().index == kStartIndex;
    std::erase_if(found->unconfirmed, [index](const Command& command) { return command.index <= index; });
    if (start && index >= kStartIndex) started = found->actor;
  }
  if (started) started->events->start_received();
}

void EnvoyProcess::forget_fences() {
  const std::lock_guard lock(mutex_);
  fences_.clear();
}

}  // namespace troupe
