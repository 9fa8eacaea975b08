#include "tests/sim/sim_envoy_link.h"

#include <boost/asio/co_spawn.hpp>
#include <utility>

#include "engine/envoyproto/decode.h"
#include "engine/envoyproto/encode.h"

namespace troupe::sim {
namespace {

using namespace envoyproto;

constexpr std::int64_t kLatencyMsMax = 12;
/// How soon a broken connection is noticed, and how late one that just went silent.
constexpr std::int64_t kNoticeMsMax = 60, kSilentMsMax = 3'000;

/// When the next message of a direction arrives.
Millis next_arrival(std::chrono::nanoseconds now, std::chrono::nanoseconds& last, Millis latency) {
  last = std::max(last, now + latency);
  return std::chrono::ceil<Millis>(last - now);
}

}  // namespace

SimLink::SimLink(EnvoyWorld& world, std::shared_ptr<LinkEnd> envoy, Version version)
    : world_(world), envoy_(std::move(envoy)), version_(version) {}

Result<void> SimLink::open(EnvoyHello hello) {
  auto session = world_.life->engine().envoy_gate()->connect(std::move(hello), shared_from_this());
  if (!session) return session.error();
  session_ = *std::move(session);
  world_.links.push_back(weak_from_this());
  return {};
}

bool SimLink::send(const ToEnvoy& message) {
  if (closed_by_engine_ || over_) return false;
  if (broken_ || !world_.engine_lives()) return true;
  auto frame = encode(version_, message);
  if (!frame) return true;
  const Millis delay = next_arrival(world_.agenda.now(), to_envoy_at_, world_.some_time(0, kLatencyMsMax));
  envoy_->run_after(delay, [self = shared_from_this(), frame = *std::move(frame)] { self->deliver_to_envoy(frame); });
  return true;
}

void SimLink::close(Error why) {
  if (std::exchange(closed_by_engine_, true)) return;
  const Millis delay = next_arrival(world_.agenda.now(), to_envoy_at_, Millis(1));
  envoy_->run_after(delay, [self = shared_from_this(), reason = why.id()] {
    if (!std::exchange(self->broken_, true)) self->envoy_->lost(*self, reason);
  });
  arrived_.clear();
  over_ = true;
  world_.agenda.after(Millis(0), [self = shared_from_this()] { self->pump(); });
}

void SimLink::say(const ToRivet& message) {
  if (broken_ || over_) return;
  auto frame = encode(version_, message);
  if (!frame) return;
  const Millis delay = next_arrival(world_.agenda.now(), to_engine_at_, world_.some_time(0, kLatencyMsMax));
  world_.agenda.after(delay,
                      [self = shared_from_this(), frame = *std::move(frame)] { self->deliver_to_engine(frame); });
}

void SimLink::hang_up() {
  const Millis delay = next_arrival(world_.agenda.now(), to_engine_at_, Millis(1));
  world_.agenda.after(delay, [self = shared_from_this()] {
    if (std::exchange(self->broken_, true)) return;
    self->over_ = self->goodbye_ = true;
    self->pump();
  });
}

void SimLink::tear() {
  if (std::exchange(broken_, true)) return;
  world_.agenda.after(world_.some_time(0, kNoticeMsMax), [self = shared_from_this()] {
    self->over_ = true;
    self->pump();
  });
  envoy_->run_after(world_.some_time(0, kNoticeMsMax), [self = shared_from_this()] { self->envoy_->lost(*self, ""); });
}

void SimLink::vanish() {
  if (std::exchange(broken_, true)) return;
  envoy_->run_after(world_.some_time(0, kSilentMsMax), [self = shared_from_this()] { self->envoy_->lost(*self, ""); });
}

void SimLink::cut() {
  if (!std::exchange(broken_, true))
    envoy_->run_after(world_.some_time(0, kNoticeMsMax),
                      [self = shared_from_this()] { self->envoy_->lost(*self, ""); });
  arrived_.clear();
  over_ = true;
  pump();
}

bool SimLink::breaks_over(const std::function<void()>& deliver) {
  if (world_.random.below(1000) >= world_.faults.tears_per_mille) return false;
  if (world_.random.chance(50)) deliver();
  tear();
  return true;
}

void SimLink::deliver_to_envoy(const Bytes& frame) {
  if (broken_) return;
  auto deliver = [&] {
    auto message = decode_to_envoy(version_, frame);
    if (!message || is_kept_back(*message)) return;
    const bool twice = world_.defects.repeats_requests && std::holds_alternative<ToEnvoyTunnelMessage>(*message);
    if (twice) envoy_->heard(*this, *message);
    envoy_->heard(*this, *std::move(message));
  };
  if (!breaks_over(deliver)) deliver();
}

void SimLink::deliver_to_engine(const Bytes& frame) {
  if (broken_ || over_ || !world_.engine_lives()) return;
  auto deliver = [&] {
    auto message = decode_to_rivet(version_, frame);
    if (!message || is_answered_here(*message)) return;
    arrived_.push_back(*std::move(message));
    pump();
  };
  if (!breaks_over(deliver)) deliver();
}

void SimLink::pump() {
  if (receiving_ || !session_) return;
  if (arrived_.empty()) {
    if (!over_) return;
    const auto session = std::exchange(session_, nullptr);
    return session->closed(goodbye_);
  }
  receiving_ = true;
  auto message = std::move(arrived_.front());
  arrived_.pop_front();
  auto done = [self = shared_from_this()](std::exception_ptr thrown, Result<void> received) {
    if (thrown) std::rethrow_exception(thrown);
    self->receiving_ = false;
    if (!received) self->close(received.error());
    self->pump();
  };
  boost::asio::co_spawn(world_.life->world().context(), session_->receive(std::move(message)), std::move(done));
}

// -- defects -----------------------------------------------------------------------------------------

bool SimLink::is_kept_back(ToEnvoy& message) {
  auto* commands = std::get_if<ToEnvoyCommands>(&message);
  if (!world_.defects.drops_starts || !commands) return false;
  std::erase_if(commands->commands, [](const CommandWrapper& command) {
    const auto* start = std::get_if<CommandStartActor>(&command.inner);
    return start && start->config.key == "k0";
  });
  return commands->commands.empty();
}

bool SimLink::is_answered_here(const ToRivet& message) {
  auto tell = [this](ToEnvoy answer) { (void)send(answer); };
  if (const auto* events = std::get_if<ToRivetEvents>(&message); events && world_.defects.keeps_alarms) {
    for (const EventWrapper& event : events->events) {
      if (!std::holds_alternative<EventActorSetAlarm>(event.inner)) continue;
      tell(ToEnvoyAckEvents{{event.checkpoint}});
      return events->events.size() == 1;
    }
  }
  const auto& defects = world_.defects;
  if (!(defects.answers_commits || defects.answers_puts) || !world_.random.chance(10)) return false;
  if (const auto* put = std::get_if<ToRivetKvRequest>(&message);
      put && defects.answers_puts && std::holds_alternative<KvPutRequest>(put->data)) {
    tell(ToEnvoyKvResponse{put->request_id, KvPutResponse{}});
    return true;
  }
  if (const auto* commit = std::get_if<ToRivetSqliteCommitRequest>(&message); commit && defects.answers_commits) {
    const auto head = commit->data.expected_head_txid.value_or(1);
    tell(ToEnvoySqliteCommitResponse{commit->request_id, SqliteCommitOk{head + 1}});
    return true;
  }
  return false;
}

}  // namespace troupe::sim
