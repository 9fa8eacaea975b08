#include "tests/sim/sim_envoy.h"

#include <algorithm>
#include <utility>

namespace troupe::sim {
namespace {

using namespace envoyproto;

/// Between attempts to connect: base · 2^n.
constexpr std::int64_t kBackoffMs = 50;
constexpr int kBackoffExponentMax = 4;
/// How long a request whose connection is gone may go unanswered.
constexpr std::int64_t kUnknownMsMax = 1'000;

}  // namespace

SimEnvoy::SimEnvoy(EnvoyWorld& world, std::string key, Version version, Started started)
    : world_(world), key_(std::move(key)), version_(version), started_(std::move(started)) {}

// -- the process -----------------------------------------------------------------------------------------

void SimEnvoy::run_after(Millis delay, std::function<void()> work) {
  world_.agenda.after(delay, [self = shared_from_this(), work = std::move(work)]() mutable {
    if (!self->alive_) return;
    if (self->paused_) return self->held_.push_back(std::move(work));
    work();
  });
}

void SimEnvoy::pause() {
  world_.note(key_ + " stands still");
  paused_ = true;
}

void SimEnvoy::resume() {
  if (!std::exchange(paused_, false)) return;
  world_.note(key_ + " goes on");
  for (auto& work : std::exchange(held_, {})) {
    if (alive_) work();
  }
}

void SimEnvoy::die() {
  if (!std::exchange(alive_, false)) return;
  world_.note(key_ + " dies with " + std::to_string(actors_.size()) + " actors");
  if (const auto link = std::exchange(link_, nullptr)) link->tear();
  for (const auto& [id, actor] : actors_) actor->drop();
  actors_.clear();
  kv_.clear();
  reads_.clear();
  commits_.clear();
  held_.clear();
}

void SimEnvoy::stop_in_order() {
  if (!link_ || busy()) return;
  world_.note(key_ + " stops");
  stopping_ = true;
  say(ToRivetStopping{});
  end_if_done();
}

void SimEnvoy::end_if_done() {
  if (!stopping_ || !actors_.empty() || !link_) return;
  world_.note(key_ + " ends");
  link_->hang_up();
  link_ = nullptr;
  alive_ = false;
}

// -- connections -----------------------------------------------------------------------------------------

void SimEnvoy::connect_later(Millis delay) {
  run_after(delay, [this] { connect(); });
}

void SimEnvoy::connect() {
  if (link_ || !alive_) return;
  if (!world_.engine_lives() || !world_.life->engine().envoy_gate()) return connect_later(Millis(kBackoffMs));
  link_ = std::make_shared<SimLink>(world_, shared_from_this(), version_);
  if (!link_->open({"default", "apps", key_, 1, version_})) {
    link_ = nullptr;
    const int exponent = std::min(attempts_++, kBackoffExponentMax);
    return connect_later(Millis(kBackoffMs << exponent));
  }
  attempts_ = 0;
  world_.note(key_ + " connects");
  say(ToRivetMetadata{{}, "{}"});
  if (stopping_) say(ToRivetStopping{});
}

void SimEnvoy::lost(SimLink& link, const std::string& reason) {
  if (&link != link_.get()) return;
  world_.note(key_ + " is cut off " + reason);
  link_ = nullptr;
  // Evicted: somebody else has taken its place.
  if (reason == "ws.eviction") return die();
  auto forget = [this](auto& waiting) {
    for (auto& [id, then] : std::exchange(waiting, {}))
      run_after(world_.some_time(0, kUnknownMsMax), [then = std::move(then)] { then(nullptr); });
  };
  forget(kv_);
  forget(reads_);
  forget(commits_);
  bodies_.clear();
  const auto since = away_since_ = world_.agenda.now();
  run_after(lost_threshold_, [this, since] { give_up_if_away(since); });
  connect_later(world_.random.chance(80) ? world_.some_time(20, 500) : world_.some_time(500, 4'000));
}

void SimEnvoy::give_up_if_away(std::chrono::nanoseconds since) {
  if (link_ || away_since_ != since) return;
  world_.note(key_ + " gives " + std::to_string(actors_.size()) + " actors up");
  for (const auto& [id, actor] : std::exchange(actors_, {})) {
    actor->drop();
    told_[id].over = true;
  }
}

void SimEnvoy::say(const ToRivet& message) {
  if (link_) link_->say(message);
}

void SimEnvoy::heard(SimLink& link, ToEnvoy message) {
  if (&link != link_.get()) return;
  std::visit([this](const auto& one) { on(one); }, message);
}

void SimEnvoy::on(const ToEnvoyInit& init) {
  lost_threshold_ = Millis(init.metadata.envoy_lost_threshold);
  ToRivetEvents again;
  for (const auto& [id, told] : told_)
    if (!told.over)
      for (const auto& [index, event] : told.unconfirmed) again.events.push_back({{id.first, id.second, index}, event});
  if (!again.events.empty()) say(again);
  // The last actor may have ended meanwhile.
  end_if_done();
}

// -- actors -----------------------------------------------------------------------------------------

void SimEnvoy::on(const ToEnvoyCommands& message) {
  for (const CommandWrapper& command : message.commands) {
    const Generation id{command.checkpoint.actor_id, command.checkpoint.generation};
    acknowledge(command.checkpoint);
    auto& newest = commands_[id];
    if (command.checkpoint.index <= newest) continue;
    newest = command.checkpoint.index;
    if (std::holds_alternative<CommandStartActor>(command.inner)) {
      started_(*this, command);
      start(command);
      continue;
    }
    const auto found = actors_.find(id);
    if (found == actors_.end()) continue;
    const auto reason = std::get<CommandStopActor>(command.inner).reason;
    told_[id].told_to_sleep = reason == StopActorReason::sleep_intent;
    const auto actor = found->second;
    if (reason == StopActorReason::lost)
      actor->save_and_stop();
    else
      actor->stop();
  }
}

void SimEnvoy::acknowledge(const ActorCheckpoint& command) {
  const auto confirm = [this, command] { say(ToRivetAckCommands{{command}}); };
  if (!world_.faults.odd_acks || !world_.random.chance(30)) return confirm();
  if (world_.random.chance(50)) confirm();
  run_after(world_.some_time(1, 2'000), confirm);
}

void SimEnvoy::start(const CommandWrapper& command) {
  const auto& config = std::get<CommandStartActor>(command.inner).config;
  const Generation id{command.checkpoint.actor_id, command.checkpoint.generation};
  if (actors_.contains(id)) return;
  const std::string key = config.name + "/" + config.key.value_or("");
  world_.wall_ms();
  const auto instance = world_.promises.begun(key, id.second, key_, world_.latest_wall_ms);
  auto actor = std::make_shared<SimEnvoyActor>(world_, *this, command.checkpoint, key, instance);
  actors_[id] = actor;
  told_[id] = Told();
  told_[id].key = key;
  actor->begin();
}

void SimEnvoy::tell(const SimEnvoyActor& actor, Event event) {
  const Generation id{actor.id(), actor.generation()};
  Told& told = told_[id];
  if (auto* alarm = std::get_if<EventActorSetAlarm>(&event)) {
    told.alarm_ms = alarm->alarm_ts;
    if (alarm->alarm_ts && world_.defects.hurries_wakes) alarm->alarm_ts = *alarm->alarm_ts - 1'000;
  }
  const auto index = told.next_index++;
  told.unconfirmed[index] = event;
  say(ToRivetEvents{{{{id.first, id.second, index}, std::move(event)}}});
}

void SimEnvoy::ended(const SimEnvoyActor& actor) {
  const Generation id{actor.id(), actor.generation()};
  told_[id].over = true;
  // What an ended actor was told is forgotten with it.
  commands_.erase(id);
  actors_.erase(id);
  end_if_done();
}

void SimEnvoy::on(const ToEnvoyAckEvents& message) {
  for (const ActorCheckpoint& checkpoint : message.last_event_checkpoints) {
    Told& told = told_[{checkpoint.actor_id, checkpoint.generation}];
    auto& events = told.unconfirmed;
    for (auto event = events.begin(); event != events.end() && event->first <= checkpoint.index;) {
      const auto* update = std::get_if<EventActorStateUpdate>(&event->second);
      const auto* stopped = update ? std::get_if<ActorStateStopped>(&update->state) : nullptr;
      if (stopped && stopped->code == StopCode::ok && told.told_to_sleep) {
        world_.promises.sleeps(told.key, checkpoint.generation, told.alarm_ms);
        // The engine may have turned the sleep into a move.
        if (stopping_) world_.promises.may_move(told.key);
      }
      event = events.erase(event);
    }
  }
}

// -- storage -----------------------------------------------------------------------------------------

void SimEnvoy::ask(std::string actor_id, KvRequestData data, Then<KvResponseData> then) {
  const auto id = ++last_request_;
  if (!link_) return run_after(world_.some_time(0, kUnknownMsMax), [then = std::move(then)] { then(nullptr); });
  kv_[id] = std::move(then);
  say(ToRivetKvRequest{std::move(actor_id), id, std::move(data)});
}

void SimEnvoy::ask(SqliteGetPagesRequest request, Then<SqliteGetPagesResponse> then) {
  const auto id = ++last_request_;
  if (!link_) return run_after(world_.some_time(0, kUnknownMsMax), [then = std::move(then)] { then(nullptr); });
  reads_[id] = std::move(then);
  say(ToRivetSqliteGetPagesRequest{id, std::move(request)});
}

void SimEnvoy::ask(SqliteCommitRequest request, Then<SqliteCommitResponse> then) {
  const auto id = ++last_request_;
  if (!link_) return run_after(world_.some_time(0, kUnknownMsMax), [then = std::move(then)] { then(nullptr); });
  commits_[id] = std::move(then);
  say(ToRivetSqliteCommitRequest{id, std::move(request)});
}

template <class Answer>
void SimEnvoy::settle(Waiting<Answer>& waiting, std::uint32_t id, const Answer* answer) {
  const auto found = waiting.find(id);
  if (found == waiting.end()) return;
  const auto then = std::move(found->second);
  waiting.erase(found);
  then(answer);
}

// -- requests -----------------------------------------------------------------------------------------

void SimEnvoy::on(const ToEnvoyTunnelMessage& message) {
  const ExchangeId id{message.message_id.gateway_id, message.message_id.request_id};
  if (const auto* start = std::get_if<ToEnvoyRequestStart>(&message.message_kind)) return request_begins(id, *start);
  if (const auto* chunk = std::get_if<ToEnvoyRequestChunk>(&message.message_kind)) return request_goes_on(id, *chunk);
  if (std::holds_alternative<ToEnvoyRequestAbort>(message.message_kind)) bodies_.erase(id);
}

void SimEnvoy::request_begins(const ExchangeId& id, const ToEnvoyRequestStart& start) {
  auto exchange = std::make_shared<Exchange>();
  exchange->gateway = id.first;
  exchange->request = id.second;
  exchange->path = start.path;
  exchange->streams = start.response_stream;
  exchange->actor_id = start.actor_id;
  for (const auto& [generation, actor] : actors_)
    if (generation.first == start.actor_id && generation.second == start.actor_generation.value_or(generation.second))
      exchange->generation = generation.second;
  if (exchange->generation == 0) {
    ToRivetResponseStart missing;
    missing.status = 503;
    missing.headers.emplace_back("x-rivet-error", "envoy.actor_not_found");
    missing.body = to_bytes("Actor not found");
    return answer(*exchange, std::move(missing));
  }
  if (start.path == "/health") return answer(*exchange, ToRivetResponseStart{200, {}, Bytes(), false});
  exchange->body_bytes = start.body ? start.body->size() : 0;
  if (!start.stream) {
    const auto actor = actors_[{exchange->actor_id, exchange->generation}];
    return actor->request(std::move(exchange));
  }
  bodies_[id] = std::move(exchange);
}

void SimEnvoy::request_goes_on(const ExchangeId& id, const ToEnvoyRequestChunk& chunk) {
  const auto found = bodies_.find(id);
  if (found == bodies_.end()) return;
  const auto exchange = found->second;
  exchange->body_bytes += chunk.body.size();
  if (!chunk.finish) {
    answer(*exchange, ToRivetRequestBodyWindowUpdate{exchange->body_bytes});
    ++exchange->next_index;
    return;
  }
  bodies_.erase(found);
  const auto actor = actors_.find({exchange->actor_id, exchange->generation});
  if (actor != actors_.end()) actor->second->request(exchange);
}

void SimEnvoy::answer(const Exchange& exchange, ToRivetTunnelMessageKind kind) {
  say(ToRivetTunnelMessage{{exchange.gateway, exchange.request, exchange.next_index}, std::move(kind)});
}

}  // namespace troupe::sim
