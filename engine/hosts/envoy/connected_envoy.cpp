#include "engine/hosts/envoy/connected_envoy.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <map>
#include <utility>

#include "engine/base/codec/json.h"
#include "engine/base/errors.h"

namespace troupe {
namespace {

constexpr std::string_view kKvLane = "kv/", kSqliteLane = "db/";

/// Malformed text where an actor id belongs.
Error bad_actor_id() { return make_error("core", "internal_error", std::nullopt, "actor id from an envoy"); }

}  // namespace

ConnectedEnvoy::ConnectedEnvoy(std::shared_ptr<EnvoyHostImpl> host, std::shared_ptr<EnvoyProcess> process,
                               std::shared_ptr<EnvoyWire> wire, std::string namespace_name, std::uint64_t number)
    : host_(std::move(host)),
      process_(std::move(process)),
      wire_(std::move(wire)),
      peer_(host_->parts().store->connect(process_->namespace_id, std::move(namespace_name))),
      requests_(std::make_shared<EnvoyRequests>(host_->parts().ports.io, host_->parts().settings.requests_max)),
      rate_(host_->parts().settings.rate_limit_requests, host_->parts().settings.rate_limit_drip),
      number_(number) {}

void ConnectedEnvoy::closed(bool goodbye) {
  cut_storage();
  host_->session_closed(*this, goodbye);
}

void ConnectedEnvoy::cut_storage() {
  requests_->drop_waiting();
  host_->parts().store->disconnect(peer_);
}

Task<void> ConnectedEnvoy::go_away(Millis limit) {
  auto self = shared_from_this();
  const auto step = Millis(5);
  const Executor executor = co_await boost::asio::this_coro::executor;
  for (Millis waited{0}; waited < limit && requests_->pending() > 0; waited += step)
    co_await wait_for(host_->parts().ports.timers, executor, step);
  wire_->close(make_error("ws", "going_away"));
}

Task<Result<void>> ConnectedEnvoy::receive(envoyproto::ToRivet message) {
  auto self = shared_from_this();
  const auto wait = rate_.take(host_->parts().ports.clock.monotonic());
  if (wait > std::chrono::nanoseconds::zero()) {
    const Executor executor = co_await boost::asio::this_coro::executor;
    co_await wait_for(host_->parts().ports.timers, executor, std::chrono::ceil<Millis>(wait));
  }
  auto dispatch = [self](auto&& one) { return self->handle(std::forward<decltype(one)>(one)); };
  co_return co_await std::visit(std::move(dispatch), std::move(message));
}

// -- what it is -----------------------------------------------------------------------------------------

Task<Result<void>> ConnectedEnvoy::handle(envoyproto::ToRivetMetadata message) {
  constexpr std::size_t kMetadataBytesMax = 64 * 1024;
  if (message.metadata && message.metadata->size() <= kMetadataBytesMax) {
    const auto parsed = parse_json(*message.metadata);
    if (parsed && parsed->is_object()) process_->set_metadata(std::move(*message.metadata));
  }
  if (!message.prepopulate_actor_names) co_return Result<void>();
  std::map<std::string, std::string> names;
  for (auto& [name, described] : *message.prepopulate_actor_names) {
    const auto parsed = parse_json(described.metadata);
    names[name] = parsed && parsed->is_object() ? std::move(described.metadata) : "{}";
  }
  // A name that could not be written is announced again by the next connection.
  (void)co_await host_->parts().names.announce(process_->namespace_id, std::move(names));
  co_return Result<void>();
}

Task<Result<void>> ConnectedEnvoy::handle(envoyproto::ToRivetPong message) {
  if (process_->connection() == connection_) process_->pong(message.ts);
  co_return Result<void>();
}

Task<Result<void>> ConnectedEnvoy::handle(envoyproto::ToRivetStopping) {
  if (process_->connection() == connection_) host_->begin_eviction(process_);
  co_return Result<void>();
}

// -- actors -----------------------------------------------------------------------------------------

Task<Result<void>> ConnectedEnvoy::handle(envoyproto::ToRivetEvents message) {
  // The last event of each generation, to be acknowledged once all of them are carried out.
  struct Told {
    std::shared_ptr<EnvoyActor> actor;
    envoyproto::ActorCheckpoint last;
  };
  std::map<std::pair<std::string, std::uint32_t>, Told> told;
  for (envoyproto::EventWrapper& event : message.events) {
    const auto id = Id::parse(event.checkpoint.actor_id);
    if (!id) co_return bad_actor_id();
    const std::uint32_t generation = event.checkpoint.generation;
    auto actor = process_->find(*id, generation);
    if (!actor) actor = host_->bind_unbound(process_, *id, generation);
    if (!actor) {
      co_await look_into_unknown(*id, generation, std::move(event.inner));
      continue;
    }
    const std::int64_t index = event.checkpoint.index;
    auto& entry = told[{event.checkpoint.actor_id, generation}];
    entry.actor = actor;
    if (entry.last.actor_id.empty() || index > entry.last.index) entry.last = std::move(event.checkpoint);
    if (process_->take_event(*actor, index, event.inner)) take_event(actor, event.inner);
  }
  for (auto& [key, entry] : told) {
    auto acknowledge = [process = process_, last = std::move(entry.last)] {
      process->send(envoyproto::ToEnvoyAckEvents{{last}});
    };
    entry.actor->events->when_settled(std::move(acknowledge));
  }
  co_return Result<void>();
}

void ConnectedEnvoy::take_event(const std::shared_ptr<EnvoyActor>& actor, const envoyproto::Event& event) {
  if (const auto* intent = std::get_if<envoyproto::EventActorIntent>(&event)) {
    if (std::holds_alternative<envoyproto::ActorIntentSleep>(intent->intent))
      actor->events->sleep_intent();
    else
      actor->events->destroy_intent();
  } else if (const auto* alarm = std::get_if<envoyproto::EventActorSetAlarm>(&event)) {
    actor->events->alarm(alarm->alarm_ts);
  } else if (const auto* update = std::get_if<envoyproto::EventActorStateUpdate>(&event)) {
    const auto* stopped = std::get_if<envoyproto::ActorStateStopped>(&update->state);
    if (!stopped) return actor->events->running_at(process_->key());
    process_->remove(*actor);
    actor->finish();
    std::optional<std::string> failure;
    if (stopped->code == envoyproto::StopCode::error) failure = stopped->message.value_or("");
    actor->events->stopped(std::move(failure));
  }
}

// An old instance that has come back after the engine gave it up has to end.
Task<void> ConnectedEnvoy::look_into_unknown(ActorId id, std::uint32_t generation, envoyproto::Event event) {
  const auto* update = std::get_if<envoyproto::EventActorStateUpdate>(&event);
  if (!update || !std::holds_alternative<envoyproto::ActorStateRunning>(update->state)) co_return;
  auto record = co_await host_->parts().directory.find(id);
  if (!record || !*record || (*record)->namespace_id != process_->namespace_id) co_return;
  if ((*record)->generation >= generation) process_->refuse(id, generation);
}

Task<Result<void>> ConnectedEnvoy::handle(envoyproto::ToRivetAckCommands message) {
  for (const auto& checkpoint : message.last_command_checkpoints) {
    const auto id = Id::parse(checkpoint.actor_id);
    if (!id) co_return bad_actor_id();
    process_->commands_received(*id, checkpoint.generation, checkpoint.index);
  }
  co_return Result<void>();
}

Task<Result<void>> ConnectedEnvoy::handle(envoyproto::ToRivetTunnelMessage message) {
  host_->parts().tunnel->receive(process_, std::move(message));
  co_return Result<void>();
}

// -- storage -----------------------------------------------------------------------------------------

Task<void> ConnectedEnvoy::answer(envoyproto::ToEnvoy response) {
  // Answers wait for an envoy that reads slowly; what they keep waiting is what it asked for.
  co_await wire_->wait_drained();
  wire_->send(response);
}

Task<Result<void>> ConnectedEnvoy::handle(envoyproto::ToRivetKvRequest message) {
  std::string lane = std::string(kKvLane) + message.actor_id;
  auto request = std::make_shared<envoyproto::ToRivetKvRequest>(std::move(message));
  auto work = [self = shared_from_this(), request]() -> Task<void> {
    auto data = co_await self->host_->parts().store->handle(self->peer_, std::move(request->actor_id),
                                                            std::move(request->data));
    envoyproto::ToEnvoy response = envoyproto::ToEnvoyKvResponse{request->request_id, std::move(data)};
    co_await self->answer(std::move(response));
  };
  co_await requests_->add(std::move(lane), std::move(work));
  co_return Result<void>();
}

template <class Data>
Task<Result<void>> ConnectedEnvoy::handle(envoyproto::Numbered<Data> message) {
  std::string lane = std::string(kSqliteLane) + message.data.actor_id;
  auto request = std::make_shared<envoyproto::Numbered<Data>>(std::move(message));
  auto work = [self = shared_from_this(), request]() -> Task<void> {
    auto data = co_await self->host_->parts().store->handle(self->peer_, std::move(request->data));
    envoyproto::ToEnvoy response = envoyproto::Numbered<decltype(data)>{request->request_id, std::move(data)};
    co_await self->answer(std::move(response));
  };
  co_await requests_->add(std::move(lane), std::move(work));
  co_return Result<void>();
}

}  // namespace troupe
